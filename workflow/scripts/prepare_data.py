"""Draw the training and the evaluation samples of a run, the same number of each class where there are classes."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from evolution.data.builtin import LOADERS, load_source
from evolution.data.content_checks import CheckedPart, content_warnings, require_content
from evolution.data.drawn_samples import drawn_targets, sample_arrays
from evolution.data.images import ImageFiles, LabelledImages, Part, draw_images
from evolution.data.kinds import CLASSES, IMAGES, NUMBER
from evolution.data.normalization import AUTO, normalization
from evolution.data.own_source import own_path
from evolution.data.sample_checks import require_numbers
from evolution.data.sample_source import SampleSource
from evolution.data.sampling import sample
from evolution.data.targets import target_arrays
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
    kind: str = AUTO,
    target: str = AUTO,
    seed: int,
    output: str | Path,
    loaders: Mapping[str, Callable[[Path], LabelledImages | SampleSource]] = LOADERS,
) -> None:
    """Load a data set, draw the samples, and write them.

    Parameters
    ----------
    name : str
        A built-in data set, `npz:FILE` or `image_folder:FOLDER`.
    root : path or None
        The folder of torchvision's data sets, which only they need.
    train_size, eval_size : int
        Samples in all, shared evenly among the classes.
    image_size : int or None
        Height and width to resize to; None leaves the images as they are.
    normalize : str or dict
        What samples are normalised by, see `evolution.data.normalization.normalization`.
    kind, target : str
        As dataset.kind and dataset.target say.
    seed : int
        Decides which samples are drawn.
    output : path
        .npz with, of images, for train and eval each: images uint8 (N, C, H, W), labels (N,) and indices int64 (N,),
        the image's position in its source, by which they are sorted; class_names str (K,); mean and std float32 (C,),
        by which images scaled to [0, 1] are normalised; and warnings str (W,), a plain sentence or two each, only
        where something is odd and possible in the images. Labels are int64 for classes. Where images have another
        target, a name of it, or further columns, also what `evolution.data.targets.target_arrays` returns. Of other
        samples what `evolution.data.drawn_samples.sample_arrays` returns.
    loaders : mapping
        Each built-in data set's loader, see `load_source`.

    Raises
    ------
    DataError
        If the data set can neither be found nor downloaded, has too few samples, or samples that cannot be used.
    UserError
        If the output cannot be written.
    """
    source = load_source(name, root, kind=kind, target=target, loaders=loaders)
    images = isinstance(source, LabelledImages)
    what = "images" if images else "samples"
    more = "" if source.test is None else f", and {len(source.test)} more to evaluate on"
    log.info("%s: %d %s%s", name, len(source.train), what, more)
    train_indices, eval_indices = sample(
        source, train_size=train_size, eval_size=eval_size, random=generator(seed, "sampling")
    )
    for role, size in (("train", train_size), ("eval", eval_size)):
        each = f", {_of_each(source.names, size)}" if source.target == CLASSES else ""
        log.info("%s: %d %s%s", role, size, what, each)
    if images:
        arrays, warnings = _image_arrays(source, train_indices, eval_indices, name, image_size, normalize)
    else:
        # What is odd in the built-in data sets is known, and theirs.
        arrays, warnings = sample_arrays(
            source, train_indices, eval_indices, name=name, normalize=normalize, checked=own_path(name) is not None
        )
    log_warnings(warnings)
    save_npz(output, **arrays, **({"warnings": np.array(warnings)} if warnings else {}))


def _of_each(names: tuple[str, ...], size: int) -> str:
    """How so many samples are shared among the classes."""
    each, more = divmod(size, len(names))
    uneven = f", and one more of the first {more}: {', '.join(names[:more])}" if more else ""
    return f"{each} of each class{uneven}"


def _image_arrays(
    source: LabelledImages,
    train_indices: np.ndarray,
    eval_indices: np.ndarray,
    name: str,
    image_size: int | None,
    normalize: str | dict,
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays of the images that were drawn, and what is odd in them."""
    train_part, eval_part = source.train, source.test or source.train
    drawn = draw_images([(train_part.images, train_indices), (eval_part.images, eval_indices)], image_size)
    train_images, eval_images = drawn.parts
    log.info("images of %d x %d x %d (channels, height, width)", *train_images.shape[1:])
    labels = [
        None if part.labels is None else part.labels[indices]
        for part, indices in ((train_part, train_indices), (eval_part, eval_indices))
    ]
    classes = labels if source.target == CLASSES else [None, None]
    evaluated = source.arrays[0] if source.test is None else source.arrays[1]
    train = CheckedPart(train_images, classes[0], _places(train_part, train_indices, source.arrays[0]))
    evaluation = CheckedPart(eval_images, classes[1], _places(eval_part, eval_indices, evaluated))
    composited = source.composited + drawn.composited
    require_content(train, evaluation, source=name, composited=composited)
    if source.target == NUMBER:
        require_numbers([(source.arrays[0], labels[0]), (evaluated, labels[1])], kind=IMAGES, source=name)
    warnings = [*source.warnings, *drawn.warnings]
    # What is odd in the built-in data sets is known, and theirs.
    if own_path(name):
        as_stored = train_images if isinstance(train_part.images, ImageFiles) else train_part.images
        warnings += content_warnings(
            train,
            evaluation,
            class_names=source.class_names,
            shape=as_stored.shape[2:],
            composited=composited,
        )
    mean, std = normalization(normalize, train_images)
    arrays = {
        "train_images": train_images,
        **({} if labels[0] is None else {"train_labels": labels[0]}),
        "train_indices": train_indices,
        "eval_images": eval_images,
        **({} if labels[1] is None else {"eval_labels": labels[1]}),
        "eval_indices": eval_indices,
        "class_names": np.array(source.class_names, str),
        "mean": mean,
        "std": std,
    }
    if source.target != CLASSES or source.target_name or eval_part.attributes:
        arrays |= target_arrays(drawn_targets(source, IMAGES, labels[0], eval_part, eval_indices))
    return arrays, warnings


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
            kind=snakemake.params.kind,
            target=snakemake.params.target,
            seed=snakemake.params.seed,
            output=snakemake.output[0],
        )
