"""Draw the training and the evaluation images of a run, the same number of each class."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from evolution.data.builtin import LOADERS, load_source
from evolution.data.images import LabelledImages, draw_images
from evolution.data.sampling import pixel_statistics, sample
from evolution.io.arrays import save_npz
from evolution.io.job_log import job_log
from evolution.seeds import generator

log = logging.getLogger("evolution")


def prepare_data(
    *,
    name: str,
    root: str | Path | None,
    train_size: int,
    eval_size: int,
    image_size: int | None,
    seed: int,
    output: str | Path,
    loaders: Mapping[str, Callable[[Path], LabelledImages]] = LOADERS,
) -> None:
    """Load a data set, draw the samples, and write them.

    Parameters
    ----------
    name : str
        A built-in data set, `npz:FILE` or `image_folder:FOLDER`.
    root : path or None
        The folder of torchvision's data sets, which only they need.
    train_size, eval_size : int
        Images in all, shared evenly among the classes.
    image_size : int or None
        Height and width to resize to; None leaves the images as they are.
    seed : int
        Decides which images are drawn.
    output : path
        .npz with, for train and eval each: images uint8 (N, C, H, W), labels int64 (N,) and indices int64 (N,), the
        image's position in its source, by which they are sorted; class_names str (K,); and the training images'
        mean and std float32 (C,), see `pixel_statistics`.
    loaders : mapping
        Each built-in data set's loader, see `load_source`.

    Raises
    ------
    DataError
        If the data set can neither be found nor downloaded, has too few images, or images that cannot be used.
    UserError
        If the output cannot be written.
    """
    source = load_source(name, root, loaders=loaders)
    test_images = "" if source.test is None else f", and {len(source.test.images)} more to evaluate on"
    log.info("%s: %d images%s", name, len(source.train.images), test_images)
    train_indices, eval_indices = sample(
        source, train_size=train_size, eval_size=eval_size, random=generator(seed, "sampling")
    )
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
            name=snakemake.params.name,
            root=snakemake.params.root,
            train_size=snakemake.params.train_size,
            eval_size=snakemake.params.eval_size,
            image_size=snakemake.params.image_size,
            seed=snakemake.params.seed,
            output=snakemake.output[0],
        )
