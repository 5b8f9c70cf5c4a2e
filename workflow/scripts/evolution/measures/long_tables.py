"""Reading the long tables of a run, and what their metrics are called when shown."""

import math

import numpy as np

from evolution import PIXELS
from evolution.io.reading import damaged
from evolution.io.tables import load_table

ADJUSTED_RAND = "adjusted_rand_index"

METRIC_TITLES = {
    "silhouette": "Silhouette",
    ADJUSTED_RAND: "Adjusted Rand index",
    "normalized_mutual_information": "Normalized mutual information",
    "label_silhouette": "Label silhouette",
    "knn_accuracy": "k-NN accuracy",
}


def network_layers(layers: list[str]) -> list[str]:
    """The layers without the raw pixels, which are no layer of the network but its baseline."""
    return [layer for layer in layers if layer != PIXELS]


def load_values(path: str) -> dict[tuple[str, int, str], float]:
    """Read `tables/metrics.parquet` or `tables/embedding.parquet`.

    Returns
    -------
    dict
        (layer, epoch, metric) to value; NaN where the metric is not defined.
    """
    table = load_table(path, "layer", "epoch", "metric", "value")
    layers, epochs, metrics, values = (table.column(name).to_pylist() for name in ("layer", "epoch", "metric", "value"))
    return {key: math.nan if value is None else value for key, value in zip(zip(layers, epochs, metrics), values)}


def series(values: dict[tuple[str, int, str], float], layer: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """One metric of one layer over time.

    Returns
    -------
    epochs : int array (E,)
        Ascending.
    values : float array (E,)
    """
    points = sorted((epoch, value) for (of, epoch, name), value in values.items() if (of, name) == (layer, metric))
    return np.array([epoch for epoch, _ in points], int), np.array([value for _, value in points], float)


def adjusted_rand_indices(path: str, cells: list[tuple[int, str]]) -> dict[tuple[int, str], float]:
    """The adjusted Rand index of each (epoch, layer), NaN where it is not defined.

    Raises
    ------
    JobError
        If the table has no row for one of them.
    """
    values = load_values(path)
    missing = [cell for cell in cells if (cell[1], cell[0], ADJUSTED_RAND) not in values]
    if missing:
        raise damaged(path, f"no {ADJUSTED_RAND} of layer {missing[0][1]} at epoch {missing[0][0]}")
    return {(epoch, layer): values[layer, epoch, ADJUSTED_RAND] for epoch, layer in cells}


def eval_accuracies(path: str) -> dict[int, float]:
    """The network's accuracy on the evaluation images at each epoch of `tables/history.parquet`."""
    table = load_table(path, "epoch", "measure", "value")
    rows = zip(*(table.column(name).to_pylist() for name in ("epoch", "measure", "value")))
    return {epoch: math.nan if value is None else value for epoch, measure, value in rows if measure == "eval_accuracy"}
