"""Draw the training and the evaluation images of a run, the same number of each class."""

import logging
from pathlib import Path

import numpy as np

from evolution.balance import images_per_class
from evolution.datasets import Source, load_source
from evolution.files import JobError, job_log, save_npz
from evolution.own_images import draw_images
from evolution.seeds import generator

log = logging.getLogger("evolution")


def shuffle_classes(labels: np.ndarray, classes: int, random: np.random.Generator) -> list[np.ndarray]:
    """The positions of each class's samples, in random order."""
    return [random.permutation(np.flatnonzero(labels == label)) for label in range(classes)]


def sample(
    source: Source, train_size: int, eval_size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw balanced training and evaluation samples.

    From a source with one part, both are drawn from it without overlap: training samples from one end of each
    class's random order and evaluation samples from the other, so that changing one size leaves the other's samples
    as they are.

    Returns
    -------
    train_indices, eval_indices : int64 arrays (train_size,), (eval_size,)
        Sorted positions in `source.train`, and in `source.test` where there is one, `source.train` otherwise.

    Raises
    ------
    JobError
        If a class has too few images, or a size is smaller than the number of classes.
    """
    classes = len(source.class_names)
    train_counts, eval_counts = (np.array(images_per_class(size, classes)) for size in (train_size, eval_size))
    for key, size in (("dataset.train_size", train_size), ("dataset.eval_size", eval_size)):
        if size < classes:
            raise JobError(f"{key} is {size}; raise it to {classes} or more, an image of each class.")

    train_order = shuffle_classes(source.train.labels, classes, random)
    if source.test is None:
        eval_order = [order[::-1] for order in train_order]
        keys = f"dataset.train_size ({train_size}) or dataset.eval_size ({eval_size})"
        _require(source, train_order, train_counts + eval_counts, keys)
    else:
        eval_order = shuffle_classes(source.test.labels, classes, random)
        _require(source, train_order, train_counts, f"dataset.train_size ({train_size})")
        _require(source, eval_order, eval_counts, f"dataset.eval_size ({eval_size})")

    def first(order: list[np.ndarray], counts: np.ndarray) -> np.ndarray:
        return np.sort(np.concatenate([each[:count] for each, count in zip(order, counts, strict=True)]))

    return first(train_order, train_counts), first(eval_order, eval_counts)


def _require(source: Source, order: list[np.ndarray], counts: np.ndarray, keys: str) -> None:
    available = np.array([len(each) for each in order])
    if (counts > available).any():
        worst = np.argmax(counts - available)
        raise JobError(
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


def prepare_data(
    name: str,
    root: str | Path,
    train_size: int,
    eval_size: int,
    seed: int,
    output: str | Path,
    image_size: int | None = None,
) -> None:
    """Load a data set, draw the samples, and write them.

    Parameters
    ----------
    name : str
        See `evolution.datasets.load_source`.
    root : path
        The folder of torchvision's datasets.
    train_size, eval_size : int
        Images in all, shared evenly among the classes.
    seed : int
    output : path
        .npz with, for train and eval each: images uint8 (N, C, H, W), labels int64 (N,) and indices int64 (N,), the
        image's position in its source, by which they are sorted; class_names str (K,); and the training images'
        mean and std float32 (C,), see `pixel_statistics`.
    image_size : int or None
        Height and width to resize to; None leaves the images as they are.

    Raises
    ------
    JobError
        If the data set cannot be had, has too few images, or images that cannot be used.
    """
    source = load_source(name, root)
    test_images = "" if source.test is None else f", and {len(source.test.images)} more to evaluate on"
    log.info("%s: %d images%s", name, len(source.train.images), test_images)
    train_indices, eval_indices = sample(source, train_size, eval_size, generator(seed, "sampling"))
    train_part, eval_part = source.train, source.test or source.train
    for role, size in (("train", train_size), ("eval", eval_size)):
        each, more = divmod(size, len(source.class_names))
        uneven = f", and one more of the first {more}: {', '.join(source.class_names[:more])}" if more else ""
        log.info("%s: %d images, %d of each class%s", role, size, each, uneven)

    train_images, eval_images = draw_images(
        [(train_part.images, train_indices), (eval_part.images, eval_indices)], image_size
    )
    log.info("images of %d x %d x %d (channels, height, width)", *train_images.shape[1:])
    mean, std = pixel_statistics(train_images)
    log.info("train pixels in [0, 1]: mean %s, standard deviation %s", mean, std)
    save_npz(
        output,
        train_images=train_images,
        train_labels=train_part.labels[train_indices],
        train_indices=train_indices,
        eval_images=eval_images,
        eval_labels=eval_part.labels[eval_indices],
        eval_indices=eval_indices,
        class_names=np.array(source.class_names),
        mean=mean,
        std=std,
    )


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        prepare_data(
            snakemake.params.name,
            snakemake.params.root,
            snakemake.params.train_size,
            snakemake.params.eval_size,
            snakemake.params.seed,
            snakemake.output[0],
            snakemake.params.image_size,
        )
