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

from evolution.activations.classifier import classifier_rows, no_classifier_rows
from evolution.activations.logit_warnings import logit_warnings
from evolution.activations.predictions import prediction_columns
from evolution.activations.recorded_predictions import evaluate_recorded
from evolution.activations.stored_rows import Stored, stored_rows
from evolution.data.kinds import CLASSES, SIGNALS, TOKENS
from evolution.data.network_input import load_evaluation, token_mask
from evolution.data.targets import Targets, load_targets
from evolution.errors import LayerError, UserError
from evolution.io.arrays import NpyWriter, load_npz, names_in_npz
from evolution.io.job_log import log_warnings
from evolution.models.last_layer import Classifier
from evolution.models.outputs import Pooling, check_position, sample_rows
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
        Whether activations are stored as `evolution.activations.stored_rows.stored_rows`, or raw.
    pooling : Pooling
    seed : int
    tolerance : float or "auto"
        See `evolution.activations.stored_rows.stored_rows`.
    """

    compacted: bool
    pooling: Pooling
    seed: int
    tolerance: float | str = "auto"


@dataclass(frozen=True)
class RecordedSnapshots:
    """What the times of a span say of the samples, in addition to the files that are written.

    Attributes
    ----------
    predictions : dict of columns
        See `evolution.activations.predictions.prediction_columns`.
    evaluation : list of dict
        For each time: time, eval_loss where there are outputs or a number, eval_SCORE (NaN without predictions) and
        class_SCORE, as far as the target has them (`evolution.data.kinds.SCORES`).
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
    targets, (indices,) = load_targets(dataset), load_npz(dataset, "eval_indices")
    names, of_classes, mask = targets.names, targets.target == CLASSES, _mask(dataset, targets, settings.pooling)
    predicted, confidence, evaluation, warnings = [], [], [], []
    for index, (time, files) in enumerate(times.items()):
        check = partial(_require_finite, files=files, when=f"{unit} {time}", time=time)
        for layer, writer in activations.items():
            rows = pooled_rows(
                files[layer], indices, settings.pooling, mask=mask, channels_first=targets.kind == SIGNALS
            )
            check(rows, layer)
            stored = Stored(rows)
            if settings.compacted:
                stored = stored_rows(rows, seed=settings.seed, tolerance=settings.tolerance)
            writer.put(index, stored.rows, stored.singular)
            del rows, stored
        given = _predictions(files, indices)
        if given is not None:
            check(given, PREDICTIONS)
        found, outputs = evaluate_recorded(given, targets, path=files.get(PREDICTIONS))
        if outputs is not None:
            # Those of the last time stay: a network may be odd before it is trained.
            warnings = logit_warnings(outputs, targets.target)
        predicted.append(found.predicted)
        confidence.append(found.confidence)
        evaluation.append({"time": time} | found.measures)
        last = _classifier(files, indices) if of_classes else None
        if last is not None:
            if len(last.weight) != len(names):
                raise UserError(
                    f"{files[CLASSIFIER[1]]} is for {len(last.weight)} classes, and there are {len(names)}; name all "
                    f"of them in {CLASS_NAMES}.npy, or leave the classifier's files out"
                )
            for name, array in zip(CLASSIFIER, (last.inputs, last.weight, last.bias)):
                check(array, name)
        if of_classes:
            known = np.full((len(indices), len(names)), math.nan, np.float32) if outputs is None else outputs
            rows = classifier_rows(last, outputs=known, classes=len(names), compacted=settings.compacted)
            classifier.put(index, rows)
        else:
            classifier.put(index, no_classifier_rows(len(indices), len(names)))
        log.info("%s %d of %d: %s", unit.capitalize(), time, list(times)[-1], ", ".join(activations))
    if PREDICTIONS not in files:
        log.info("No predictions: what is measured of them is NaN")
    log_warnings(warnings)
    return RecordedSnapshots(
        prediction_columns(list(times), predicted, confidence),
        evaluation,
        {time: arrays_digest(files) for time, files in times.items()},
        warnings,
    )


def _mask(dataset: str, targets: Targets, pooling: Pooling) -> np.ndarray | None:
    """Which tokens of the samples are no padding, where the recording has them as inputs; None elsewhere."""
    if targets.kind != TOKENS or "input_names" not in names_in_npz(dataset):
        return None
    mask = token_mask(load_evaluation(dataset)[0], targets.kind)
    if mask is not None:
        check_position(mask, pooling)
    return mask


def pooled_rows(
    path: str, indices: np.ndarray, pooling: Pooling, *, mask: np.ndarray | None = None, channels_first: bool = False
) -> np.ndarray:
    """A row of numbers for each sample of a recorded layer, as `sample_rows` makes it of a model's output.

    Parameters
    ----------
    path : str
        Of an array (samples, ...).
    indices : int64 array (N,)
        The samples to take, ascending.
    pooling : Pooling
    mask : bool array (N, T), optional
        Which tokens of these samples are no padding.
    channels_first : bool
        Whether a layer (samples, C, T) holds maps along time, as of signals, and no tokens.

    Returns
    -------
    float32 array (N, D)
    """
    shape = array_place(Path(path)).shape
    held = max(1, HELD_BYTES // (4 * max(1, math.prod(shape[1:]))))
    rows = None
    for start in range(0, len(indices), held):
        part = read_floats(path, indices[start : start + held], say=start == 0)
        try:
            of_part = None if mask is None else torch.from_numpy(mask[start : start + held])
            pooled = sample_rows(torch.from_numpy(part), pooling, mask=of_part, is_map=channels_first).numpy()
        except LayerError as error:
            raise UserError(f"{path} {error.problem}", "activations.pooling.tokens") from None
        if rows is None:
            rows = np.empty((len(indices), pooled.shape[1]), np.float32)
        rows[start : start + held] = pooled
    if len(shape) > 2:
        of_tokens = len(shape) == 3 and not channels_first
        how = pooling.tokens if of_tokens else pooling.maps
        axes = "samples, tokens, features" if of_tokens else "samples, channels, and maps of the others"
        masked = mask is not None and of_tokens and shape[1] == mask.shape[1]
        log.info("%s: %s, taken as (%s); pooled with %s%s", path, shape, axes, how, " without the padding" * masked)
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
    """The outputs, float32 (N, K) or (N,), or the predicted classes, int64 (N,); None where there are none."""
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
