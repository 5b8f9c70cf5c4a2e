"""Draw the training and the evaluation images of a run, the same number of each class."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from evolution.data.builtin import LOADERS, load_source
from evolution.data.content_checks import CheckedPart, content_warnings, require_content
from evolution.data.images import ImageFiles, LabelledImages, Part, draw_images
from evolution.data.normalization import AUTO, normalization
from evolution.data.own_source import own_path
from evolution.data.sampling import sample
from evolution.io.arrays import save_npz
from evolution.io.job_log import job_log, log_warnings
from evolution.seeds import generator

log = logging.getLogger("evolution")


def prepare_data(
    *,
    name: str,
    root: str | Path | None,
    train_size: int,
    eval_size: int,
    image_size: int | None,
    normalize: str | dict = AUTO,
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
    normalize : str or dict
        What images are normalised by, see `evolution.data.normalization.normalization`.
    seed : int
        Decides which images are drawn.
    output : path
        .npz with, for train and eval each: images uint8 (N, C, H, W), labels int64 (N,) and indices int64 (N,), the
        image's position in its source, by which they are sorted; class_names str (K,); mean and
        std float32 (C,), by which images scaled to [0, 1] are normalised; and warnings str (W,), a plain sentence or
        two each, only where something is odd and possible in the images.
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

    drawn = draw_images([(train_part.images, train_indices), (eval_part.images, eval_indices)], image_size)
    train_images, eval_images = drawn.parts
    log.info("images of %d x %d x %d (channels, height, width)", *train_images.shape[1:])
    train = CheckedPart(train_images, train_part.labels[train_indices], _places(train_part, train_indices, "images"))
    evaluated = "images" if source.test is None else "eval_images"
    evaluation = CheckedPart(eval_images, eval_part.labels[eval_indices], _places(eval_part, eval_indices, evaluated))
    require_content(train, evaluation, source=name, composited=drawn.composited)
    warnings = [*source.warnings, *drawn.warnings]
    # What is odd in the built-in data sets is known, and theirs.
    if own_path(name):
        as_stored = train_images if isinstance(train_part.images, ImageFiles) else train_part.images
        warnings += content_warnings(
            train,
            evaluation,
            class_names=source.class_names,
            shape=as_stored.shape[2:],
            composited=drawn.composited,
        )
    log_warnings(warnings)
    mean, std = normalization(normalize, train_images)
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
        **({"warnings": np.array(warnings)} if warnings else {}),
    )


def _places(part: Part, indices: np.ndarray, array: str) -> Callable[[int], str]:
    """Where each of the drawn images comes from: a file's short path, or a position in the archive's array."""
    if isinstance(part.images, ImageFiles):
        return lambda index: part.images.short_path(indices[index])
    return lambda index: f"{array}[{indices[index]}]"


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        prepare_data(
            name=snakemake.params.name,
            root=snakemake.params.root,
            train_size=snakemake.params.train_size,
            eval_size=snakemake.params.eval_size,
            image_size=snakemake.params.image_size,
            normalize=snakemake.params.normalize,
            seed=snakemake.params.seed,
            output=snakemake.output[0],
        )
