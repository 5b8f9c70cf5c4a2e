"""Snapshots of a recording: its arrays, pooled and compacted as the activations of a model are."""

import hashlib
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from evolution.activations.classifier import classifier_rows
from evolution.activations.compaction import stored_rows
from evolution.activations.evaluation import evaluate_classes, evaluate_logits, predicted_classes
from evolution.activations.logit_warnings import logit_warnings
from evolution.activations.predictions import UNKNOWN, prediction_columns
from evolution.errors import UserError
from evolution.io.arrays import NpyWriter, load_npz
from evolution.io.job_log import log_warnings
from evolution.models.last_layer import Classifier
from evolution.models.outputs import Pooling, sample_rows
from evolution.sources.array_file import array_place
from evolution.sources.recorded_arrays import read_array, read_floats
from evolution.sources.recording_format import CLASS_NAMES, CLASSIFIER, PREDICTIONS, is_layer

log = logging.getLogger("evolution")

# Bytes of a layer that are in memory at once before it is pooled.
HELD_BYTES = 10**8


class NotFiniteArrayError(UserError):
    """An array of a time holds values that are not finite.

    Attributes
    ----------
    name : str
        Of the array.
    time : int
    """

    def __init__(self, problem: str, *, name: str, time: int):
        super().__init__(problem)
        self.name, self.time = name, time


@dataclass(frozen=True, kw_only=True)
class RecordingSettings:
    """In which form activations are kept: `activations` and `seed` of the config.

    Attributes
    ----------
    compacted : bool
        Whether activations are stored as `evolution.activations.compaction.stored_rows`, or raw.
    pooling : Pooling
    seed : int
    """

    compacted: bool
    pooling: Pooling
    seed: int


@dataclass(frozen=True)
class RecordedSnapshots:
    """What the times of a span say of the samples, in addition to the files that are written.

    Attributes
    ----------
    predictions : dict of columns
        See `evolution.activations.predictions.prediction_columns`.
    evaluation : list of dict
        For each time: time, eval_loss where there are outputs, eval_accuracy (NaN without predictions), and
        class_accuracy as a list.
    digests : dict of int to str
        Time to a digest of all of its arrays.
    warnings : list of str
        What is surely a slip in the outputs at the last time.
    """

    predictions: dict[str, np.ndarray]
    evaluation: list[dict[str, object]]
    digests: dict[int, str]
    warnings: list[str]


def take_recorded(
    *,
    dataset: str,
    times: Mapping[int, Mapping[str, str]],
    unit: str,
    settings: RecordingSettings,
    activations: Mapping[str, NpyWriter],
    classifier: NpyWriter,
) -> RecordedSnapshots:
    """Write the activations of the samples at each of the times, and return the predictions.

    Parameters
    ----------
    dataset : path of dataset.npz
        Its samples are taken: eval_indices are their positions in the arrays.
    times : mapping of int to mapping of str to path
        Each time, to its arrays by name: layers, and what `evolution.sources.recording_format.RESERVED` names.
    unit : {"epoch", "step"}
        What times are counted in, for messages.
    settings : RecordingSettings
    activations : mapping of str to NpyWriter
        For each layer to follow what takes its activations, float32 (N, D): an entry a time.
    classifier : NpyWriter
        What takes `evolution.activations.classifier.classifier_rows`: an entry a time.

    Raises
    ------
    NotFiniteArrayError
        If an array holds numbers that are not finite.
    UserError
        If an array cannot be read.
    """
    # One thread, so that the same bytes come out at any --cores; several such jobs run at once instead.
    torch.set_num_threads(1)
    labels, indices, names = load_npz(dataset, "eval_labels", "eval_indices", "class_names")
    predicted, confidence, evaluation, warnings = [], [], [], []
    for index, (time, files) in enumerate(times.items()):
        check = partial(_require_finite, files=files, when=f"{unit} {time}", time=time)
        for layer, writer in activations.items():
            rows = pooled_rows(files[layer], indices, settings.pooling)
            check(rows, layer)
            writer.put(index, stored_rows(rows, seed=settings.seed) if settings.compacted else rows)
            del rows
        found = _evaluated(files, indices, labels, len(names))
        if found.has_outputs:
            check(found.outputs, PREDICTIONS)
            # Those of the last time stay: a network may be odd before it is trained.
            warnings = logit_warnings(found.outputs)
        predicted.append(found.predicted)
        confidence.append(found.confidence)
        evaluation.append({"time": time} | found.measures)
        last = _classifier(files, indices)
        if last is not None:
            if len(last.weight) != len(names):
                raise UserError(
                    f"{files[CLASSIFIER[1]]} is for {len(last.weight)} classes, and there are {len(names)}; name all "
                    f"of them in {CLASS_NAMES}.npy, or leave the classifier's files out"
                )
            for name, array in zip(CLASSIFIER, (last.inputs, last.weight, last.bias)):
                check(array, name)
        classifier.put(
            index, classifier_rows(last, outputs=found.outputs, classes=len(names), compacted=settings.compacted)
        )
        log.info("%s %d of %d: %s", unit.capitalize(), time, list(times)[-1], ", ".join(activations))
    if PREDICTIONS not in files:
        log.info("No predictions: accuracies are NaN")
    log_warnings(warnings)
    return RecordedSnapshots(
        prediction_columns(list(times), predicted, confidence),
        evaluation,
        {time: arrays_digest(files) for time, files in times.items()},
        warnings,
    )


