"""Drawing training and evaluation samples: the same number of each class, or evenly where there are no classes."""

import numpy as np

from evolution.data.class_balance import images_per_class
from evolution.data.images import LabelledImages, Part
from evolution.data.kinds import CLASSES, LABELS
from evolution.data.sample_source import SamplePart, SampleSource
from evolution.errors import DataError

# Multiples of it, without their whole parts, are spread evenly over 0 to 1, however many there are.
GOLDEN = (5**0.5 - 1) / 2


def sample(
    source: LabelledImages | SampleSource, *, train_size: int, eval_size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw training and evaluation samples.

    Of each class the same number. Of samples with several labels, so that each label holds in about the same share of
    those that are drawn as of all. Else at random.

    From a source with one part, both are drawn from it without overlap: training samples from one end of a random order
    (of each class, where there are classes) and evaluation samples from the other, so that changing one size leaves the
    other's samples as they are.

    Parameters
    ----------
    source : LabelledImages or SampleSource
    train_size, eval_size : int
        Samples in all, shared evenly among the classes.
    random : numpy.random.Generator

    Returns
    -------
    train_indices, eval_indices : int64 arrays (train_size,), (eval_size,)
        Sorted positions in `source.train`, and in `source.test` where there is one, `source.train` otherwise.

    Raises
    ------
    DataError
        If a class has too few images, or a size is smaller than the number of classes.
    """
    if source.target != CLASSES:
        return _sample_evenly(source, train_size, eval_size, random)
    classes = len(source.names)
    one = "an image" if isinstance(source, LabelledImages) else "a sample"
    for key, size in (("dataset.train_size", train_size), ("dataset.eval_size", eval_size)):
        if size < classes:
            raise DataError(f"{size} is too few; raise it to {classes} or more, {one} of each class.", key=key)
    train_counts, eval_counts = (np.array(images_per_class(size, classes)) for size in (train_size, eval_size))

    train_order = _shuffled_classes(source.train.values, classes, random)
    if source.test is None:
        eval_order = [order[::-1] for order in train_order]
        keys = f"dataset.train_size ({train_size}) or dataset.eval_size ({eval_size})"
        _require(source, train_order, train_counts + eval_counts, keys)
    else:
        eval_order = _shuffled_classes(source.test.values, classes, random)
        _require(source, train_order, train_counts, f"dataset.train_size ({train_size})")
        _require(source, eval_order, eval_counts, f"dataset.eval_size ({eval_size})")

    def first(order: list[np.ndarray], counts: np.ndarray) -> np.ndarray:
        return np.sort(np.concatenate([each[:count] for each, count in zip(order, counts, strict=True)]))

    return first(train_order, train_counts), first(eval_order, eval_counts)


def _sample_evenly(
    source: LabelledImages | SampleSource, train_size: int, eval_size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Samples of a source without classes."""
    train_order = _even_order(source.train, source.target, random)
    if source.test is None:
        parts = [
            (train_order, train_size + eval_size, f"dataset.train_size ({train_size}) and eval_size ({eval_size})")
        ]
        eval_order = train_order[::-1]
    else:
        eval_order = _even_order(source.test, source.target, random)
        parts = [
            (train_order, train_size, f"dataset.train_size ({train_size})"),
            (eval_order, eval_size, f"dataset.eval_size ({eval_size})"),
        ]
    for order, wanted, keys in parts:
        if wanted > len(order):
            raise DataError(f"The data set has {len(order)} samples, and {wanted} are asked for. Lower {keys}.")
    return np.sort(train_order[:train_size]), np.sort(eval_order[:eval_size])


def _even_order(part: Part | SamplePart, target: str, random: np.random.Generator) -> np.ndarray:
    """An order of a part's samples of which each beginning and each end is a fair sample of all."""
    order = random.permutation(len(part))
    if target != LABELS:
        return order
    # Samples with the same labels lie next to each other, by the rarest label first. Every so many of them are taken.
    rarest_last = np.argsort(-part.values.sum(axis=0), kind="stable")
    order = order[np.lexsort(part.values[order][:, rarest_last].T)]
    return order[np.argsort((np.arange(len(order)) * GOLDEN + random.random()) % 1, kind="stable")]


def _shuffled_classes(labels: np.ndarray, classes: int, random: np.random.Generator) -> list[np.ndarray]:
    """The positions of each class's samples, in random order."""
    return [random.permutation(np.flatnonzero(labels == label)) for label in range(classes)]


def _require(source: LabelledImages | SampleSource, order: list[np.ndarray], counts: np.ndarray, keys: str) -> None:
    """Check that each class has as many images as are wanted of it; `keys` names the sizes that could be lowered."""
    available = np.array([len(each) for each in order])
    if (counts > available).any():
        worst = np.argmax(counts - available)
        what = "images" if isinstance(source, LabelledImages) else "samples"
        raise DataError(
            f"The data set has {available[worst]} {what} of class {source.names[worst]!r}, and {counts[worst]} "
            f"are asked for. Lower {keys}: with the same number of each of {len(order)} classes there are "
            f"{available.min()} per class, {available.min() * len(order)} in all."
        )


def pixel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, of images scaled to [0, 1].

    They come from counts of the 256 pixel values: exact, and without a float copy of the images.

    Parameters
    ----------
    images : uint8 array (N, C, H, W)

    Returns
    -------
    mean, std : float32 arrays (C,)
        A channel that is the same everywhere has std 1, so that dividing by it is safe.
    """
    mean, std = [], []
    for channel in range(images.shape[1]):
        values, counts = np.unique(images[:, channel], return_counts=True)
        center = np.average(values, weights=counts)
        mean.append(center / 255)
        std.append(np.sqrt(np.average((values - center) ** 2, weights=counts)) / 255 or 1)
    return np.array(mean, dtype=np.float32), np.array(std, dtype=np.float32)
