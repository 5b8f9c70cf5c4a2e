"""A run as the workflow leaves it, small and by rule, for the reader; and a check of all that the reader gives."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from activation_reader import load
from contents import contents
from evolution.activations.cells import Cells
from evolution.activations.predictions import prediction_columns, save_predictions
from evolution.data.targets import load_targets
from evolution.io.arrays import NpyWriter, save_npy
from evolution.io.large_tables import save_large_table
from evolution.io.tables import save_table
from points import points
from support.samples import write_samples

LAYERS = ["raw_inputs", "conv1", "block.conv3", "fc1"]
SPANS = {"0000": [0], "0002-0006": [2, 4, 6], "0008": [8], "0010": [10]}
STEP_SPANS = {"step_000000": [0], "step_000100-000400": [100, 400]}
METRICS = ("adjusted_rand_index", "knn_accuracy")


def write_run(folder: Path, *, target="classes", unit="epoch", spans=None, layers=LAYERS, has_predictions=True) -> Path:
    """Write a run of 60 samples into a folder of its name; returns the folder."""
    spans = spans or {"epoch": SPANS, "step": STEP_SPANS}[unit]
    random, run = np.random.default_rng(5), folder.name
    dataset = write_samples(folder / "dataset.npz", target=target)
    targets = load_targets(dataset)
    count, classes = targets.count, len(targets.names)
    for span, times in spans.items():
        for layer in followed(layers, times[0] == 0):
            shape = (len(times), count)
            with NpyWriter(folder / "activations" / span / f"{layer}.npy", len(times)) as activations:
                # As of compact coordinates: some times need fewer than others, and all have notes.
                for index in range(len(times)):
                    entry = random.normal(size=(count, 1030 if layer == "conv1" and index else 7))
                    activations.put(index, entry.astype(np.float32), random.random(5, np.float32))
            for name, array in {
                "embeddings": random.normal(size=(*shape, 2)).astype(np.float32),
                "clusters": random.integers(0, 3, shape).astype(np.int16),
                "votes": random.integers(0, 3, (*shape, classes) if target == "labels" else shape).astype(np.int16),
            }.items():
                save_npy(folder / name / span / f"{layer}.npy", array)
        rows = random.normal(size=(len(times), count + classes, 5)).astype(np.float32)
        save_npy(folder / "classifier" / f"{span}.npy", rows if target == "classes" else rows * np.nan)
        predicted = random.integers(0, 3, (len(times), count)) if has_predictions else np.full((len(times), count), -1)
        confidence = random.random((len(times), count)) if has_predictions else np.full((len(times), count), np.nan)
        if target == "labels":
            predicted = random.random((len(times), count, classes)).astype(np.float32)
        if target in ("number", "labels"):
            predicted, confidence = predicted.astype(np.float32), np.full((len(times), count), np.nan)
        save_predictions(
            folder / "predictions" / f"{span}.parquet",
            prediction_columns(times, predicted, confidence),
            warnings=[],
            unit=unit,
        )
    (folder / "contents.json").write_text(
        contents(run=run, source="train", unit=unit, layers=layers, spans=spans), encoding="utf-8"
    )
    tables = points(
        run=run,
        dataset=dataset,
        embeddings=cells_in(folder / "embeddings", spans),
        clusters=cells_in(folder / "clusters", spans),
        predictions={span: str(folder / "predictions" / f"{span}.parquet") for span in spans},
        spans=spans,
        layers=layers,
        has_predictions=has_predictions,
        unit=unit,
    )
    save_large_table(folder / "tables" / "points.parquet", tables, unit=unit, counting=["sample"])
    rows = [
        (run, layer, time, metric, float(random.random()))
        for times in spans.values()
        for time in times
        for layer in followed(layers, time == 0)
        for metric in METRICS
    ]
    columns = dict(zip(("run", "layer", "time", "metric", "value"), map(list, zip(*rows))))
    save_table(folder / "tables" / "metrics.parquet", columns, unit=unit)
    history = {"run": [run] * 2, "time": [0, 2], "metric": ["eval_accuracy"] * 2, "class_name": [""] * 2}
    save_table(folder / "tables" / "history.parquet", history | {"value": [0.1, 0.5]}, unit=unit)
    return folder


def followed(layers: list[str], is_first: bool) -> list[str]:
    """The layers at a time: the raw inputs at the first alone."""
    return [layer for layer in layers if layer != "raw_inputs" or is_first]


def cells_in(folder: Path, spans: dict[str, list[int]]) -> Cells:
    """The workflow's reader of the cells in the files of these spans."""
    return Cells((path for span in spans for path in (folder / span).glob("*.npy")), spans)


