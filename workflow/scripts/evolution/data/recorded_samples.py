"""The samples of a recording: labels, ids, names, columns and previews, and the raw inputs where they are there."""

import logging
import os
from pathlib import Path

import numpy as np

from evolution.data.attribute_columns import read_attributes_csv
from evolution.data.contents import unusable
from evolution.data.evaluation_inputs import kind_of, require_inputs
from evolution.data.evaluation_samples import Samples, checked_ids, drawn_samples
from evolution.data.evaluation_targets import plain_labels, read_targets
from evolution.data.kinds import AUTO, CLASSES, MASK, NONE, OTHER, TABLE, TOKENS
from evolution.data.previews import thumbnail
from evolution.data.targets import Targets
from evolution.errors import ConfigError, DataError
from evolution.sources.array_file import NPY, has_one_hot_rows, ids_digest, read_ids
from evolution.sources.recorded_arrays import read_array, read_floats
from evolution.sources.recorded_time import array_files
from evolution.sources.recording import text_class_names
from evolution.sources.recording_format import (
    ATTRIBUTES_TABLE,
    CLASS_NAMES,
    CLASS_NAMES_TEXT,
    IDS,
    INPUTS,
    LABELS,
    PREVIEWS,
    SHARED,
    TEXTS,
)

log = logging.getLogger("evolution")

SAY_LABELS = "dataset: {target: labels}"
HOW_TO_NAME = f"{CLASS_NAMES}.npy or {CLASS_NAMES_TEXT}"


def load_recorded_samples(
    path: str,
    *,
    count: int | None = None,
    class_count: int | None,
    ids: str | None,
    most: int,
    seed: int,
    kind: str = AUTO,
    target: str = AUTO,
) -> Samples:
    """Read what lies next to the folders of a recording's times.

    Parameters
    ----------
    path : str
        `recording.path` of the config.
    count : int or None
        How many samples there are, as planning found it; needed where the recording has no labels.
    class_count : int or None
        How many classes there are, where planning found it: by the model's outputs, or the classes' names.
    ids : str or None
        The digest of the ids, as planning found them; None where there are none. Files may hold other ids, such as
        those of a time that is left out.
    most : int
        Samples at most, the same number of each class as far as there are so many.
    seed : int
        Decides which samples are drawn.
    kind, target : str
        What planning takes the samples and their labels for.

    Raises
    ------
    DataError
        If a file cannot be read, or does not hold what it should. The key is `recording.path`.
    """
    try:
        return _Reader(Path(os.path.expanduser(path)), count, class_count, target, kind).samples(ids, most, seed)
    except (DataError, ConfigError) as error:
        raise DataError(error.problem, "recording.path") from None


