"""The network's prediction for each evaluation sample, over the times: a table a span."""

import json
from collections.abc import Sequence

import numpy as np

from evolution.io.reading import damaged
from evolution.io.tables import load_table, save_table

# The class of a sample of which no prediction is known.
UNKNOWN = -1


def load_predictions(paths: list[str], times: list[int], samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and confidences at each of the times.

    Parameters
    ----------
    paths : list of paths of `predictions/{span}.parquet`
    times : list of int
    samples : int

    Returns
    -------
    predicted : array
        Classes int32 (times, samples); numbers float32 (times, samples); of several labels, how probable each is,
        float32 (times, samples, labels).
    confidence : float32 array (times, samples)

    Raises
    ------
    UserError
        If a time is missing, or does not have one row for each sample.
    """
    found = {}
    for path in paths:
        table = load_table(path, "time", "sample", "predicted", "confidence")
        row_times, sample, predicted, confidence = (
            _array(table.column(name)) for name in ("time", "sample", "predicted", "confidence")
        )
        for time in np.unique(row_times):
            rows = np.flatnonzero(row_times == time)
            rows = rows[np.argsort(sample[rows])]
            if not np.array_equal(sample[rows], np.arange(samples)):
                raise damaged(path, f"not one row for each of {samples} samples at time {time}")
            found[int(time)] = predicted[rows], confidence[rows]
    missing = [time for time in times if time not in found]
    if missing:
        raise damaged(paths[-1], f"no time {missing[0]}")
    return tuple(np.stack([found[time][part] for time in times]) for part in (0, 1))


def _array(column) -> np.ndarray:
    """A column of a table, (rows,), or (rows, labels) where it holds lists of one length."""
    column = column.combine_chunks()
    # By DLPack: pyarrow's own conversion to NumPy would import pandas.
    if hasattr(column.type, "list_size"):
        return np.from_dlpack(column.flatten()).reshape(len(column), column.type.list_size)
    return np.from_dlpack(column)


def are_known(predicted: np.ndarray) -> bool:
    """Whether predictions, as `load_predictions` gives them, are there: a recording may have none.

    All classes are then `UNKNOWN`, and all numbers and probabilities NaN.
    """
    known = np.isfinite(predicted) if predicted.dtype.kind == "f" else predicted != UNKNOWN
    return bool(known.all())


def prediction_columns(
    times: Sequence[int], predicted: Sequence[np.ndarray], confidence: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """The columns of a table of predictions, a row for each time and sample.

    Parameters
    ----------
    times : sequence of int
    predicted : sequence of int arrays (N,), one a time
        `UNKNOWN` where nobody knows.
    confidence : sequence of float arrays (N,), one a time
        NaN where nobody knows.

    Returns
    -------
    dict of columns
        time int32, sample int32, predicted int32, confidence float32.
    """
    count = len(predicted[0])
    return {
        "time": np.repeat(np.array(times, np.int32), count),
        "sample": np.tile(np.arange(count, dtype=np.int32), len(times)),
        "predicted": np.concatenate(predicted).astype(np.int32),
        "confidence": np.concatenate(confidence).astype(np.float32),
    }


def save_predictions(
    path: str, predictions: dict[str, np.ndarray], *, warnings: list[str], unit: str = "epoch"
) -> None:
    """Write the predictions of a span.

    Parameters
    ----------
    path : path of predictions/{span}.parquet
    predictions : dict of columns
        time, sample, predicted, confidence.
    warnings : list of str
        What is surely a slip in the network's outputs. The table's metadata has them, where there are any.
    unit : {"epoch", "step"}
        What times are counted in.
    """
    save_table(path, predictions, {"warnings": json.dumps(warnings)} if warnings else None, unit=unit)
