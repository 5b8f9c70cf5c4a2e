"""Gathering a run's tables: by hand."""

import json
import math

import numpy as np
import pytest

import collect
from evolution.errors import UserError
from evolution.io.tables import load_metadata, load_table, save_table


def rows(columns):
    """The rows of a table of the run "mine", without its name."""
    assert set(columns["run"]) <= {"mine"}
    return list(zip(*(list(column) for name, column in columns.items() if name != "run")))


@pytest.fixture
def cell_tables(tmp_path):
    """Two layers, one of them in two spans; paths."""
    tables = {
        "0000/conv1.parquet": {"time": [0], "ari": [0.25], "knn": [0.5]},
        "0002-0004/conv1.parquet": {"time": [2, 4], "ari": [0.5, math.nan], "knn": [0.75, 1.0]},
        "0000/block.fc.1.parquet": {"time": [0], "ari": [-0.125], "knn": [0.0]},
    }
    for name, columns in tables.items():
        save_table(tmp_path / name, columns)
    return [str(tmp_path / name) for name in tables]


def test_values_of_classes_have_a_table_of_their_own(tmp_path):
    path = tmp_path / "0002-0004" / "conv1.parquet"
    save_table(path, {"time": [2, 4], "ari": [0.5, 0.25], "sil": [[0.1, 0.2], [0.3, math.nan]]})
    assert rows(collect.collect(run="mine", kind="metrics", paths=[str(path)], class_names=[])) == [
        ("conv1", 2, "ari", 0.5),
        ("conv1", 4, "ari", 0.25),
    ]
    columns = collect.collect(run="mine", kind="class_metrics", paths=[str(path)], class_names=["cat", "dog"])
    assert list(columns) == ["run", "layer", "time", "metric", "class_name", "value"]
    *known, last = rows(columns)
    assert known == [
        ("conv1", 2, "sil", "cat", 0.1),
        ("conv1", 2, "sil", "dog", 0.2),
        ("conv1", 4, "sil", "cat", 0.3),
    ]
    assert last[:4] == ("conv1", 4, "sil", "dog") and math.isnan(last[4])
    assert columns["time"].dtype == np.int32 and columns["value"].dtype == np.float64


@pytest.mark.parametrize("kind", ["metrics", "embedding"])
def test_cells_by_hand(cell_tables, kind):
    columns = collect.collect(run="mine", kind=kind, paths=cell_tables, class_names=[])
    assert list(columns) == ["run", "layer", "time", "metric", "value"]
    expected = [
        ("conv1", 0, "ari", 0.25),
        ("conv1", 0, "knn", 0.5),
        ("conv1", 2, "ari", 0.5),
        ("conv1", 2, "knn", 0.75),
        ("conv1", 4, "ari", math.nan),
        ("conv1", 4, "knn", 1.0),
        ("block.fc.1", 0, "ari", -0.125),
        ("block.fc.1", 0, "knn", 0.0),
    ]
    assert [row[:3] for row in rows(columns)] == [row[:3] for row in expected]
    np.testing.assert_array_equal(columns["value"], [row[3] for row in expected])
    assert columns["time"].dtype == np.int32 and columns["value"].dtype == np.float64


def test_history_by_hand(tmp_path):
    tables = {
        "0000.parquet": {
            "time": [0],
            "train_loss": [math.nan],
            "train_accuracy": [0.25],
            "eval_accuracy": [0.5],
            "class_accuracy": [[0.0, 1.0]],
        },
        "0001-0002.parquet": {
            "time": [1, 2],
            "train_loss": [1.5, 0.75],
            "train_accuracy": [0.5, 0.75],
            "eval_accuracy": [0.625, 0.875],
            "class_accuracy": [[0.5, 0.75], [math.nan, 0.875]],
        },
    }
    for name, columns in tables.items():
        save_table(tmp_path / name, columns)
    columns = collect.collect(
        run="mine", kind="history", paths=[str(tmp_path / name) for name in tables], class_names=["cat", "dog"]
    )
    assert list(columns) == ["run", "time", "metric", "class_name", "value"]
    expected = [
        (0, "train_loss", "", math.nan),
        (0, "train_accuracy", "", 0.25),
        (0, "eval_accuracy", "", 0.5),
        (0, "class_accuracy", "cat", 0.0),
        (0, "class_accuracy", "dog", 1.0),
        (1, "train_loss", "", 1.5),
        (1, "train_accuracy", "", 0.5),
        (1, "eval_accuracy", "", 0.625),
        (1, "class_accuracy", "cat", 0.5),
        (1, "class_accuracy", "dog", 0.75),
        (2, "train_loss", "", 0.75),
        (2, "train_accuracy", "", 0.75),
        (2, "eval_accuracy", "", 0.875),
        (2, "class_accuracy", "cat", math.nan),
        (2, "class_accuracy", "dog", 0.875),
    ]
    assert [row[:3] for row in rows(columns)] == [row[:3] for row in expected]
    np.testing.assert_array_equal(columns["value"], [row[3] for row in expected])
    assert columns["time"].dtype == np.int32


