"""Random changes of the training images: transforms of torchvision.transforms.v2, named in the config."""

import difflib
import inspect
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from evolution.data.kinds import CLASSES
from evolution.errors import UserError, first_line
from evolution.models.device import lacks_memory
from evolution.models.seeding import seed_all

KEY = "training.augmentation"

# Transforms that mix the images of a batch, and with them their labels.
MIXING = ("MixUp", "CutMix")

# Transforms that hold others.
HOLDING = ("Compose", "RandomApply", "RandomChoice", "RandomOrder")

# Transforms that are defined for bytes, and those of them that work on a CPU alone.
OF_BYTES = ("AugMix", "AutoAugment", "JPEG", "RandAugment", "TrivialAugmentWide")
OF_BYTES_ON_A_CPU = ("JPEG",)

# Images that a check before the jobs runs through.
CHECKED = 32

_BOXES = "it needs bounding boxes or key points, and a sample here is an image with a label"
_TYPES = "it changes the type of the images, and the network takes them as they are"
_SEVERAL = "it makes several images of one"
_VIDEOS = "it is for videos"

# Transforms that make no training image of a training image, with the reason.
UNUSABLE = {
    "ClampBoundingBoxes": _BOXES,
    "ClampKeyPoints": _BOXES,
    "ConvertBoundingBoxFormat": _BOXES,
    "ConvertImageDtype": _TYPES,
    "FiveCrop": _SEVERAL,
    "Lambda": "it needs a function, which a config cannot hold",
    "LinearTransformation": "it needs tensors, which a config cannot hold",
    "Normalize": "dataset.normalize says how images are normalised, and the transforms see pixels in [0, 1]",
    "PILToTensor": _TYPES,
    "RandomIoUCrop": _BOXES,
    "SanitizeBoundingBoxes": _BOXES,
    "SanitizeKeyPoints": _BOXES,
    "SetClampingMode": _BOXES,
    "TenCrop": _SEVERAL,
    "ToDtype": _TYPES,
    "ToImage": _TYPES,
    "ToPILImage": _TYPES,
    "ToPureTensor": _TYPES,
    "ToTensor": _TYPES,
    "UniformTemporalSubsample": _VIDEOS,
}


@dataclass(frozen=True)
class _NamedTransform:
    """A transform, under its name in the config, and whether it mixes a batch."""

    name: str
    call: Callable
    mixes: bool