class _Reader:
    """Reads what lies in the folder of a recording, all samples or those that were drawn."""

    def __init__(self, folder: Path, count: int | None, class_count: int | None, target: str, kind: str):
        self.folder, self.where = folder, str(folder)
        self.count, self.class_count, self.target, self.kind = count, class_count, target, kind
        self.files = array_files(folder, SHARED.__contains__)

    def samples(self, ids: str | None, most: int, seed: int) -> Samples:
        """The samples that are drawn, with all that belongs to them."""
        target, values, names = self._targets()
        count = self.count if values is None else len(values)
        all_ids = None if ids is None else checked_ids(_ids(self.folder, ids), self.where)
        chosen = drawn_samples(count, classes=values if target == CLASSES else None, most=most, seed=seed)
        path = self.folder / ATTRIBUTES_TABLE
        attributes = read_attributes_csv(path, count=count) if path.is_file() else {}
        texts = self._texts(count)
        inputs = {"": _inputs(self.files[INPUTS], chosen, self.kind)} if INPUTS in self.files else {}
        if MASK in self.files and inputs[""].dtype == np.int64:
            inputs[MASK] = read_array(self.files[MASK], chosen) != 0
        kind = kind_of(inputs, self.where, asked=self.kind) if inputs and self.kind != OTHER else self.kind
        names_of_samples = [str(index) for index in chosen] if all_ids is None else [all_ids[index] for index in chosen]
        require_inputs(kind, inputs, self.where, names=names_of_samples)
        return Samples(
            inputs=inputs,
            targets=Targets(
                kind=OTHER if kind == AUTO else kind,
                target=target,
                values=None if values is None else values[chosen],
                names=names,
                count=len(chosen),
                attributes={name: column[chosen] for name, column in attributes.items()},
            ),
            indices=chosen,
            ids=None if all_ids is None else names_of_samples,
            previews=self._previews(chosen),
            texts=None if texts is None else [texts[index] for index in chosen],
        )

    def _targets(self) -> tuple[str, np.ndarray | None, tuple[str, ...]]:
        """What the labels are, all of them, and the names of classes or labels."""
        names = _class_names(self.folder, self.files)
        if LABELS not in self.files or self.target == NONE:
            if self.count is None:
                raise unusable(f"{self.folder} has no {LABELS}.npy")
            return NONE, None, names or ()
        labels = read_array(self.files[LABELS])
        labels = labels[:, 0] if labels.shape[1:] == (1,) else labels
        path = str(self.files[LABELS])
        class_count = self.class_count
        if labels.ndim == 2 and self.target in (AUTO, CLASSES) and has_one_hot_rows(self.files[LABELS]):
            log.info("%s: each row has a single 1, taken as classes. For several labels: %s", path, SAY_LABELS)
            class_count = class_count or labels.shape[1]
            labels = labels.argmax(axis=1)
        if labels.dtype.kind in "iu" and labels.ndim == 1 and self.target in (AUTO, CLASSES):
            if labels.min() < 0:
                raise unusable(f"{path} has the label {labels.min()}; count classes from 0")
            if names is None and class_count is not None:
                if labels.max() >= class_count:
                    raise unusable(
                        f"{path} has the label {labels.max()}, and the predictions have {class_count} outputs; "
                        "labels count the outputs from 0"
                    )
                # The outputs say how many classes there are; some may have no sample here.
                names = tuple(map(str, range(class_count)))
        return read_targets(plain_labels(labels, path), names, self.where, how_to_name=HOW_TO_NAME, asked=self.target)

    def _texts(self, count: int) -> list[str] | None:
        """The lines of texts.txt; None where there is no such file."""
        path = self.folder / TEXTS
        if not path.is_file():
            return None
        try:
            texts = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise unusable(f"{path} cannot be read ({error}); it is text in UTF-8, a line a sample") from None
        # The last line ends too.
        texts = texts[:-1] if texts[-1] == "" else texts
        if len(texts) != count:
            raise unusable(f"{path} has {len(texts)} lines, and there are {count} samples; give each a line")
        return [text.rstrip("\r") for text in texts]

    def _previews(self, chosen: np.ndarray) -> list | None:
        if PREVIEWS not in self.files:
            return None
        path = str(self.files[PREVIEWS])
        pictures = read_array(self.files[PREVIEWS], chosen)
        return [thumbnail(picture, f"sample {index}", path) for index, picture in zip(chosen, pictures)]


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


def _inputs(path: Path, chosen: np.ndarray, kind: str) -> np.ndarray:
    """The raw inputs: whole numbers (N, T) as tokens, everything else as float32."""
    array = read_array(path, chosen)
    whole = array.ndim == 2 and array.dtype.kind in "iu"
    if (whole and array.dtype.itemsize > 1 and kind in (AUTO, TOKENS)) or (whole and kind == TOKENS):
        log.info("%s: %s %s, taken as tokens, of which each sample's are counted", path, array.dtype, array.shape)
        return array.astype(np.int64)
    inputs = read_floats(path, chosen)
    finite = np.isfinite(inputs)
    if not finite.all():
        column = f", the first in column {np.argwhere(~finite)[0][1]}" if kind == TABLE and inputs.ndim == 2 else ""
        raise unusable(
            f"{path} holds values that are not finite (NaN or infinite){column}; leave the file out, or mend it"
        )
    return inputs