def test_a_table_that_is_none(cell_tables, tmp_path):
    save_table(tmp_path / "0000" / "fc2.parquet", {"ari": [1.0]})
    with pytest.raises(UserError, match=r"fc2\.parquet is damaged .*no column time"):
        collect.collect(
            run="mine", kind="embedding", paths=[*cell_tables, str(tmp_path / "0000" / "fc2.parquet")], class_names=[]
        )
    with pytest.raises(UserError, match=r"conv1\.parquet is damaged .*no column eval_accuracy"):
        collect.collect(run="mine", kind="history", paths=cell_tables, class_names=["cat", "dog"])


def test_a_training_elsewhere_has_its_own_losses_at_times_of_their_own(tmp_path):
    path = tmp_path / "step_000010.parquet"
    save_table(
        path, {"time": [10], "eval_loss": [0.5], "eval_accuracy": [0.75], "class_accuracy": [[1.0, 0.5]]}, unit="step"
    )
    losses = {5: {"train_loss": 2.0}, 15: {"train_loss": 1.0, "train_accuracy": 0.5}}
    columns = collect.collect(run="mine", kind="history", paths=[str(path)], class_names=["a", "b"], losses=losses)
    assert rows(columns) == [
        (5, "train_loss", "", 2.0),
        (10, "eval_loss", "", 0.5),
        (10, "eval_accuracy", "", 0.75),
        (10, "class_accuracy", "a", 1.0),
        (10, "class_accuracy", "b", 0.5),
        (15, "train_loss", "", 1.0),
        (15, "train_accuracy", "", 0.5),
    ]


def test_a_log_counts_before_what_checkpoints_say(tmp_path):
    path = tmp_path / "step_000010.parquet"
    told = {
        "time": [10],
        "eval_accuracy": [0.75],
        "class_accuracy": [[1.0]],
        "train_loss": [9.0],
        "train_accuracy": [0.5],
    }
    save_table(path, told, unit="step")
    losses = {10: {"train_loss": 1.0}}
    columns = collect.collect(run="mine", kind="history", paths=[str(path)], class_names=["a"], losses=losses)
    assert [row for row in rows(columns) if row[1].startswith("train")] == [
        (10, "train_accuracy", "", 0.5),
        (10, "train_loss", "", 1.0),
    ]


def save_digests(path, digest, *, time, digests_of, source):
    """The history of one time, as the job writes it that takes its snapshot."""
    metadata = {"digests": json.dumps({str(time): digest}), "digests_of": digests_of, "source": source}
    save_table(path, {"time": [time]}, metadata, unit="step")


def test_checkpoints_with_the_same_weights_are_named(tmp_path):
    paths = []
    for time, digest in ((1, "a"), (2, "b"), (3, "a")):
        paths.append(str(tmp_path / f"{time}.parquet"))
        save_digests(paths[-1], digest, time=time, digests_of="checkpoints", source="checkpoints")
    files = {1: "a/1.pt", 2: "a/2.pt", 3: "a/3.pt"}
    (warning,) = collect.equal_times(list(map(load_metadata, paths)), files, "step")
    assert "of step 1 and 3 hold the same numbers (a/1.pt, a/3.pt)" in warning and "leave_out: [1]" in warning
    assert collect.equal_times(list(map(load_metadata, paths[:2])), files, "step") == []


