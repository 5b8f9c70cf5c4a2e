"""The arguments of a recorder, checked as far as no model is needed."""

import logging
import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from activation_recorder.errors import RecorderError
from activation_recorder.outputs import Pooling
from activation_recorder.sample_arrays import attribute_table, optional_arrays, text_lines
from activation_recorder.samples import Samples, take_samples
from activation_recorder.schedule import due_steps, whole_number
from activation_recorder.selection import AUTO, wanted_layers
from activation_recorder.untouched import untouched

log = logging.getLogger("activation_recorder")

UNITS = ("step", "epoch")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What a person asked for; see `activation_recorder.Recorder`.

    Attributes
    ----------
    samples : Samples
    labels : array or None
        See `activation_recorder.sample_arrays.as_labels`; None where there are none.
    arrays : dict of str to array
        Files that lie next to the times, by name.
    files : dict of str to str
        Text files that lie next to the times, to their content.
    layers : "auto", or list of str
    path : Path
        Absolute: a training may change its working directory.
    due : container of int
    unit : {"step", "epoch"}
    compact : bool
    pooling : Pooling
    batch_size : int or None
    """

    samples: Samples
    labels: np.ndarray | None
    arrays: dict[str, np.ndarray]
    files: dict[str, str]
    layers: str | list[str]
    path: Path
    due: Container[int]
    unit: str
    compact: bool
    pooling: Pooling
    batch_size: int | None


def check_arguments(
    inputs: object,
    labels: object = None,
    *,
    layers: str | Sequence[str] = AUTO,
    path: str | Path,
    at: object,
    ids: object = None,
    previews: object = None,
    class_names: Sequence[str] | None = None,
    attributes: Mapping[str, object] | None = None,
    texts: Sequence[str] | None = None,
    unit: str = "step",
    compact: bool = True,
    pooling: Pooling | Mapping[str, str | int] | None = None,
    batch_size: int | None = None,
) -> Arguments:
    """The arguments of `activation_recorder.Recorder` but the model.

    Raises
    ------
    RecorderError
        If one of them cannot be used.
    """
    if unit not in UNITS:
        raise RecorderError(f"unit={unit!r} must be one of {', '.join(UNITS)}.")
    if not isinstance(compact, (bool, np.bool_)):
        raise RecorderError(f"compact={compact!r} must be True or False.")
    if batch_size is not None and (batch_size := whole_number(batch_size, "batch_size")) < 1:
        raise RecorderError(f"batch_size={batch_size} must be 1 or more.")
    pooling = Pooling.of(pooling)
    layers, path, due = wanted_layers(layers), _as_path(path), due_steps(at)
    # The code of a Dataset may draw random numbers.
    with untouched():
        samples, labels = take_samples(inputs, labels)
    samples.require_position(pooling.tokens)
    if labels is None:
        log.warning(
            "There are no labels, so the workflow leaves out what is measured against them. Give labels=, or save "
            "labels.npy into the folder of the recording later."
        )
    optional = optional_arrays(len(samples), labels, ids=ids, previews=previews, class_names=class_names)
    files = {} if attributes is None else {"attributes.csv": attribute_table(attributes, len(samples))}
    files |= {} if texts is None else {"texts.txt": text_lines(texts, len(samples))}
    return Arguments(
        samples=samples,
        labels=labels,
        arrays=({} if labels is None else {"labels": labels}) | optional,
        files=files,
        layers=layers,
        path=path,
        due=due,
        unit=unit,
        compact=bool(compact),
        pooling=pooling,
        batch_size=batch_size,
    )


def _as_path(path: object) -> Path:
    try:
        text = os.fspath(path)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise RecorderError(f'path={path!r} must be the name of a folder, such as "recordings/mine".')
    return Path(text).expanduser().absolute()
