"""Augmented batches against torchvision's transforms, called by hand on pixels in [0, 1]."""

import random
import re

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from evolution.data.network_input import network_input
from evolution.errors import UserError
from evolution.models.seeding import seed_all
from evolution.training.augmentation import Augmentation, check_augmentation

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    # torchvision says of JPEG that another package will have it.
    pytest.mark.filterwarnings("ignore:The image decoding and encoding capabilities:DeprecationWarning"),
]

CLASSES = 5
MEAN, STD = np.array([0.4, 0.5, 0.3], np.float32), np.array([0.2, 0.25, 0.3], np.float32)
LABELS = torch.tensor([0, 4, 1, 1, 2, 3])


@pytest.fixture
def raw():
    """Six images as bytes: uint8 (6, 3, 12, 10)."""
    return np.random.default_rng(5).integers(0, 256, (6, 3, 12, 10), dtype=np.uint8)


@pytest.fixture
def images(raw):
    """The images as the network takes them."""
    return torch.from_numpy(network_input(raw, MEAN, STD))


@pytest.fixture
def pixels(raw):
    """The images in [0, 1]."""
    return torch.from_numpy(raw).float() / 255


def augment(transforms, images, labels=LABELS, seed=3):
    return Augmentation(transforms, mean=MEAN, std=STD, classes=CLASSES)(images, labels, seed=seed)


def in_pixels(images):
    return images * torch.from_numpy(STD)[:, None, None] + torch.from_numpy(MEAN)[:, None, None]


