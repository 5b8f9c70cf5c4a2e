"""Reading the long tables of a run."""

import math
from collections.abc import Collection

import numpy as np

from evolution import RAW_INPUTS
from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.io.reading import damaged
from evolution.io.tables import load_table

ADJUSTED_RAND = "adjusted_rand_index"

# The metric that layers are compared by, of each kind of target.
MAIN_METRICS = {CLASSES: ADJUSTED_RAND, NUMBER: "knn_r2", LABELS: "knn_average_precision", NONE: "silhouette"}


def without_raw_inputs(layers: list[str]) -> list[str]:
    """The layers without the raw inputs, which are no layer of the network but its baseline."""
    return [layer for layer in layers if layer != RAW_INPUTS]


def load_values(path: str) -> dict[tuple[str, int, str], float]:
    """Read `tables/metrics.parquet` or `tables/embedding.parquet`.

    Returns
    -------
    dict
        (layer, time, metric) to value; NaN where the metric is not defined.
    """
    table = load_table(path, "layer", "time", "metric", "value")
    layers, times, metrics, values = (table.column(name).to_pylist() for name in ("layer", "time", "metric", "value"))
    return {key: math.nan if value is None else value for key, value in zip(zip(layers, times, metrics), values)}


def attribute_metrics_in(values: Collection[tuple[str, int, str]]) -> dict[str, dict[str, str]]:
    """The metrics that are measured against attributes of the samples (`metrics.measure_by`).

    Parameters
    ----------
    values : collection of (layer, time, metric)
        See `load_values`.

    Returns
    -------
    dict of str to dict
        Attribute to its metrics: each metric's name, such as "knn_r2", to what tables call it, "knn_r2:age".
    """
    found: dict[str, dict[str, str]] = {}
    for called in dict.fromkeys(metric for _, _, metric in values):
        metric, _, attribute = called.partition(":")
        if attribute:
            found.setdefault(attribute, {})[metric] = called
    return found


def series(values: dict[tuple[str, int, str], float], layer: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """One metric of one layer over time.

    Returns
    -------
    times : int array (E,)
        Ascending.
    values : float array (E,)
    """
    points = sorted((time, value) for (of, time, name), value in values.items() if (of, name) == (layer, metric))
    return np.array([time for time, _ in points], int), np.array([value for _, value in points], float)


def cell_values(path: str, metric: str, cells: list[tuple[int, str]]) -> dict[tuple[int, str], float]:
    """A metric of each (time, layer), NaN where it is not defined.

    Raises
    ------
    UserError
        If the table has no row for one of them.
    """
    values = load_values(path)
    missing = [cell for cell in cells if (cell[1], cell[0], metric) not in values]
    if missing:
        raise damaged(path, f"no {metric} of layer {missing[0][1]} at time {missing[0][0]}")
    return {(time, layer): values[layer, time, metric] for time, layer in cells}


def pair_matrix(names: list, first: list, second: list, values: np.ndarray) -> np.ndarray:
    """A column of a table of pairs, such as `cka.pair_table`, as a matrix.

    Parameters
    ----------
    names : list of M
        The rows and columns of the matrix, in their order.
    first, second : lists
        The pair that each value is of; pairs with others than `names` are passed over.
    values : float array

    Returns
    -------
    float array (M, M)
        Symmetric; NaN for a pair that the table lacks.
    """
    index = {name: number for number, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), math.nan)
    for one, other, value in zip(first, second, values):
        if one in index and other in index:
            matrix[index[one], index[other]] = matrix[index[other], index[one]] = value
    return matrix


def eval_scores(path: str, score: str) -> dict[int, float]:
    """The network's score on the evaluation samples at each time of `tables/history.parquet`.

    Parameters
    ----------
    path : path
    score : str
        Of `evolution.data.kinds.SCORES`.
    """
    table = load_table(path, "time", "metric", "value")
    rows = zip(*(table.column(name).to_pylist() for name in ("time", "metric", "value")))
    return {time: math.nan if value is None else value for time, metric, value in rows if metric == f"eval_{score}"}
