"""The samples of a recording: labels, ids, names and previews, and the raw inputs where they are there."""

import logging
import os
from pathlib import Path

import numpy as np

from evolution.data.contents import unusable
from evolution.data.evaluation_samples import Samples, checked_ids, checked_names, drawn_samples
from evolution.data.previews import thumbnail
from evolution.errors import ConfigError, DataError
from evolution.sources.array_file import IDS, read_ids
from evolution.sources.recorded_arrays import read_array, read_floats
from evolution.sources.recorded_time import array_files

log = logging.getLogger("evolution")

HOW_TO_NAME = "class_names.npy or class_names.txt"


def load_recorded_samples(path: str, *, classes: int | None, most: int, seed: int) -> Samples:
    """Read what lies next to the folders of a recording's times.

    Parameters
    ----------
    path : str
        `recording.path` of the config.
    classes : int or None
        How many classes there are, where planning found it: by the model's outputs, or the classes' names.
    most : int
        Samples at most, the same number of each class as far as there are so many.
    seed : int
        Decides which samples are drawn.

    Raises
    ------
    DataError
        If a file cannot be read, or does not hold what it should. The key is `recording.path`.
    """
    try:
        return _samples(Path(os.path.expanduser(path)), classes=classes, most=most, seed=seed)
    except (DataError, ConfigError) as error:
        raise DataError(error.problem, "recording.path") from None


def _samples(folder: Path, *, classes: int | None, most: int, seed: int) -> Samples:
    files = array_files(folder)
    where = str(folder)
    if "labels" not in files:
        raise unusable(f"{folder} has no labels.npy")
    labels = read_array(files["labels"]).astype(np.int64)
    if labels.min() < 0:
        raise unusable(f"{files['labels']} has the label {labels.min()}; count classes from 0")
    names = _class_names(folder, files)
    if names is None and classes is not None:
        if labels.max() >= classes:
            raise unusable(
                f"{files['labels']} has the label {labels.max()}, and the predictions have {classes} outputs; labels "
                "count the outputs from 0"
            )
        # The outputs say how many classes there are; some may have no sample here.
        names = tuple(map(str, range(classes)))
    class_names = checked_names(names, labels, where, how_to_name=HOW_TO_NAME)
    ids = _ids(folder, files)
    if ids is not None:
        ids = checked_ids(ids, where)
    chosen = drawn_samples(labels, most=most, seed=seed)
    if len(chosen) < len(labels):
        log.info("%d of %d samples, drawn at random, the same number of each class", len(chosen), len(labels))
    elif len(chosen) < most:
        log.info("All %d samples are taken; dataset.eval_size is %d", len(chosen), most)
    previews = None
    if "previews" in files:
        pictures = read_array(files["previews"], chosen)
        path = str(files["previews"])
        previews = [thumbnail(picture, f"sample {index}", path) for index, picture in zip(chosen, pictures)]
    return Samples(
        inputs={"": _inputs(files["inputs"], chosen)} if "inputs" in files else {},
        labels=labels[chosen],
        class_names=class_names,
        indices=chosen,
        ids=None if ids is None else [ids[index] for index in chosen],
        previews=previews,
    )


def _class_names(folder: Path, files: dict[str, Path]) -> tuple[str, ...] | None:
    if "class_names" in files:
        return tuple(map(str, read_array(files["class_names"])))
    text = folder / "class_names.txt"
    return tuple(text.read_text(encoding="utf-8-sig").splitlines()) if text.is_file() else None


def _ids(folder: Path, files: dict[str, Path]) -> list[str] | None:
    """The ids, from the folder itself or from any time that has them: planning saw that all are the same."""
    if IDS in files:
        return read_ids(files[IDS])
    for time in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        inside = array_files(time)
        if IDS in inside:
            return read_ids(inside[IDS])
        for path in inside.values():
            if path.suffix == ".safetensors":
                try:
                    return read_ids(path)
                except (KeyError, ValueError, EOFError):
                    continue
    return None


def _inputs(path: Path, chosen: np.ndarray) -> np.ndarray:
    """The raw inputs: whole numbers (N, T) as tokens, everything else as float32."""
    array = read_array(path, chosen)
    if array.ndim == 2 and array.dtype.kind in "iu" and array.dtype.itemsize > 1:
        log.info("%s: %s %s, taken as tokens, of which each sample's are counted", path, array.dtype, array.shape)
        return array.astype(np.int64)
    inputs = read_floats(path, chosen)
    if not np.isfinite(inputs).all():
        raise unusable(f"{path} holds values that are not finite (NaN or infinite); leave the file out, or mend it")
    return inputs
