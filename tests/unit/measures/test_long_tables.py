"""Reading long tables."""

import math

import numpy as np
import pytest

from evolution.data.kinds import TARGETS
from evolution.errors import UserError
from evolution.io.tables import save_table
from evolution.measures.long_tables import (
    MAIN_METRICS,
    attribute_metrics_in,
    cell_values,
    eval_scores,
    load_values,
    series,
    without_raw_inputs,
)
from evolution.measures.registry import metrics_of
from support.figures import write_long


def test_values_come_back_whatever_their_order(tmp_path):
    values = {("b", 10, "m"): 3.0, ("b", 2, "m"): 2.0, ("b", 2, "n"): 9.0, ("a", 0, "m"): 1.0}
    read = load_values(write_long(tmp_path / "t.parquet", values))
    assert read == values
    times, curve = series(read, "b", "m")
    assert (times.tolist(), curve.tolist()) == ([2, 10], [2.0, 3.0])


def test_nothing_is_an_empty_series():
    times, curve = series({}, "b", "m")
    assert (times.shape, curve.shape) == ((0,), (0,))


def test_missing_values_are_nan(tmp_path):
    path = tmp_path / "t.parquet"
    save_table(path, {"layer": ["a"], "time": np.array([0], np.int32), "metric": ["m"], "value": [None]})
    assert math.isnan(load_values(path)["a", 0, "m"])


def test_a_metric_of_cells_is_looked_up(tmp_path):
    values = {("a", 0, "knn_r2"): 0.25, ("a", 0, "silhouette"): 0.5, ("a", 4, "knn_r2"): 0.75}
    path = write_long(tmp_path / "t.parquet", values)
    assert cell_values(path, "knn_r2", [(4, "a"), (0, "a")]) == {(4, "a"): 0.75, (0, "a"): 0.25}
    with pytest.raises(UserError, match="no knn_r2 of layer a at time 2"):
        cell_values(path, "knn_r2", [(0, "a"), (2, "a")])


def test_the_networks_scores_are_looked_up(tmp_path):
    rows = [(0, "eval_r2", -1.5), (0, "train_r2", 0.1), (3, "eval_r2", None), (3, "eval_loss", 2.0)]
    columns = dict(zip(("time", "metric", "value"), map(list, zip(*rows))))
    save_table(tmp_path / "h.parquet", columns)
    found = eval_scores(tmp_path / "h.parquet", "r2")
    assert list(found) == [0, 3] and found[0] == -1.5 and math.isnan(found[3])


def test_raw_inputs_are_no_layer_of_the_network():
    assert without_raw_inputs(["raw_inputs", "conv1", "fc"]) == ["conv1", "fc"]


def test_metrics_of_attributes_are_found_in_their_order():
    names = ["silhouette", "knn_r2:size: cm", "knn_accuracy:writer", "linear_probe_r2:size: cm"]
    assert attribute_metrics_in({("fc", 0, name): 0.5 for name in names}) == {
        "size: cm": {"knn_r2": "knn_r2:size: cm", "linear_probe_r2": "linear_probe_r2:size: cm"},
        "writer": {"knn_accuracy": "knn_accuracy:writer"},
    }
    assert attribute_metrics_in({("fc", 0, "silhouette"): 0.5}) == {}


def test_the_main_metric_of_each_target_is_always_measured():
    assert all(MAIN_METRICS[target] in metrics_of(target, ()) for target in TARGETS)