def check_run(folder: Path) -> None:
    """Compare all that the reader gives of a run with the workflow's own reading of the files."""
    run = load(folder)
    said = json.loads((folder / "contents.json").read_text(encoding="utf-8"))
    spans, unit, layers = said["spans"], said["unit"], said["layers"]
    targets = load_targets(folder / "dataset.npz")
    times = [time for span in spans.values() for time in span]
    assert (run.name, run.unit, run.layers, run.times) == (folder.name, unit, layers, times)
    assert (run.target, len(run), run.class_names) == (targets.target, targets.count, list(targets.names))
    if targets.values is not None:
        np.testing.assert_array_equal(run.labels, targets.values, strict=True)
    assert run.attributes.keys() == targets.attributes.keys()
    for name, column in targets.attributes.items():
        np.testing.assert_array_equal(run.attributes[name], column, strict=True)
    whole = run.points()
    cells = [(time, layer) for time in times for layer in followed(layers, time == times[0])]
    assert whole.num_rows == len(cells) * targets.count
    files = {name: cells_in(folder / name, spans) for name in ("activations", "embeddings", "clusters", "votes")}
    for number, (time, layer) in enumerate(cells):
        at = {unit: time}
        wanted = {
            name: files[name].read(layer, time, shape)
            for name, shape in {
                "activations": (targets.count, None),
                "embeddings": (targets.count, 2),
                "clusters": (targets.count,),
            }.items()
        }
        np.testing.assert_array_equal(run.activations(layer, **at), wanted["activations"], strict=True)
        np.testing.assert_array_equal(run.layout(layer, **at), wanted["embeddings"], strict=True)
        np.testing.assert_array_equal(run.clusters(layer, **at), wanted["clusters"], strict=True)
        if targets.target != "none":
            shape = (targets.count, None) if targets.target == "labels" else (targets.count,)
            np.testing.assert_array_equal(run.votes(layer, **at), files["votes"].read(layer, time, shape))
        rows = run.points(layer, **at)
        assert rows.to_pylist() == whole.slice(number * targets.count, targets.count).to_pylist()
        columns = rows.to_pydict()
        np.testing.assert_array_equal(np.transpose([columns["x"], columns["y"]]), wanted["embeddings"])
        assert columns["cluster"] == wanted["clusters"].tolist() and columns["sample"] == list(range(targets.count))
        assert {*columns["run"]} == {folder.name} and {*columns[unit]} == {time} and {*columns["layer"]} == {layer}
        if targets.target == "classes":
            assert columns["label"] == [targets.names[label] for label in targets.values]
    tables = {path.stem: pq.ParquetFile(path).read() for path in (folder / "tables").glob("*.parquet")}
    for name, table in tables.items():
        assert {*table["run"].to_pylist()} <= {folder.name}, name
        assert "metric" in table.column_names or name == "points"
        assert repr(run.table(name).to_pylist()) == repr(table.to_pylist())
    said_of = pa.concat_tables(
        pq.ParquetFile(folder / "predictions" / f"{span}.parquet").read().replace_schema_metadata() for span in spans
    )
    found = run.predictions()
    assert set(found["run"].to_pylist()) == {folder.name}
    assert repr(found.drop_columns("run").to_pylist()) == repr(said_of.to_pylist())
