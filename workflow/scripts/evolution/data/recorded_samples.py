"""The samples of a recording: labels, ids, names and previews, and the raw inputs where they are there."""

import logging
import os
from pathlib import Path

import numpy as np

from evolution.data.contents import unusable
from evolution.data.evaluation_samples import Samples, checked_ids, checked_names, drawn_samples
from evolution.data.previews import thumbnail
from evolution.errors import ConfigError, DataError
from evolution.sources.array_file import NPY, ids_digest, read_ids
from evolution.sources.recorded_arrays import read_array, read_floats
from evolution.sources.recorded_time import array_files
from evolution.sources.recording import text_class_names
from evolution.sources.recording_format import CLASS_NAMES, CLASS_NAMES_TEXT, IDS, INPUTS, LABELS, PREVIEWS, SHARED

log = logging.getLogger("evolution")

HOW_TO_NAME = f"{CLASS_NAMES}.npy or {CLASS_NAMES_TEXT}"


def load_recorded_samples(path: str, *, class_count: int | None, ids: str | None, most: int, seed: int) -> Samples:
    """Read what lies next to the folders of a recording's times.

    Parameters
    ----------
    path : str
        `recording.path` of the config.
    class_count : int or None
        How many classes there are, where planning found it: by the model's outputs, or the classes' names.
    ids : str or None
        The digest of the ids, as planning found them; None where there are none. Files may hold other ids, such as
        those of a time that is left out.
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
        return _samples(Path(os.path.expanduser(path)), class_count=class_count, ids=ids, most=most, seed=seed)
    except (DataError, ConfigError) as error:
        raise DataError(error.problem, "recording.path") from None


def _samples(folder: Path, *, class_count: int | None, ids: str | None, most: int, seed: int) -> Samples:
    files = array_files(folder, SHARED.__contains__)
    where = str(folder)
    if LABELS not in files:
        raise unusable(f"{folder} has no {LABELS}.npy")
    labels = read_array(files[LABELS]).astype(np.int64)
    if labels.min() < 0:
        raise unusable(f"{files[LABELS]} has the label {labels.min()}; count classes from 0")
    names = _class_names(folder, files)
    if names is None and class_count is not None:
        if labels.max() >= class_count:
            raise unusable(
                f"{files[LABELS]} has the label {labels.max()}, and the predictions have {class_count} outputs; labels "
                "count the outputs from 0"
            )
        # The outputs say how many classes there are; some may have no sample here.
        names = tuple(map(str, range(class_count)))
    class_names = checked_names(names, labels, where, how_to_name=HOW_TO_NAME)
    names_of_samples = None if ids is None else checked_ids(_ids(folder, ids), where)
    chosen = drawn_samples(labels, most=most, seed=seed)
    previews = None
    if PREVIEWS in files:
        pictures = read_array(files[PREVIEWS], chosen)
        path = str(files[PREVIEWS])
        previews = [thumbnail(picture, f"sample {index}", path) for index, picture in zip(chosen, pictures)]
    return Samples(
        inputs={"": _inputs(files[INPUTS], chosen)} if INPUTS in files else {},
        labels=labels[chosen],
        class_names=class_names,
        indices=chosen,
        ids=None if names_of_samples is None else [names_of_samples[index] for index in chosen],
        previews=previews,
    )


def _class_names(folder: Path, files: dict[str, Path]) -> tuple[str, ...] | None:
    """The classes' names, where the recording gives them."""
    if CLASS_NAMES in files:
        return tuple(map(str, read_array(files[CLASS_NAMES])))
    return tuple(text_class_names(folder)) or None


def _ids(folder: Path, digest: str) -> list[str]:
    """The ids that planning saw, from the folder itself or from a time.

    The file is no param of the job: a time may be deleted, and the samples are then still the same ones.
    """
    times = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    inside = [path for time in times for path in array_files(time).values()]
    files = [*array_files(folder, SHARED.__contains__).values(), *inside]
    for path in (path for path in files if path.stem == IDS or path.suffix != NPY):
        try:
            ids = read_ids(path)
        except (OSError, KeyError, ValueError, EOFError):
            continue  # Of a .safetensors without ids, or of a time that is left out.
        if ids_digest(ids) == digest:
            return ids
    raise unusable(f"{folder} has other ids than when the workflow was planned; give the same command again")


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
