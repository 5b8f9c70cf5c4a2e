"""What is found in images that were drawn, against images in which the test put it; nothing is found in real digits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from evolution.data.content_checks import CheckedPart, content_warnings, require_content
from evolution.errors import DataError
from support.own_files import noise

NAMES = ("cat", "dog", "cow")


def part(images, labels=None, name="images"):
    labels = np.arange(len(images)) % 3 if labels is None else np.asarray(labels)
    return CheckedPart(images, labels, lambda index: f"{name}[{index}]")


def warned(train, evaluation=None, *, names=NAMES, shape=None, composited=0):
    """The warnings about two parts of which the second is noise if it is not given."""
    train = train if isinstance(train, CheckedPart) else part(train)
    if evaluation is None:
        evaluation = noise(12, *train.images.shape[1:], seed=99)
    evaluation = evaluation if isinstance(evaluation, CheckedPart) else part(evaluation, name="eval_images")
    require_content(train, evaluation, source="npz:mine.npz", composited=0)
    more = {"shape": shape or train.images.shape[2:], "composited": composited}
    return content_warnings(train, evaluation, class_names=names, **more)


@pytest.mark.parametrize("channels", [1, 3])
def test_nothing_is_odd_in_noise(channels):
    assert warned(noise(30, channels, 8, 8)) == []


def test_nothing_is_odd_in_digits():
    """8 x 8 pixels of 17 values, some of which are the same in many images."""
    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[:, None]
    train, evaluation = part(images[:1000], digits.target[:1000]), part(images[1000:], digits.target[1000:])
    assert warned(train, evaluation, names=tuple("0123456789")) == []


@pytest.mark.parametrize("colour", [(0,), (255,), (10, 200, 30)])
def test_images_of_one_and_the_same_colour_are_refused(colour):
    images = np.tile(np.array(colour, np.uint8)[:, None, None], (12, 1, 8, 8))
    with pytest.raises(DataError) as error:
        require_content(part(images), part(images[:6]), source="npz:mine.npz", composited=0)
    assert error.value.problem.startswith("npz:mine.npz: in all 18 images that were drawn, every pixel has the same")
    assert f"({', '.join(map(str, colour))})" in error.value.problem and "images[0]" in error.value.problem
    with pytest.raises(DataError) as error:
        require_content(part(images), part(images), source="x", composited=7)
    hint = "7 of them have transparent pixels, which were composited on white"
    assert (hint in error.value.problem) == (colour == (255,)), "nothing else becomes white by it"
    for place in ((0, 0, 3, 4), (11, 0, 0, 0), (5, 0, 7, 7)):
        other = images.copy()
        other[place] ^= 1
        require_content(part(other), part(images), source="x", composited=0)
        require_content(part(images), part(other), source="x", composited=0)


def test_copies_of_one_image_are_refused():
    images = np.repeat(noise(1, 3, 8, 8), 12, axis=0)
    with pytest.raises(DataError, match="in all 18 images that were drawn, the pixels are those of the first, so"):
        require_content(part(images), part(images[:6]), source="x", composited=0)
    require_content(part(images), part(noise(6, 3, 8, 8, seed=1)), source="x", composited=0)


def test_images_of_one_colour_are_no_copies():
    """They are told of once, and not again as copies, in both parts and with other labels."""
    images, evaluation = noise(30, 1, 8, 8), noise(12, 1, 8, 8, seed=1)
    images[:9] = evaluation[:3] = 40
    (warning,) = warned(images, evaluation)
    assert warning.startswith("12 of the 42 images that were drawn (29 %) are of one colour")


def test_images_of_one_colour_are_counted():
    images = noise(40, 3, 8, 8)
    images[[7, 20]] = np.array([1, 2, 3], np.uint8)[:, None, None]
    images[20] += 50
    assert warned(images) == [
        "2 of the 52 images that were drawn (4 %) are of one colour, without anything in them (as images[7])."
    ]
    (warning,) = warned(images, composited=5)
    assert warning.endswith(" 5 images have transparent pixels, which were composited on white.")


def test_a_class_of_nothing_else_is_named():
    images, evaluation = noise(30, 1, 8, 8), noise(12, 1, 8, 8, seed=1)
    images[1::3] = np.arange(10, dtype=np.uint8)[:, None, None, None]
    evaluation[1::3] = np.arange(100, 104, dtype=np.uint8)[:, None, None, None]
    assert warned(images, evaluation) == [
        "14 of the 42 images that were drawn (33 %) are of one colour, without anything in them (as images[1]). All "
        "images of dog are."
    ]


def test_an_image_that_differs_in_one_pixel_is_not_of_one_colour():
    images = noise(30, 1, 8, 8)
    images[4] = 9
    images[4, 0, 5, 5] = 10
    assert warned(images) == []


def test_copies_among_the_training_images():
    images = noise(40, 1, 8, 8)
    images[30:34] = images[2]
    assert warned(part(images, [0] * 40)) == [], "a tenth"
    images[34] = images[2]
    assert warned(part(images, [0] * 40)) == [
        "The 40 training images are only 35 different ones, pixel for pixel; one is there 6 times (as images[2])."
    ]


def test_evaluation_images_that_are_training_images():
    images, evaluation = noise(30, 3, 8, 8), noise(12, 3, 8, 8, seed=1)
    evaluation[3], evaluation[5] = images[9], images[10]
    (warning,) = warned(images, evaluation)
    assert warning.startswith(
        "2 of the 12 evaluation images (17 %) are training images too, pixel for pixel (as eval_images[3] and images[9]"
    )
    # 9 and 3 have label 0; 10 has 1, and 5 has 2.
    assert "1 of them has another label there. Accuracy on them says nothing" in warning


def test_copies_with_another_label():
    images = noise(30, 1, 8, 8)
    images[4] = images[3]
    images[6] = images[3]
    assert warned(images) == [
        "3 images have a copy, pixel for pixel, that has another label (images[3] is cat, and images[4] is dog). "
        "Labels or files are mixed up, or the images do not show the class."
    ]


@pytest.mark.parametrize(
    ("train", "evaluation", "said"),
    [
        (noise(30, 1, 8, 8) // 4, noise(12, 1, 8, 8) // 4, "No pixel is brighter than 63 of 255"),
        (noise(30, 1, 8, 8) // 10 + 100, noise(12, 1, 8, 8) // 10 + 100, "All pixels lie between 100 and 125 of 255"),
        (noise(30, 1, 8, 8) // 16, noise(12, 1, 8, 8), "largest values of 15 and 255"),
        (noise(30, 1, 8, 8), np.zeros((12, 1, 8, 8), np.uint8), "largest values of 255 and 0"),
        (noise(30, 1, 8, 8) // 3, 255 - noise(12, 1, 8, 8) // 3, "means of 41 and 214"),
    ],
    ids=["dark", "one tone", "another scale", "black", "inverted"],
)
def test_brightness(train, evaluation, said):
    found = [warning for warning in warned(train, evaluation) if said in warning]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("shape", "said"),
    [((784, 1), "images.reshape(-1, 28, 28)"), ((1, 784), "images.reshape(-1, 28, 28)"), ((1, 13), "lines in them.")],
)
def test_images_of_one_row(shape, said):
    (warning,) = warned(noise(30, 1, 8, 8), shape=shape)
    assert warning.startswith(f"The images are {shape[0]} high and {shape[1]} wide.") and said in warning


@pytest.mark.parametrize("names", [("train", "valid", "x"), ("cats_train", "cats_test", "dogs_train")])
def test_classes_that_are_called_as_parts_are(names):
    (warning,) = warned(noise(30, 1, 8, 8), names=names)
    assert warning.startswith("The classes ") and "the network learns to tell the parts apart" in warning
    assert warned(noise(30, 1, 8, 8), names=("train", "bus", "car")) == []


@pytest.mark.parametrize(
    ("flat", "share"), [(1, "less than 1 %"), (3, "2 %"), (198, "99 %"), (199, "more than 99 %"), (200, "100 %")]
)
def test_shares_are_not_rounded_to_none_or_all(flat, share):
    train, evaluation = noise(100, 1, 8, 8), noise(100, 1, 8, 8, seed=1)
    both = np.concatenate([train, evaluation])
    both[:flat] = np.arange(flat, dtype=np.uint8)[:, None, None, None]
    (warning, *_) = warned(part(both[:100]), part(both[100:]))
    assert f"{flat} of the 200 images that were drawn ({share}) are of one colour" in warning
