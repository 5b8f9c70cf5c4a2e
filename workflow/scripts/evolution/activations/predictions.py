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
        Of classes int32 (times, samples); of a number float32 (times, samples), in its own units; of K labels float32
        (times, samples, K), the probability of each.
    confidence : float32 array (times, samples)
        NaN for other targets than classes.

    Raises
    ------
    UserError
        If a time is missing, or does not have one row for each sample.
    """
    found = {}
    for path in paths:
        table = load_table(path, "time", "sample", "predicted", "confidence")
        row_times, sample, predicted, confidence = (
            _column(table, name) for name in ("time", "sample", "predicted", "confidence")
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


def _column(table, name: str) -> np.ndarray:
    """A column of numbers (rows,), or of lists of K numbers (rows, K)."""
    column = table.column(name).combine_chunks()
    # By DLPack: pyarrow's own conversion to NumPy would import pandas.
    if hasattr(column.type, "list_size"):
        return np.from_dlpack(column.flatten()).reshape(len(column), column.type.list_size)
    return np.from_dlpack(column)


def are_known(predicted: np.ndarray) -> bool:
    """Whether predictions are there: a recording may have none, and all are then `UNKNOWN`, or NaN where they are floats.

    Parameters
    ----------
    predicted : array (times, samples, ...)
        See `load_predictions`.
    """
    return bool(np.isfinite(predicted).all() if predicted.dtype.kind == "f" else (predicted != UNKNOWN).all())


def prediction_columns(
    times: Sequence[int], predicted: Sequence[np.ndarray], confidence: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """The columns of a table of predictions, a row for each time and sample.

    Parameters
    ----------
    times : sequence of int
    predicted : sequence of arrays (N,) or (N, K), one a time
        Of classes whole numbers; of a number, or of labels, floats. `UNKNOWN` or NaN where nobody knows.
    confidence : sequence of float arrays (N,), one a time
        NaN where nobody knows.

    Returns
    -------
    dict of columns
        time int32, sample int32, predicted int32 or float32, (rows,) or (rows, K), confidence float32.
    """
    count = len(predicted[0])
    dtype = np.float32 if predicted[0].dtype.kind == "f" else np.int32
    return {
        "time": np.repeat(np.array(times, np.int32), count),
        "sample": np.tile(np.arange(count, dtype=np.int32), len(times)),
        "predicted": np.concatenate(predicted).astype(dtype),
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
    if predictions["predicted"].ndim == 2:
        predictions = predictions | {"predicted": _lists(predictions["predicted"])}
    save_table(path, predictions, {"warnings": json.dumps(warnings)} if warnings else None, unit=unit)


def _lists(rows: np.ndarray):
    """An array (rows, K) as a column of lists of K numbers."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])