class Augmentation:
    """The transforms of a config, ready to change batches of training images.

    Transforms see pixels in [0, 1], and so does a fill or a value among their arguments. Those that torchvision defines
    for bytes (`OF_BYTES`) see pixels from 0 to 255. Each image is changed by a call of its own, because a transform
    draws once a call. MixUp and CutMix then mix the images of the batch.

    Parameters
    ----------
    transforms : list
        `training.augmentation` of the config. An entry is the name of a transform, or a mapping of one name to the
        transform's arguments. A transform that holds others has them in this form too.
    mean, std : float32 arrays (C,) or None
        By which the images are normalised; None where the samples are no images.
    classes : int or None
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Raises
    ------
    UserError
        If a transform or an argument does not exist or cannot be used, a transform of single images comes after one
        that mixes a batch, or the samples are no images or have no classes to mix.
    """

    def __init__(
        self,
        transforms: list,
        *,
        mean: np.ndarray | None,
        std: np.ndarray | None,
        classes: int | None,
        target: str = CLASSES,
    ):
        if mean is None:
            raise UserError("the samples are no images, and only images can be augmented; leave it out", KEY)
        built = _built(transforms)
        if target != CLASSES and (mixers := [transform.name for transform in built if transform.mixes]):
            raise UserError(f"{mixers[0]} mixes classes, and the samples have none; leave it out", KEY)
        mixing = None
        for transform in built:
            if transform.mixes:
                mixing = transform
            elif mixing is not None:
                raise UserError(
                    f"{mixing.name} mixes the images of a batch, and {transform.name} changes single images; put "
                    f"{transform.name} before {mixing.name}",
                    KEY,
                )
        self._of_images = [transform for transform in built if not transform.mixes]
        self._of_batches = [transform for transform in built if transform.mixes]
        self._mean = torch.from_numpy(mean)[:, None, None]
        self._std = torch.from_numpy(std)[:, None, None]
        self._classes = classes

    def __call__(self, images: torch.Tensor, labels: torch.Tensor, *, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch with other images, drawn from the seed alone.

        Parameters
        ----------
        images : float32 tensor (n, C, H, W)
            Normalised, on any device.
        labels : tensor (n, ...)
            Of classes int64 (n,).
        seed : int
            In [0, 2**32).

        Returns
        -------
        images : float32 tensor (n, C, H, W)
            On the same device, in the same memory format.
        labels : tensor (n, ...) or float32 tensor (n, classes)
            As given; with MixUp or CutMix among the transforms each class's share of an image.

        Raises
        ------
        UserError
            If a transform fails, an image comes out with another shape, or a pixel is not finite.
        """
        if not (self._of_images or self._of_batches):
            return images, labels
        if self._mean.device != images.device:
            self._mean, self._std = self._mean.to(images.device), self._std.to(images.device)
        # In one memory format, so that what a transform computes does not depend on the model's.
        pixels = (images * self._std + self._mean).clamp_(0, 1).contiguous()
        with _drawing_from(seed, images.device):
            if self._of_images:
                pixels = torch.stack([self._changed(image) for image in pixels])
            if self._of_batches:
                labels = functional.one_hot(labels, self._classes).to(images.dtype)
                # A single image has no other to be mixed with.
                if len(images) > 1:
                    pixels, labels = self._mixed(pixels, labels)
        # The sum is finite where all pixels are, and takes a tenth of the time.
        if not torch.isfinite(pixels.sum()):
            names = ", ".join(transform.name for transform in self._of_images + self._of_batches)
            raise UserError(f"pixels are not finite after {names}", KEY)
        changed = torch.empty_like(images)
        torch.sub(pixels, self._mean, out=changed)
        return changed.div_(self._std), labels

    def _changed(self, image: torch.Tensor) -> torch.Tensor:
        """One image, float32 (C, H, W) in [0, 1], after the transforms of single images."""
        shape, changing = image.shape, None
        for transform in self._of_images:
            with _explained(transform.name, image):
                before, image = image.shape, transform.call(image)
                if image.shape != before:
                    changing = transform.name
        if image.shape != shape:
            raise UserError(_other_shape(changing, shape, image.shape), KEY)
        return image

    def _mixed(self, pixels: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch, float32 (n, C, H, W) in [0, 1] and float32 (n, classes), after the transforms that mix it."""
        for transform in self._of_batches:
            with _explained(transform.name, pixels[0]):
                pixels, labels = transform.call(pixels, labels)
        return pixels, labels


def check_augmentation(transforms: list, *, shape: tuple[int, ...], classes: int | None, target: str = CLASSES) -> None:
    """Build an augmentation, and run it on a few random images.

    Parameters
    ----------
    transforms : list
        As in `Augmentation`.
    shape : tuple of int
        Channels, height and width of an image.
    classes : int or None
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Raises
    ------
    UserError
        If it cannot be built, or fails on an image.
    """
    channels = shape[0]
    mean, std = np.zeros(channels, dtype=np.float32), np.ones(channels, dtype=np.float32)
    augmentation = Augmentation(transforms, mean=mean, std=std, classes=classes, target=target)
    images = torch.rand((CHECKED, *shape), generator=torch.Generator().manual_seed(0))
    augmentation(images, torch.arange(CHECKED) % (classes or 1), seed=0)


class _OnBytes:
    """A transform of uint8 images as one of float32 images in [0, 1]."""

    def __init__(self, transform: Callable, *, on_cpu: bool):
        self._transform, self._on_cpu = transform, on_cpu

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        # A transform before this one may have left [0, 1].
        values = (image.clamp(0, 1) * 255).round().to(torch.uint8)
        return self._transform(values.cpu() if self._on_cpu else values).to(image) / 255


@contextmanager
def _drawing_from(seed: int, device: torch.device) -> Iterator[None]:
    """Let all global generators draw from a seed, and then go on where they were."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        # Even for images on a GPU nearly all parameters are drawn on the CPU.
        with torch.random.fork_rng(devices=[device.index] if device.type == "cuda" else []):
            seed_all(seed)
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextmanager
def _distributions_checked() -> Iterator[None]:
    """Let torch's distributions check their parameters. Where a model was compiled, torch has switched this off."""
    distribution = torch.distributions.Distribution
    before = distribution._validate_args
    distribution.set_default_validate_args(True)
    try:
        yield
    finally:
        distribution.set_default_validate_args(before)


@contextmanager
def _explained(name: str, image: torch.Tensor) -> Iterator[None]:
    """Turn what torchvision raises for an image into a message; a lack of memory stays what it is."""
    try:
        yield
    except Exception as error:
        if lacks_memory(error):
            raise
        raise UserError(f"{name} fails on an image of {_shown_shape(image.shape)}: {first_line(error)}", KEY) from error


def _shown_shape(shape: torch.Size) -> str:
    return " x ".join(map(str, shape))


def _other_shape(name: str, shape: torch.Size, changed: torch.Size) -> str:
    """That an image comes out with another shape."""
    problem = (
        f"after {name} an image has the shape {_shown_shape(changed)} (channels, height, width), and the network takes "
        f"{_shown_shape(shape)}"
    )
    if changed[0] != shape[0]:
        return problem
    size = list(shape[1:])
    return f"{problem}; choose a size of {size} there, or put {{Resize: {{size: {size}}}}} after it"


def _built(transforms: object) -> list[_NamedTransform]:
    """The transforms of a list of the config."""
    if not isinstance(transforms, list):
        raise UserError(f"transforms are a list, as in [RandomHorizontalFlip], and not {transforms!r}", KEY)
    return [_built_entry(entry) for entry in transforms]


def _built_entry(entry: object) -> _NamedTransform:
    """The transform of an entry of the config."""
    name, kwargs = _name_and_arguments(entry)
    transform_class = _transform_class(name)
    _check_arguments(name, transform_class, kwargs)
    arguments, mixes = _read_enums(name, kwargs), name in MIXING
    if name in HOLDING:
        held = _built(kwargs["transforms"])
        kinds = {transform.mixes: transform.name for transform in held}
        if len(kinds) == 2:
            raise UserError(
                f"{name} holds {kinds[True]}, which mixes the images of a batch, and {kinds[False]}, which changes "
                "single images; it can hold one kind",
                KEY,
            )
        arguments["transforms"] = [transform.call for transform in held]
        mixes = True in kinds
    try:
        with _distributions_checked():
            transform = transform_class(**arguments)
    except (ValueError, TypeError, RuntimeError, IndexError, AttributeError) as error:
        values = ", ".join(f"{key}={value!r}" for key, value in kwargs.items())
        raise UserError(f"{name} with {values or 'no arguments'}: {first_line(error)}", KEY) from error
    if name in OF_BYTES:
        transform = _OnBytes(transform, on_cpu=name in OF_BYTES_ON_A_CPU)
    return _NamedTransform(name, transform, mixes)


def _name_and_arguments(entry: object) -> tuple[str, dict]:
    """What an entry of the config says."""
    if isinstance(entry, str):
        return entry, {}
    if not isinstance(entry, dict) or len(entry) != 1 or not isinstance(next(iter(entry)), str):
        raise UserError(
            "an entry is the name of a transform, or one name with its arguments, as in {RandomCrop: {size: 28, "
            f"padding: 4}}}}, and not {entry!r}",
            KEY,
        )
    [(name, kwargs)] = entry.items()
    if kwargs is None:
        return name, {}
    if not isinstance(kwargs, dict):
        raise UserError(f"name the arguments of {name}, as in {{{name}: {{argument: {kwargs!r}}}}}", KEY)
    return name, kwargs


def _transform_class(name: str) -> type:
    """The class of torchvision.transforms.v2 with this name."""
    # Loading torchvision takes time, and most trainings have no augmentation.
    from torchvision.transforms import v2

    if name in UNUSABLE:
        raise UserError(f"{name} cannot be used: {UNUSABLE[name]}", KEY)
    classes = {
        each.__name__: each
        for each in vars(v2).values()
        if inspect.isclass(each) and issubclass(each, v2.Transform) and each is not v2.Transform
    }
    usable = {each: classes[each] for each in sorted(set(classes) - set(UNUSABLE))}
    if name not in usable:
        spelled = {each.lower(): each for each in usable}
        near = difflib.get_close_matches(name.lower(), spelled, n=1)
        hint = f"did you mean {spelled[near[0]]}? " if near else ""
        raise UserError(f"torchvision.transforms.v2 has no {name}; {hint}it has {', '.join(usable)}", KEY)
    return usable[name]


def _check_arguments(name: str, transform_class: type, kwargs: dict) -> None:
    """Refuse arguments that a transform does not have, and a lack of those without a default."""
    parameters = inspect.signature(transform_class).parameters
    unknown = [str(key) for key in kwargs if key not in parameters]
    if unknown:
        near = difflib.get_close_matches(unknown[0], parameters, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        takes = f"it takes {', '.join(parameters)}" if parameters else "it takes none"
        raise UserError(f"{', '.join(unknown)} is no argument of {name}; {hint}{takes}", KEY)
    missing = [each.name for each in parameters.values() if each.default is each.empty and each.name not in kwargs]
    if missing:
        values = ", ".join(f"{parameter}: ..." for parameter in missing)
        raise UserError(f"{name} needs a value for {', '.join(missing)}: {{{name}: {{{values}}}}}", KEY)


def _read_enums(name: str, kwargs: dict) -> dict:
    """The arguments, with text where torchvision has an enumeration turned into its member."""
    from torchvision.transforms import v2

    read = dict(kwargs)
    for argument, enumeration in {"interpolation": v2.InterpolationMode, "policy": v2.AutoAugmentPolicy}.items():
        value = kwargs.get(argument)
        if isinstance(value, str):
            try:
                read[argument] = enumeration(value.lower())
            except ValueError:
                members = [member.value for member in enumeration]
                near = difflib.get_close_matches(value.lower(), members, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise UserError(
                    f"{value} is no {argument} of {name}; {hint}allowed: {', '.join(members)}", KEY
                ) from None
    return read
