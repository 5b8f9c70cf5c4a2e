"""The dots of all maps, against the files that they come from, read by hand."""

import numpy as np
import pyarrow as pa
import pytest

from evolution.activations.cells import Cells
from evolution.activations.predictions import prediction_columns, save_predictions
from evolution.errors import UserError
from evolution.io.arrays import save_npy
from points import points
from support.samples import write_samples

SPANS = {"0000": [0], "0002-0004": [2, 4]}
LAYERS = ["raw_inputs", "block.1", "fc"]
COUNT, NAMES = 60, ("ash", "birch", "cedar")


class Written:
    """A run of 60 samples, with what lies in its files."""

    def __init__(self, folder, target):
        self.random, self.folder = np.random.default_rng(4), folder
        self.dataset = write_samples(folder / "dataset.npz", kind="table", target=target)
        self.layouts, self.clusters = {}, {}
        for span, times in SPANS.items():
            for layer in LAYERS if times[0] == 0 else LAYERS[1:]:
                self.layouts[span, layer] = self.random.normal(size=(len(times), COUNT, 2)).astype(np.float32)
                self.clusters[span, layer] = self.random.integers(0, 4, (len(times), COUNT)).astype(np.int16)
                save_npy(folder / "embeddings" / span / f"{layer}.npy", self.layouts[span, layer])
                save_npy(folder / "clusters" / span / f"{layer}.npy", self.clusters[span, layer])

    def predict(self, predicted, confidence):
        """Write what the network says at times 0, 2 and 4."""
        for span, chosen in {"0000": slice(0, 1), "0002-0004": slice(1, 3)}.items():
            columns = prediction_columns(SPANS[span], predicted[chosen], confidence[chosen])
            save_predictions(self.folder / "predictions" / f"{span}.parquet", columns, warnings=[])

    def points(self, **more):
        of = {name: Cells(sorted((self.folder / name).rglob("*.npy")), SPANS) for name in ("embeddings", "clusters")}
        predictions = {span: str(self.folder / "predictions" / f"{span}.parquet") for span in SPANS}
        return list(
            points(
                run="mine", dataset=self.dataset, predictions=predictions, spans=SPANS, layers=LAYERS, **{**of, **more}
            )
        )

    def unknown(self, value, shape=(3, COUNT)):
        self.predict(np.full(shape, value), np.full((3, COUNT), np.nan))


def labels_of(written):
    with np.load(written.dataset) as archive:
        return archive["eval_labels"]