def test_the_time_in_the_other_unit():
    table = {"layer": ["a", "b"], "time": np.array([100, 200], np.int32), "value": np.array([0.5, 1])}
    found = collect.with_other_unit(table, {100: 1}, "epoch")
    assert list(found) == ["layer", "time", "epoch", "value"] and found["epoch"].to_pylist() == [1, None]
    assert found["epoch"].type == "int32"
    parts = collect.with_other_unit(table, {100: 0.5, 200: 1}, "epoch")["epoch"]
    assert parts.type == "double" and parts.to_pylist() == [0.5, 1]
    assert collect.with_other_unit(table, {}, "epoch") is table


def test_recorded_times_with_the_same_arrays_are_named(tmp_path):
    paths = [str(tmp_path / f"{time}.parquet") for time in (0, 100)]
    for path, time in zip(paths, (0, 100)):
        save_digests(path, "a", time=time, digests_of="recorded arrays", source="recording")
    (warning,) = collect.equal_times(list(map(load_metadata, paths)), {0: "rec/0", 100: "rec/100"}, "step")
    assert warning.startswith("The recorded arrays of step 0 and 100 hold the same numbers (rec/0, rec/100).")
    assert "recording: {choose: {leave_out: [0]}}" in warning


def save_history(path, columns):
    save_table(path, {"time": [0, 1]} | columns)
    return [str(path)]


def test_the_history_of_a_number(tmp_path):
    paths = save_history(tmp_path / "0.parquet", {"eval_loss": [1.0, 0.5], "eval_r2": [-0.5, 0.5], "seconds": [1, 2]})
    losses = {1: {"train_loss": 0.25, "train_accuracy": 0.9}}
    columns = collect.collect(run="mine", kind="history", paths=paths, class_names=[], target="number", losses=losses)
    assert rows(columns) == [
        (0, "eval_loss", "", 1.0),
        (0, "eval_r2", "", -0.5),
        (1, "eval_loss", "", 0.5),
        (1, "eval_r2", "", 0.5),
        # Of a log, as far as a training on numbers has it.
        (1, "train_loss", "", 0.25),
    ]
    with pytest.raises(UserError, match=r"0\.parquet is damaged .*no column eval_accuracy"):
        collect.collect(run="mine", kind="history", paths=paths, class_names=[])


def test_the_history_of_labels(tmp_path):
    scores = {"eval_average_precision": [0.5, 0.75], "class_average_precision": [[0.25, 0.75], [0.5, 1.0]]}
    paths = save_history(tmp_path / "0.parquet", {"train_average_precision": [math.nan, 1.0]} | scores)
    columns = collect.collect(run="mine", kind="history", paths=paths, class_names=["sun", "rain"], target="labels")
    assert rows(columns)[1:4] == [
        (0, "eval_average_precision", "", 0.5),
        (0, "class_average_precision", "sun", 0.25),
        (0, "class_average_precision", "rain", 0.75),
    ]
    assert len(rows(columns)) == 8


def test_the_history_of_a_network_without_labels(tmp_path):
    """Its loss may be known, or nothing: the table's columns have the same types then."""
    known, unknown = (
        collect.collect(
            run="mine",
            kind="history",
            paths=save_history(tmp_path / f"{name}.parquet", columns),
            class_names=[],
            target="none",
        )
        for name, columns in (("a", {"train_loss": [math.nan, 0.5]}), ("b", {}))
    )
    assert rows(known)[1] == (1, "train_loss", "", 0.5) and rows(unknown) == []
    for name, columns in (("a", known), ("b", unknown)):
        save_table(tmp_path / f"all_{name}.parquet", columns)
    schemas = [
        load_table(tmp_path / f"all_{name}.parquet", "time", "metric", "class_name", "value").schema for name in "ab"
    ]
    assert schemas[0] == schemas[1]


def test_measures_of_labels_and_by_attributes(tmp_path):
    path = tmp_path / "0000" / "fc.parquet"
    save_table(path, {"time": [0], "knn_r2:age": [0.5], "class_knn_average_precision": [[0.25, math.nan]]})
    assert rows(collect.collect(run="mine", kind="metrics", paths=[str(path)], class_names=[])) == [
        ("fc", 0, "knn_r2:age", 0.5)
    ]
    first, second = rows(
        collect.collect(run="mine", kind="class_metrics", paths=[str(path)], class_names=["sun", "rain"])
    )
    assert first == ("fc", 0, "class_knn_average_precision", "sun", 0.25)
    assert second[3] == "rain" and math.isnan(second[4])
