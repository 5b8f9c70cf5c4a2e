"""Draw the training and the evaluation images of a run, the same number of each class."""

import logging
from pathlib import Path

import numpy as np

from evolution.data.builtin import load_source
from evolution.data.images import draw_images
from evolution.data.sampling import pixel_statistics, sample
from evolution.io.arrays import save_npz
from evolution.io.job_log import job_log
from evolution.seeds import generator

log = logging.getLogger("evolution")


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
        See `evolution.data.builtin.load_source`.
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
    UserError
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