def test_each_dot_has_a_row(tmp_path):
    written = Written(tmp_path, "classes")
    predicted, confidence = written.random.integers(0, 3, (3, COUNT)), written.random.random((3, COUNT))
    written.predict(predicted, confidence)
    tables = written.points()
    cells = [(0, "raw_inputs"), *((time, layer) for time in (0, 2, 4) for layer in LAYERS[1:])]
    assert len(tables) == len(cells)
    for table, (time, layer) in zip(tables, cells):
        span, index = ("0000", 0) if time == 0 else ("0002-0004", time // 2 - 1)
        rows = table.to_pydict()
        assert list(rows) == [
            *("run", "time", "layer", "sample", "x", "y", "label", "cluster", "predicted", "confidence")
        ]
        assert set(rows["run"]) == {"mine"} and set(rows["time"]) == {time} and set(rows["layer"]) == {layer}
        assert rows["sample"] == list(range(COUNT))
        layout = written.layouts[span, layer][index]
        assert rows["x"] == layout[:, 0].tolist() and rows["y"] == layout[:, 1].tolist()
        assert rows["cluster"] == written.clusters[span, layer][index].tolist()
        assert rows["label"] == [NAMES[label] for label in labels_of(written)]
        # The raw inputs are of the first time, and so are the predictions next to them.
        assert rows["predicted"] == [NAMES[label] for label in predicted[time // 2]]
        assert rows["confidence"] == confidence[time // 2].astype(np.float32).tolist()
    assert {table.schema for table in tables} == {tables[0].schema}
    whole = pa.concat_tables(tables).to_pandas()
    assert list(whole["layer"].cat.categories) == LAYERS and list(whole["label"].cat.categories) == list(NAMES)


def test_steps_have_the_epoch_next_to_them_as_far_as_it_is_known(tmp_path):
    written = Written(tmp_path, "classes")
    written.unknown(0)
    tables = written.points(unit="step", other_times={0: 0, 2: 0.5})
    assert tables[0].column_names[:3] == ["run", "time", "epoch"]
    assert [set(table["epoch"].to_pylist()) for table in tables] == [{0.0}] * 3 + [{0.5}] * 2 + [{None}] * 2
    assert written.points(unit="epoch", other_times={0: 0, 2: 50})[0]["step"].type == pa.int32()
    assert "step" not in written.points(unit="epoch", other_times={})[0].column_names


def test_what_is_not_known_is_null(tmp_path):
    """As where a recording has classes without a confidence, and none at one of its times."""
    written = Written(tmp_path, "classes")
    predicted = written.random.integers(0, 3, (3, COUNT))
    predicted[1] = -1
    written.predict(predicted, np.full((3, COUNT), np.nan))
    tables = written.points()
    assert [table["predicted"].null_count for table in tables] == [0, 0, 0, COUNT, COUNT, 0, 0]
    assert {table["confidence"].null_count for table in tables} == {COUNT}


@pytest.mark.parametrize("target", ["classes", "number", "labels", "none"])
def test_a_column_of_which_nothing_is_known_is_left_out(tmp_path, target):
    written = Written(tmp_path, target)
    written.unknown(*((np.float32(np.nan), (3, COUNT, 3)) if target == "labels" else (-1,)))
    names = written.points(has_predictions=False)[0].column_names
    known = [] if target == "none" else ["label"]
    assert names == ["run", "time", "layer", "sample", "x", "y", *known, "cluster"]


def test_a_number(tmp_path):
    written = Written(tmp_path, "number")
    predicted = written.random.normal(size=(3, COUNT)).astype(np.float32)
    predicted[2, 5] = np.nan
    written.predict(predicted, np.full((3, COUNT), np.nan))
    last = written.points()[-1].to_pydict()
    assert last["label"] == labels_of(written).tolist() and "confidence" not in last
    assert last["predicted"] == [None if place == 5 else value for place, value in enumerate(predicted[2].tolist())]


def test_labels_are_lists_of_names(tmp_path):
    written = Written(tmp_path, "labels")
    predicted = written.random.random((3, COUNT, 3)).astype(np.float32)
    predicted[2, :3] = [[0.5, 0.49, 0.9], [0, 0, 0], [np.nan] * 3]
    written.predict(predicted, np.full((3, COUNT), np.nan))
    tables = written.points()
    last = tables[-1].to_pydict()
    held = labels_of(written)
    assert last["label"] == [[name for name, has in zip(NAMES, row) if has] for row in held]
    assert last["predicted"][:3] == [["ash", "cedar"], [], None] and "confidence" not in last
    first = tables[0].to_pydict()
    assert first["predicted"] == [[name for name, share in zip(NAMES, row) if share >= 0.5] for row in predicted[0]]


def test_without_labels_the_names_of_the_outputs_are_what_is_predicted(tmp_path):
    written = Written(tmp_path, "none")
    written.unknown(0)
    assert "predicted" not in written.points()[0].column_names, "it has no names"
    written.dataset = write_samples(tmp_path / "named.npz", kind="table", target="none")
    with np.load(written.dataset) as archive:
        np.savez(written.dataset, **{**archive, "class_names": np.array(NAMES)})
    table = written.points()[0].to_pydict()
    assert table["predicted"] == ["ash"] * COUNT and "label" not in table


def test_a_layout_that_is_not_finite_stops_the_job(tmp_path):
    written = Written(tmp_path, "classes")
    written.unknown(0)
    layout = written.layouts["0002-0004", "fc"]
    layout[1, 3, 0] = np.nan
    save_npy(tmp_path / "embeddings" / "0002-0004" / "fc.npy", layout)
    with pytest.raises(UserError, match=r"0002-0004/fc\.npy is damaged .*not finite"):
        written.points()


@pytest.mark.parametrize(
    ("target", "predicted", "says"),
    [
        ("classes", np.full((3, COUNT), 3), "classes from 3 to 3, and there are 3"),
        ("classes", np.full((3, COUNT), -2), "classes from -2 to -2, and there are 3"),
        ("classes", np.full((3, COUNT), 0.5), "classes from 0.5 to 0.5, and there are 3"),
        ("labels", np.full((3, COUNT, 2), 0.5), "values of 2 labels, and there are 3"),
        ("labels", np.full((3, COUNT, 4), 0.5), "values of 4 labels, and there are 3"),
        ("labels", np.full((3, COUNT), 0), f"values of {COUNT} labels, and there are 3"),
    ],
)
def test_predictions_of_other_classes_stop_the_job(tmp_path, target, predicted, says):
    """As of a file that is left of a run with other classes."""
    written = Written(tmp_path, target)
    written.predict(predicted, np.full((3, COUNT), np.nan))
    with pytest.raises(UserError, match=rf"0000\.parquet is damaged or not what .*\({says}\)"):
        written.points()


def test_labels_of_other_classes_stop_the_job(tmp_path):
    written = Written(tmp_path, "classes")
    written.unknown(0)
    with np.load(written.dataset) as archive:
        np.savez(written.dataset, **{**archive, "class_names": np.array(NAMES[:2])})
    with pytest.raises(UserError, match=r"dataset\.npz is damaged .*classes from 0 to 2, and there are 2"):
        written.points()
