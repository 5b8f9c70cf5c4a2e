"""The lines of docs/python-and-r.md run as they stand, and find what the arrays say by hand."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from activation_reader import load
from evolution.activations.predictions import load_predictions
from evolution.data.targets import load_targets
from support.docs_examples import shown_file
from support.project import ROOT
from support.read_runs import SPANS, write_run

PAGE = "python-and-r.md"
LAYERS = ["raw_inputs", "conv1", "conv3", "fc1"]
TIMES = [time for times in SPANS.values() for time in times]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Two runs in the folder results of the working directory; the first of them."""
    monkeypatch.chdir(tmp_path)
    write_run(Path("results/other"), layers=["conv1"], spans={"0000": [0], "0002": [2]})
    write_run(Path("results/mnist"), layers=LAYERS)
    return load("results/mnist")


def executed(name: str) -> dict[str, object]:
    """The names that a block of the page defines."""
    names: dict[str, object] = {}
    exec(shown_file(PAGE, name), names)
    return names


def values_of(run, metric):
    rows = run.metrics().to_pylist()
    return {(row["layer"], row["epoch"]): row["value"] for row in rows if row["metric"] == metric}


def outcomes(run):
    """The label of each sample, and what is predicted at each time with its confidence, by the workflow's reader."""
    paths = [f"results/mnist/predictions/{span}.parquet" for span in SPANS]
    return load_targets("results/mnist/dataset.npz").values, *load_predictions(paths, TIMES, len(run))


def test_all_blocks_of_python_are_tried():
    text = (ROOT / "docs" / PAGE).read_text(encoding="utf-8")
    assert re.findall(r"```python\n# (.*)\n", text) == ["reader", "pandas", "attributes", "polars", "duckdb"]
    assert len(re.findall(r"```python", text)) == 5


def test_reader(run):
    found = executed("reader")
    rows = np.load("results/mnist/activations/0010/conv3.npy")[0]
    np.testing.assert_array_equal(found["rows"], rows)
    np.testing.assert_array_equal(found["centres"], [rows[label::3].mean(axis=0) for label in range(3)])
    assert len(found["frame"]) == run.metrics().num_rows


def test_pandas(run):
    found = executed("pandas")
    values = values_of(run, "knn_accuracy")
    assert found["curves"].index.tolist() == TIMES and set(found["curves"].columns) == set(LAYERS)
    for layer in LAYERS[1:]:
        assert found["curves"][layer].tolist() == [values[layer, time] for time in TIMES]
    labels, predicted, _ = outcomes(run)
    wanted = np.zeros((3, 3), int)
    np.add.at(wanted, (labels, predicted[-1]), 1)
    assert found["confused"].loc[run.class_names, run.class_names].to_numpy().tolist() == wanted.tolist()


def test_attributes(run):
    found = executed("attributes")["spread"]
    layout = np.load("results/mnist/embeddings/0010/fc1.npy")[0]
    for number in range(4):
        wanted = layout[number::4].std(axis=0, ddof=1)
        np.testing.assert_allclose(found.loc[f"writer {number}"], wanted, rtol=1e-5)


def test_polars(run):
    found = executed("polars")
    labels, predicted, confidence = outcomes(run)
    wrong = np.flatnonzero(labels != predicted[-1])
    assert found["wrong"]["sample"].to_list() == wrong[np.argsort(-confidence[-1][wrong])].tolist()
    layouts = [run.layout("conv3", epoch=time).astype(float) for time in TIMES]
    moved = [np.linalg.norm(after - before, axis=1).mean() for before, after in pairwise(layouts)]
    assert found["moves"]["epoch"].to_list() == TIMES and found["moves"]["distance"][0] is None
    np.testing.assert_allclose(found["moves"]["distance"].to_list()[1:], moved, rtol=1e-5)


def test_duckdb(run):
    found = executed("duckdb")
    wanted = {}
    for name in ("mnist", "other"):
        for (layer, epoch), value in values_of(load(f"results/{name}"), "adjusted_rand_index").items():
            wanted[name, layer] = max(wanted.get((name, layer), (-1, 0)), (value, epoch))
    rows = found["best"].itertuples(index=False)
    assert {(row.run, row.layer): (row.best, row.epoch) for row in rows} == wanted
    assert set(found["best"]["run"]) == {"mnist", "other"}
    labels, predicted, _ = outcomes(run)
    last_wrong = [max([-1, *np.array(TIMES)[predicted[:, sample] != labels[sample]]]) for sample in range(len(run))]
    assert dict(found["learned"].to_numpy().tolist()) == dict(enumerate(last_wrong))


def test_arrow_tables_are_taken_as_they_are(run):
    import duckdb
    import polars as pl

    metrics = run.metrics()
    assert pl.from_arrow(metrics)["value"].to_list() == metrics["value"].to_pylist()
    assert duckdb.sql("select value from metrics").fetchall() == [(value,) for value in metrics["value"].to_pylist()]
    points = run.points("fc1", epoch=10)
    assert pl.from_arrow(points)["label"].cast(str).to_list() == points["label"].to_pylist()
    assert duckdb.sql("select label from points").fetchall() == [(label,) for label in points["label"].to_pylist()]