@dataclass(frozen=True)
class _Evaluated:
    """What a time says of the model's predictions.

    Attributes
    ----------
    outputs : float32 array (N, K)
        NaN where they are not there.
    has_outputs : bool
    predicted : int array (N,)
    confidence : array (N,)
    measures : dict
        eval_loss, eval_accuracy and class_accuracy, as far as they are known.
    """

    outputs: np.ndarray
    has_outputs: bool
    predicted: np.ndarray
    confidence: np.ndarray
    measures: dict[str, object]


def _evaluated(files: Mapping[str, str], indices: np.ndarray, labels: np.ndarray, classes: int) -> _Evaluated:
    """Evaluate the predictions of a time: outputs, classes, or none."""
    none = np.full((len(labels), classes), math.nan, np.float32)
    unsure = np.full(len(labels), math.nan)
    given = _predictions(files, indices)
    if given is None:
        measures = {"eval_accuracy": math.nan, "class_accuracy": [math.nan] * classes}
        return _Evaluated(none, False, np.full(len(labels), UNKNOWN), unsure, measures)
    if given.ndim == 2:
        predicted, confidence = predicted_classes(given)
        return _Evaluated(given, True, predicted, confidence, evaluate_logits(given, labels))
    if given.min() < 0 or given.max() >= classes:
        raise UserError(
            f"{files[PREDICTIONS]} has classes from {given.min()} to {given.max()}, and there are {classes} classes; "
            f"count them from 0, and name all of them in {CLASS_NAMES}.npy"
        )
    return _Evaluated(none, False, given, unsure, evaluate_classes(given, labels, classes))


def pooled_rows(path: str, indices: np.ndarray, pooling: Pooling) -> np.ndarray:
    """A row of numbers for each sample of a recorded layer, as `sample_rows` makes it of a model's output.

    Parameters
    ----------
    path : str
        Of an array (samples, ...).
    indices : int64 array (N,)
        The samples to take, ascending.
    pooling : Pooling

    Returns
    -------
    float32 array (N, D)
    """
    shape = array_place(Path(path)).shape
    held = max(1, HELD_BYTES // (4 * max(1, math.prod(shape[1:]))))
    rows = None
    for start in range(0, len(indices), held):
        part = read_floats(path, indices[start : start + held], say=start == 0)
        pooled = sample_rows(torch.from_numpy(part), pooling).numpy()
        if rows is None:
            rows = np.empty((len(indices), pooled.shape[1]), np.float32)
        rows[start : start + held] = pooled
    if len(shape) > 2:
        how = pooling.tokens if len(shape) == 3 else pooling.maps
        axes = "samples, tokens, features" if len(shape) == 3 else "samples, channels, and maps of the others"
        log.info("%s: %s, taken as (%s); pooled with %s", path, shape, axes, how)
    return rows


def arrays_digest(files: Mapping[str, str]) -> str:
    """A digest of what a time's arrays hold, whichever layers are followed.

    Parameters
    ----------
    files : mapping of str to path
        By the array's name.
    """
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        with open(path, "rb") as stream:
            digest.update(f"{name} {hashlib.file_digest(stream, 'sha256').hexdigest()} ".encode())
    return digest.hexdigest()


def _predictions(files: Mapping[str, str], indices: np.ndarray) -> np.ndarray | None:
    """The outputs, float32 (N, K), or the predicted classes, int64 (N,); None where there are none."""
    if PREDICTIONS not in files:
        return None
    dtype = array_place(Path(files[PREDICTIONS])).dtype
    if "int" in dtype:
        return read_array(files[PREDICTIONS], indices).astype(np.int64)
    return read_floats(files[PREDICTIONS], indices)


def _classifier(files: Mapping[str, str], indices: np.ndarray) -> Classifier | None:
    """The last layer's inputs and weights; None where they are not there."""
    if CLASSIFIER[0] not in files:
        return None
    return Classifier(*(read_floats(files[name], indices if name == CLASSIFIER[0] else None) for name in CLASSIFIER))


def _require_finite(array: np.ndarray, name: str, *, files: Mapping[str, str], when: str, time: int) -> None:
    """Refuse numbers that are not finite."""
    if not np.isfinite(array).all():
        what = f"layer {name}" if is_layer(name) else name
        raise NotFiniteArrayError(
            f"{files[name]}: {what} at {when} holds values that are not finite (NaN or infinite).", name=name, time=time
        )
