"""A run of each kind, against the workflow's own reading of its files."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from activation_reader import ReaderError, load
from support.read_runs import METRICS, SPANS, check_run, write_run


@pytest.mark.parametrize("target", ["classes", "number", "labels", "none"])
@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_runs_of_any_target_and_unit(tmp_path, target, unit):
    check_run(write_run(tmp_path / "mine", target=target, unit=unit))


def test_a_run_whose_predictions_nobody_knows_and_without_raw_inputs(tmp_path):
    folder = write_run(tmp_path / "mine", layers=["conv1", "fc1"], has_predictions=False)
    check_run(folder)
    assert "predicted" not in load(folder).points().column_names


def test_one_line(tmp_path):
    run = load(write_run(tmp_path / "mine"))
    assert repr(run) == "<run mine: 60 samples, 4 layers, 6 snapshots, epoch 0 to 10>"
    assert (run.source, len(run), run.images.shape) == ("train", 60, (60, 1, 16, 16))
    assert run.ids.tolist() == list(range(0, 120, 2))


def test_cells_by_hand(tmp_path):
    folder = write_run(tmp_path / "mine")
    run = load(str(folder))
    file = np.load(folder / "activations" / "0002-0006" / "block.conv3.npy")
    np.testing.assert_array_equal(run.activations("block.conv3", epoch=6), file[2])
    np.testing.assert_array_equal(
        run.activations("raw_inputs"), np.load(folder / "activations" / "0000" / "raw_inputs.npy")[0]
    )
    rows = np.load(folder / "classifier" / "0002-0006.npy")[1]
    inputs, weights = run.classifier(epoch=4)
    np.testing.assert_array_equal(inputs, rows[:60])
    np.testing.assert_array_equal(weights, rows[60:])
    assert weights.shape == (3, 5)


def test_files_of_former_settings_do_not_count(tmp_path):
    """Epoch 10 was once in a span with epoch 8."""
    folder = write_run(tmp_path / "mine", spans={"0000": [0], "0008-0010": [8, 10]})
    write_run(folder, spans=SPANS)
    check_run(folder)


def test_predictions_at_one_time(tmp_path):
    folder = write_run(tmp_path / "mine", unit="step")
    run = load(folder)
    found = run.predictions(step=400)
    file = pq.read_table(folder / "predictions" / "step_000100-000400.parquet").to_pandas()
    wanted = file[file["step"] == 400]
    assert found.column_names == ["run", "step", "sample", "predicted", "confidence"] and found.num_rows == 60
    assert found["predicted"].to_pylist() == wanted["predicted"].tolist()


def test_tables(tmp_path):
    run = load(write_run(tmp_path / "mine"))
    metrics = run.metrics()
    assert metrics.column_names == ["run", "layer", "epoch", "metric", "value"]
    assert metrics.num_rows == (4 + 5 * 3) * len(METRICS)
    assert run.history()["value"].to_pylist() == [0.1, 0.5]
    assert run.points("fc1").num_rows == 6 * 60 and run.points(epoch=10).num_rows == 3 * 60
    assert run.points("raw_inputs").num_rows == run.points("raw_inputs", epoch=0).num_rows == 60


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (
            lambda run: run.activations("conv9", epoch=2),
            "has no layer 'conv9'; it has raw_inputs, conv1, block.conv3, fc1",
        ),
        (lambda run: run.layout("fc1", epoch=3), "has no snapshot at epoch 3; it has epochs 0, 2, 4, 6, 8, 10"),
        (lambda run: run.clusters("fc1", step=2), "counts in epochs"),
        (lambda run: run.points("conv9"), "has no layer 'conv9'"),
        (lambda run: run.points(epoch=3), "has no snapshot at epoch 3"),
        (lambda run: run.points("raw_inputs", epoch=2), "kept at epoch 0 alone"),
        (lambda run: run.predictions(epoch=3), "has no snapshot at epoch 3"),
        (lambda run: run.table("collapse"), "has no table 'collapse'; it has history, metrics, points"),
        (lambda run: run.labels, "samples without labels; of attributes it has age, writer"),
        (lambda run: run.votes("fc1", epoch=2), "without labels, of which neighbours say nothing"),
        (lambda run: run.classifier(epoch=2), "has no classifier at epoch 2"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(tmp_path, ask, says):
    run = load(write_run(tmp_path / "mine", target="none"))
    with pytest.raises(ReaderError, match=says):
        ask(run)


def test_a_table_that_is_older_than_the_run(tmp_path):
    folder = write_run(tmp_path / "mine", spans={"0000": [0]})
    text = (folder / "contents.json").read_text()
    (folder / "contents.json").write_text(text.replace('"0000": [0]', '"0000": [0], "0002": [2]'))
    with pytest.raises(
        ReaderError, match=r"points\.parquet has no row of epoch 2 and layer fc1: it is older than the run"
    ):
        load(folder).points("fc1", epoch=2)
    with pytest.raises(ReaderError, match=r"activations/0002/fc1\.npy is not there"):
        load(folder).activations("fc1", epoch=2)