def by_hand(transform, images, seed=3):
    """A transform of torchvision on one image after another."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.stack([transform(image) for image in images])


SINGLE = {
    "a name": (["RandomHorizontalFlip"], v2.RandomHorizontalFlip()),
    "arguments": ([{"RandomCrop": {"size": [12, 10], "padding": 2}}], v2.RandomCrop((12, 10), padding=2)),
    "no arguments": ([{"RandomVerticalFlip": None}], v2.RandomVerticalFlip()),
    "several": (
        [{"RandomCrop": {"size": [12, 10], "padding": 2}}, "RandomHorizontalFlip", {"RandomErasing": {"p": 0.5}}],
        v2.Compose([v2.RandomCrop((12, 10), padding=2), v2.RandomHorizontalFlip(), v2.RandomErasing(p=0.5)]),
    ),
    "colours": ([{"ColorJitter": {"brightness": 0.4, "hue": [-0.1, 0.2]}}], v2.ColorJitter(0.4, hue=(-0.1, 0.2))),
    "back to the shape": (
        [{"Resize": {"size": [20, 20]}}, {"RandomResizedCrop": {"size": [12, 10], "interpolation": "bicubic"}}],
        v2.Compose([v2.Resize((20, 20)), v2.RandomResizedCrop((12, 10), interpolation=v2.InterpolationMode.BICUBIC)]),
    ),
    "text for an enumeration": (
        [{"RandomRotation": {"degrees": 40, "interpolation": "Bilinear"}}],
        v2.RandomRotation(40, interpolation=v2.InterpolationMode.BILINEAR),
    ),
    "applied at random": (
        [{"RandomApply": {"transforms": [{"GaussianBlur": {"kernel_size": 3}}, "RandomHorizontalFlip"], "p": 0.6}}],
        v2.RandomApply([v2.GaussianBlur(3), v2.RandomHorizontalFlip()], p=0.6),
    ),
    "one of two": (
        [{"RandomChoice": {"transforms": ["RandomHorizontalFlip", {"RandomInvert": {"p": 1}}], "p": [0.2, 0.8]}}],
        v2.RandomChoice([v2.RandomHorizontalFlip(), v2.RandomInvert(p=1)], p=[0.2, 0.8]),
    ),
    "held by what is held": (
        [{"RandomOrder": {"transforms": [{"Compose": {"transforms": ["RandomHorizontalFlip"]}}, "ColorJitter"]}}],
        v2.RandomOrder([v2.Compose([v2.RandomHorizontalFlip()]), v2.ColorJitter()]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("transforms", "transform"), SINGLE.values(), ids=SINGLE)
def test_single_images_are_changed_as_by_hand(images, pixels, transforms, transform):
    changed, labels = augment(transforms, images)
    assert labels is LABELS
    assert (changed.dtype, changed.shape) == (images.dtype, images.shape)
    torch.testing.assert_close(in_pixels(changed), by_hand(transform, pixels), rtol=0, atol=1e-5)


BYTES = {
    "AutoAugment": (["AutoAugment"], v2.AutoAugment()),
    "another policy": ([{"AutoAugment": {"policy": "cifar10"}}], v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)),
    "RandAugment": ([{"RandAugment": {"num_ops": 3}}], v2.RandAugment(num_ops=3)),
    "TrivialAugmentWide": (
        [{"TrivialAugmentWide": {"interpolation": "bilinear"}}],
        v2.TrivialAugmentWide(interpolation=v2.InterpolationMode.BILINEAR),
    ),
    "AugMix": (["AugMix"], v2.AugMix()),
    "JPEG": ([{"JPEG": {"quality": [10, 50]}}], v2.JPEG((10, 50))),
    "held": ([{"RandomApply": {"transforms": ["AugMix"], "p": 0.5}}], v2.RandomApply([v2.AugMix()], p=0.5)),
}


@pytest.mark.parametrize(("transforms", "transform"), BYTES.values(), ids=BYTES)
def test_transforms_of_bytes_see_the_very_bytes(raw, images, transforms, transform):
    changed, _ = augment(transforms, images)
    expected = by_hand(transform, torch.from_numpy(raw))
    # Bytes have an exact truth, unless nothing changed an image, which then keeps the rounding of its way to [0, 1].
    torch.testing.assert_close(in_pixels(changed) * 255, expected.float(), rtol=0, atol=1e-3)
    assert not torch.equal(expected, torch.from_numpy(raw))


def test_bytes_come_back_as_the_network_takes_them(raw, images):
    changed, _ = augment([{"JPEG": {"quality": 30}}], images)
    expected = network_input(by_hand(v2.JPEG(30), torch.from_numpy(raw)).numpy(), MEAN, STD)
    assert np.array_equal(changed.numpy(), expected)


def test_bytes_of_pixels_that_another_transform_leaves_outside(images):
    """Without a limit, -1 / 255 and 256 / 255 would be bytes at the other end."""
    transforms = [{"RandomErasing": {"p": 1, "value": "random"}}, {"RandAugment": {"num_ops": 0}}]
    changed = in_pixels(augment(transforms, images)[0])
    erased = in_pixels(augment(transforms[:1], images)[0])
    assert erased.min() < -0.5 and erased.max() > 1.5
    torch.testing.assert_close(changed, erased.clamp(0, 1), rtol=0, atol=0.5 / 255 + 1e-5)


def test_images_that_nothing_changes(images):
    changed, labels = augment([], images)
    assert changed is images and labels is LABELS
    torch.testing.assert_close(augment(["Identity"], images)[0], images, rtol=0, atol=1e-6)


def test_each_image_has_its_own_draws(images):
    copies = images[:1].repeat(64, 1, 1, 1)
    changed, _ = augment([{"RandomCrop": {"size": [12, 10], "padding": 4}}], copies, torch.zeros(64, dtype=torch.int64))
    assert len({image.numpy().tobytes() for image in changed}) > 30


SEEDED = [
    [{"RandomCrop": {"size": [12, 10], "padding": 4}}],
    ["AugMix"],
    [{"GaussianNoise": {"sigma": 0.2}}],
    [{"MixUp": {"alpha": 0.5}}],
    ["RandomHorizontalFlip", "CutMix"],
]


@pytest.mark.parametrize("transforms", SEEDED, ids=str)
def test_all_draws_come_from_the_seed(images, transforms):
    first = augment(transforms, images, seed=3)
    torch.rand(5), np.random.rand(5), random.random()
    again, other = augment(transforms, images, seed=3), augment(transforms, images, seed=4)
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def global_states():
    return (
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),
        np.random.get_state()[2],
        random.getstate(),
    )


@pytest.mark.parametrize("transforms", [*SEEDED, [{"RandomCrop": {"size": 4}}]], ids=str)
def test_the_callers_generators_stay_where_they_are(images, transforms):
    """Where a transform is refused too."""
    before = global_states()
    refused = None
    try:
        augment(transforms, images)
        check_augmentation(transforms, shape=(3, 12, 10), classes=CLASSES)
    except UserError as error:
        refused = error
    assert global_states() == before
    assert (refused is not None) == (transforms == [{"RandomCrop": {"size": 4}}])


@pytest.mark.parametrize("transforms", [["RandomHorizontalFlip"], ["AugMix", "CutMix"], ["MixUp"], []], ids=str)
def test_what_is_given_is_not_changed(images, transforms):
    before = images.clone()
    augment(transforms, images)
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    "transforms", [["RandomHorizontalFlip"], [{"GaussianBlur": {"kernel_size": 3}}, "CutMix"]], ids=str
)
def test_the_memory_format_stays(images, transforms):
    plain, _ = augment(transforms, images)
    last = images.to(memory_format=torch.channels_last)
    changed, _ = augment(transforms, last)
    assert plain.stride() == images.stride()
    assert changed.stride() == last.stride()
    assert torch.equal(plain, changed)


MIXED = {
    "MixUp": ([{"MixUp": {"alpha": 0.2}}], v2.MixUp(alpha=0.2, num_classes=CLASSES)),
    "CutMix": (["CutMix"], v2.CutMix(num_classes=CLASSES)),
    "with classes": ([{"CutMix": {"num_classes": CLASSES}}], v2.CutMix(num_classes=CLASSES)),
    "both": (
        ["MixUp", "CutMix"],
        v2.Compose([v2.MixUp(num_classes=CLASSES), v2.CutMix(num_classes=CLASSES)]),
    ),
    "one of them": (
        [{"RandomChoice": {"transforms": ["MixUp", "CutMix"]}}],
        v2.RandomChoice([v2.MixUp(num_classes=CLASSES), v2.CutMix(num_classes=CLASSES)]),
    ),
}


@pytest.mark.parametrize(("transforms", "transform"), MIXED.values(), ids=MIXED)
def test_batches_are_mixed_as_by_hand(images, pixels, transforms, transform):
    for seed in range(5):
        changed, labels = augment(transforms, images, seed=seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            expected, expected_labels = transform(pixels, LABELS)
        torch.testing.assert_close(in_pixels(changed), expected, rtol=0, atol=1e-5)
        assert (labels.dtype, labels.shape) == (torch.float32, (6, CLASSES))
        torch.testing.assert_close(labels, expected_labels, rtol=0, atol=1e-6)
        torch.testing.assert_close(labels.sum(1), torch.ones(6))


def test_single_images_are_changed_before_they_are_mixed(images, pixels):
    changed, labels = augment(["RandomHorizontalFlip", "MixUp"], images)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        flipped = torch.stack([v2.RandomHorizontalFlip()(image) for image in pixels])
        expected, expected_labels = v2.MixUp(num_classes=CLASSES)(flipped, LABELS)
    torch.testing.assert_close(in_pixels(changed), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(labels, expected_labels, rtol=0, atol=1e-6)


def test_labels_are_shares_even_where_a_batch_is_not_mixed(images):
    kinds = set()
    for seed in range(20):
        changed, labels = augment([{"RandomApply": {"transforms": ["CutMix"]}}], images, seed=seed)
        assert (labels.dtype, labels.shape) == (torch.float32, (6, CLASSES))
        if torch.allclose(changed, images, rtol=0, atol=1e-6):
            assert torch.equal(labels, torch.eye(CLASSES)[LABELS])
            kinds.add("not mixed")
        else:
            kinds.add("mixed")
    assert kinds == {"mixed", "not mixed"}


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_a_batch_of_one_image(images, name):
    changed, labels = augment([name], images[:1], LABELS[1:2])
    torch.testing.assert_close(changed, images[:1], rtol=0, atol=1e-6)
    assert labels.tolist() == [[0, 0, 0, 0, 1]]
    flipped, labels = augment([{"RandomHorizontalFlip": {"p": 1}}, name], images[:1], LABELS[1:2])
    torch.testing.assert_close(flipped, images[:1].flip(-1), rtol=0, atol=1e-6)
    assert labels.tolist() == [[0, 0, 0, 0, 1]]


def test_images_of_one_channel():
    raw = np.random.default_rng(6).integers(0, 256, (4, 1, 8, 8), dtype=np.uint8)
    mean, std = np.array([0.3], np.float32), np.array([0.5], np.float32)
    images = torch.from_numpy(network_input(raw, mean, std))
    for name in ("AutoAugment", "RandAugment", "TrivialAugmentWide", "AugMix"):
        changed, _ = Augmentation([name], mean=mean, std=std, classes=2)(images, LABELS[:4], seed=1)
        expected = by_hand(getattr(v2, name)(), torch.from_numpy(raw), seed=1)
        torch.testing.assert_close((changed * 0.5 + 0.3) * 255, expected.float(), rtol=0, atol=1e-3)


def test_python_and_numpy_are_seeded_too(images, monkeypatch):
    """No transform of torchvision draws from them today."""
    drawn = []

    class Drawing(v2.Transform):
        def transform(self, image, params):
            drawn.append((random.random(), np.random.rand()))
            return image

    monkeypatch.setattr(v2, "Drawing", Drawing, raising=False)
    augment(["Drawing"], images[:1], LABELS[:1], seed=8)
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        seed_all(8)
        assert drawn == [(random.random(), np.random.rand())]
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


ORDER = r"MixUp mixes the images of a batch, and RandomInvert changes single images; put RandomInvert before MixUp"
REFUSED = {
    "a near name": (
        ["RandomHorizontlFlip"],
        r"torchvision\.transforms\.v2 has no RandomHorizontlFlip; did you mean RandomHorizontalFlip\? it has AugMix, "
        r".*, TrivialAugmentWide$",
    ),
    "the wrong case": (["randomcrop"], r".* did you mean RandomCrop\?"),
    "no near name": (["xyz"], r"torchvision\.transforms\.v2 has no xyz; it has "),
    "no transform": (["InterpolationMode"], r".* has no InterpolationMode; "),
    "the base class": (["Transform"], r"torchvision\.transforms\.v2 has no Transform; "),
    "boxes": (["RandomIoUCrop"], r"RandomIoUCrop cannot be used: it needs bounding boxes or key points"),
    "PIL": (["ToPILImage"], r"ToPILImage cannot be used: it changes the type"),
    "normalised twice": ([{"Normalize": {"mean": [0.5], "std": [0.5]}}], r"Normalize cannot be used: dataset\."),
    "several images": ([{"FiveCrop": {"size": 8}}], r"FiveCrop cannot be used: it makes several images of one$"),
    "a function": ([{"Lambda": {"lambd": "x"}}], r"Lambda cannot be used: it needs a function"),
    "an unknown argument": (
        [{"RandomCrop": {"size": [12, 10], "paddin": 4}}],
        r"paddin is no argument of RandomCrop; did you mean padding\? it takes size, padding, pad_if_needed, fill, pad",
    ),
    "arguments of none": ([{"Identity": {"p": 1}}], r"p is no argument of Identity; it takes none$"),
    "a missing argument": (["RandomCrop"], r"RandomCrop needs a value for size: \{RandomCrop: \{size: \.\.\.\}\}$"),
    "nothing held": (["RandomApply"], r"RandomApply needs a value for transforms"),
    "an empty list held": ([{"Compose": {"transforms": []}}], r"Compose with transforms=\[\]: Pass at least "),
    "one name held": ([{"Compose": {"transforms": "AugMix"}}], r"transforms are a list.* and not 'AugMix'$"),
    "a fault within": ([{"Compose": {"transforms": [{"Compose": {"transforms": ["xyz"]}}]}}], r".* has no xyz; "),
    "a value": ([{"RandomHorizontalFlip": {"p": 2}}], r"RandomHorizontalFlip with p=2: `p` should be a float"),
    "a type": ([{"RandomErasing": {"value": {"a": 1}}}], r"RandomErasing with value=\{'a': 1\}: Argument "),
    "a number to mix by": ([{"MixUp": {"alpha": -1}}], r"MixUp with alpha=-1: "),
    "text for a number": ([{"RandomRotation": {"degrees": "ten"}}], r"RandomRotation with degrees='ten': "),
    "an enumeration": (
        [{"RandomRotation": {"degrees": 9, "interpolation": "bilinar"}}],
        r"bilinar is no interpolation of RandomRotation; did you mean bilinear\? allowed: nearest, .*bicubic",
    ),
    "a policy": ([{"AutoAugment": {"policy": "mnist"}}], r"mnist is no policy of AutoAugment; allowed: imagenet, "),
    "PIL's interpolation": (
        [{"Resize": {"size": [20, 20], "interpolation": "hamming"}}], r"Resize fails on an image of 3 x 12 x 10: ",
    ),
    "channels": ([{"RandomErasing": {"p": 1, "value": [0, 1]}}], r"RandomErasing fails on an image of 3 x 12 x 10: "),
    "other classes": ([{"MixUp": {"num_classes": 9}}], r"MixUp fails on an image of 3 x 12 x 10: When "),
    "mixed too early": (["MixUp", "RandomInvert"], ORDER),
    "held and mixed too early": (
        [{"RandomChoice": {"transforms": ["MixUp", "CutMix"]}}, "RandomInvert"],
        ORDER.replace("MixUp", "RandomChoice"),
    ),
    "two kinds held": (
        [{"Compose": {"transforms": ["RandomInvert", "CutMix"]}}],
        r"Compose holds CutMix, which mixes .*, and RandomInvert, which changes single images; it can hold one kind",
    ),
    "another size": (
        [{"RandomCrop": {"size": 8}}],
        r"after RandomCrop an image has the shape 3 x 8 x 8 \(channels, height, width\), and the network takes "
        r"3 x 12 x 10; choose a size of \[12, 10\] there, or put \{Resize: \{size: \[12, 10\]\}\} after it$",
    ),
    "the last that changes a size": (
        [{"Pad": {"padding": 2}}, {"CenterCrop": {"size": 8}}, "RandomInvert"],
        r"after CenterCrop an image .* 3 x 8 x 8 ",
    ),
    "other channels": (["Grayscale"], r"after Grayscale an image has the shape 1 x 12 x 10 .* takes 3 x 12 x 10$"),
    "not finite": ([{"RandomErasing": {"p": 1, "value": float("nan")}}], r"pixels are not finite after RandomErasing$"),
    "no list": ("AugMix", r"transforms are a list, as in \[RandomHorizontalFlip\], and not 'AugMix'$"),
    "a mapping": ({"AugMix": {}}, r"transforms are a list"),
    "two names in an entry": ([{"RandomCrop": None, "size": 28}], r"an entry is the name of a transform, or one name"),
    "an empty entry": ([{}], r"an entry is the name of a transform, .* not \{\}$"),
    "a number": ([3], r"an entry is .*\{RandomCrop: \{size: 28, padding: 4\}\}, and not 3$"),
    "an argument without a name": ([{"RandomCrop": 28}], r"name the arguments of RandomCrop, as in "),
}  # fmt: skip


@pytest.mark.parametrize(("transforms", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_before_the_jobs(transforms, problem):
    with pytest.raises(UserError) as error:
        check_augmentation(transforms, shape=(3, 12, 10), classes=CLASSES)
    assert error.value.key == "training.augmentation"
    assert re.match(problem, error.value.problem), error.value.problem
    assert "\n" not in str(error.value)


def test_a_model_that_was_compiled_before_hides_no_fault():
    """torch then no longer checks the parameters of its distributions by itself."""
    distribution = torch.distributions.Distribution
    before = distribution._validate_args
    distribution.set_default_validate_args(False)
    try:
        with pytest.raises(UserError, match="MixUp with alpha=-1: "):
            check_augmentation([{"MixUp": {"alpha": -1}}], shape=(3, 12, 10), classes=CLASSES)
        assert distribution._validate_args is False
    finally:
        distribution.set_default_validate_args(before)


def test_a_lack_of_memory_is_no_fault_of_a_transform(images, monkeypatch):
    class Greedy(v2.Transform):
        def transform(self, image, params):
            return torch.empty(2**60, dtype=torch.uint8)

    monkeypatch.setattr(v2, "Greedy", Greedy, raising=False)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        augment(["Greedy"], images)


def test_every_transform_of_torchvision_is_used_or_refused():
    """With arguments where it needs some; what keeps the shape must pass, and all else must be refused."""
    needed = {
        "JPEG": {"quality": 50},
        # Its own width of blur is meant for larger images.
        "ElasticTransform": {"sigma": 1},
        "RandomAdjustSharpness": {"sharpness_factor": 2},
        "RandomPosterize": {"bits": 3},
        "RandomSolarize": {"threshold": 0.5},
        "RandomAffine": {"degrees": 20},
        "RandomRotation": {"degrees": 20},
        "GaussianBlur": {"kernel_size": 3},
        **{
            name: {"transforms": ["RandomInvert"]} for name in ("Compose", "RandomApply", "RandomChoice", "RandomOrder")
        },
        **{name: {"size": [16, 16]} for name in ("CenterCrop", "RandomCrop", "RandomResizedCrop", "Resize")},
        "Pad": {"padding": 2},
        "RandomResize": {"min_size": 20, "max_size": 30},
        "RandomShortestSize": {"min_size": 20},
        "ScaleJitter": {"target_size": [20, 20]},
    }
    names = [name for name, each in vars(v2).items() if isinstance(each, type) and issubclass(each, v2.Transform)]
    assert len(names) > 50
    refused = {}
    for name in names:
        try:
            check_augmentation([{name: needed.get(name, {})}], shape=(3, 16, 16), classes=CLASSES)
        except UserError as error:
            refused[name] = error.problem
    assert [text for text in refused.values() if "needs a value" in text or "fails on" in text] == []
    other_shape = {name for name, problem in refused.items() if problem.startswith(f"after {name}")}
    # These change the shape by what they are.
    changing = {"Pad", "RandomResize", "RandomShortestSize", "ScaleJitter", "RandomZoomOut", "Grayscale"}
    assert other_shape == changing
    by_name = set(refused) - other_shape - {"Transform"}
    assert by_name == {
        *("ClampBoundingBoxes", "ClampKeyPoints", "ConvertBoundingBoxFormat", "SetClampingMode", "RandomIoUCrop"),
        *("SanitizeBoundingBoxes", "SanitizeKeyPoints", "FiveCrop", "TenCrop", "Lambda", "LinearTransformation"),
        *("Normalize", "PILToTensor", "ToImage", "ToPILImage", "ToPureTensor", "ToTensor", "ToDtype"),
        *("ConvertImageDtype", "UniformTemporalSubsample"),
    }
