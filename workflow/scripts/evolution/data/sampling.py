"""Drawing training and evaluation samples, the same number of each class."""

import numpy as np

from evolution.data.class_balance import images_per_class
from evolution.data.images import LabelledImages
from evolution.errors import DataError


def sample(
    source: LabelledImages, *, train_size: int, eval_size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw balanced training and evaluation samples.

    From a source with one part, both are drawn from it without overlap: training samples from one end of each
    class's random order and evaluation samples from the other, so that changing one size leaves the other's samples
    as they are.

    Parameters
    ----------
    source : LabelledImages
    train_size, eval_size : int
        Images in all, shared evenly among the classes.
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
    classes = len(source.class_names)
    for key, size in (("dataset.train_size", train_size), ("dataset.eval_size", eval_size)):
        if size < classes:
            raise DataError(f"{size} is too few; raise it to {classes} or more, an image of each class.", key=key)
    train_counts, eval_counts = (np.array(images_per_class(size, classes)) for size in (train_size, eval_size))

    train_order = _shuffled_classes(source.train.labels, classes, random)
    if source.test is None:
        eval_order = [order[::-1] for order in train_order]
        keys = f"dataset.train_size ({train_size}) or dataset.eval_size ({eval_size})"
        _require(source, train_order, train_counts + eval_counts, keys)
    else:
        eval_order = _shuffled_classes(source.test.labels, classes, random)
        _require(source, train_order, train_counts, f"dataset.train_size ({train_size})")
        _require(source, eval_order, eval_counts, f"dataset.eval_size ({eval_size})")

    def first(order: list[np.ndarray], counts: np.ndarray) -> np.ndarray:
        return np.sort(np.concatenate([each[:count] for each, count in zip(order, counts, strict=True)]))

    return first(train_order, train_counts), first(eval_order, eval_counts)


def _shuffled_classes(labels: np.ndarray, classes: int, random: np.random.Generator) -> list[np.ndarray]:
    """The positions of each class's samples, in random order."""
    return [random.permutation(np.flatnonzero(labels == label)) for label in range(classes)]


def _require(source: LabelledImages, order: list[np.ndarray], counts: np.ndarray, keys: str) -> None:
    """Check that each class has as many images as are wanted of it; `keys` names the sizes that could be lowered."""
    available = np.array([len(each) for each in order])
    if (counts > available).any():
        worst = np.argmax(counts - available)
        raise DataError(
            f"The data set has {available[worst]} images of class {source.class_names[worst]!r}, and {counts[worst]} "
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
