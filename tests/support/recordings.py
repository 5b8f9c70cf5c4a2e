"""Recordings as someone writes them with NumPy, for tests of what reads them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from evolution.errors import ConfigError
from evolution.sources.recording import Recording
from evolution.sources.recording_listing import list_recording
from evolution.sources.stored_times import Listing

SAMPLES, CLASSES = 60, 5
CHOOSE = {"every": None, "log_until": None, "also": [], "leave_out": []}


def found(unit: str = "step", **choose: object) -> tuple[Listing, Recording]:
    """What planning finds in the recording `rec`; `choose` are keys of `recording.choose`."""
    return list_recording({"path": "rec", "unit": unit, "choose": CHOOSE | choose})


def fault(**given: object) -> str:
    """The message with which planning refuses the recording `rec`; parameters as `found`."""
    with pytest.raises(ConfigError) as error:
        found(**given)
    return str(error.value)


def write_recording(
    folder: Path, *, times: Iterable[object] = (0, 100, 200), predictions: str | None = "outputs", inputs: bool = True
) -> Path:
    """Two layers, conv1 (N, 2, 3, 3) and fc1 (N, 6), that draw together over the times, with what comes with them.

    Parameters
    ----------
    folder : Path
    times : iterable
        The folders' names.
    predictions : {"outputs", "classes"} or None
    inputs : bool
        Whether the raw inputs are there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.arange(SAMPLES) % CLASSES
    np.save(folder / "labels.npy", labels)
    np.save(folder / "ids.npy", np.array([f"s{number}" for number in range(SAMPLES)]))
    if inputs:
        np.save(folder / "inputs.npy", np.random.default_rng(0).normal(size=(SAMPLES, 1, 5, 5)).astype(np.float32))
    for number, time in enumerate(times):
        write_time(folder / str(time), number, predictions=predictions)
    return folder


def write_time(folder: Path, number: int, *, predictions: str | None = "outputs") -> None:
    """One time of `write_recording`; the classes are further apart the larger its number is."""
    folder.mkdir()
    random = np.random.default_rng(number + 1)
    centres = np.random.default_rng(0).normal(size=(CLASSES, 6))
    labels = np.arange(SAMPLES) % CLASSES
    features = (number * centres[labels] + random.normal(size=(SAMPLES, 6))).astype(np.float32)
    np.save(folder / "conv1.npy", np.tile(features, 3).reshape(SAMPLES, 2, 3, 3))
    np.save(folder / "fc1.npy", features)
    outputs = features @ centres.T.astype(np.float32)
    if predictions == "outputs":
        np.save(folder / "predictions.npy", outputs)
    elif predictions == "classes":
        np.save(folder / "predictions.npy", outputs.argmax(1))
