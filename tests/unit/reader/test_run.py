"""A run of each kind, against the workflow's own reading of its files."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activation_reader import ReaderError, load
from evolution.io.arrays import save_npy
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


@pytest.fixture
def partly(tmp_path):
    """A run of which one snapshot could not be taken, and so none of the tables that take all."""
    folder = write_run(tmp_path / "results" / "mine")
    for name in ("activations", "embeddings", "clusters", "votes"):
        shutil.rmtree(folder / name / "0008")
    for name in ("classifier/0008.npy", "predictions/0008.parquet"):
        (folder / name).unlink()
    for name in ("points", "metrics"):
        (folder / "tables" / f"{name}.parquet").unlink()
    return folder


def test_of_a_run_that_is_not_whole_the_rest_is_read(partly):
    run = load(partly)
    assert (run.times, run.missing) == ([0, 2, 4, 6, 10], [8])
    assert repr(run) == "<run mine: 60 samples, 4 layers, 5 of 6 snapshots, epoch 0 to 10>"
    for time in run.times:
        assert run.activations("fc1", epoch=time).shape == (60, 7)
        assert run.layout("fc1", epoch=time).shape == (60, 2) and run.predictions(epoch=time).num_rows == 60
    assert run.predictions()["epoch"].unique().to_pylist() == run.times
    assert run.history().num_rows == 2 and run.activations("raw_inputs").shape == (60, 7)


@pytest.mark.parametrize(
    ("ask", "file"),
    [
        (lambda run: run.activations("fc1", epoch=8), "activations/0008/fc1.npy"),
        (lambda run: run.layout("fc1", epoch=8), "embeddings/0008/fc1.npy"),
        (lambda run: run.clusters("fc1", epoch=8), "clusters/0008/fc1.npy"),
        (lambda run: run.votes("fc1", epoch=8), "votes/0008/fc1.npy"),
        (lambda run: run.classifier(epoch=8), "classifier/0008.npy"),
        (lambda run: run.predictions(epoch=8), "predictions/0008.parquet"),
    ],
)
def test_of_a_run_that_is_not_whole_what_is_missing_is_named(partly, ask, file):
    with pytest.raises(ReaderError) as error:
        ask(load(partly))
    assert str(error.value).startswith(f"{partly / file} is not there: it was not made yet, its job failed, or")
    assert f" snakemake --cores 2 results/mine/{file} (in front of" in str(error.value)


@pytest.mark.parametrize(
    ("ask", "table"), [(lambda run: run.metrics(), "metrics"), (lambda run: run.points("fc1", epoch=2), "points")]
)
def test_a_table_that_is_not_there_is_named_with_the_snapshots_that_it_waits_for(partly, ask, table):
    with pytest.raises(ReaderError) as error:
        ask(load(partly))
    said, missing = str(error.value).splitlines()
    assert said.startswith(f"{partly}/tables/{table}.parquet is not there: it was not made yet")
    assert f" snakemake --cores 2 results/mine/tables/{table}.parquet (in front of" in said
    assert missing == "Snapshots that were missing when the run was opened: epoch 8."


def test_a_run_without_snapshots(tmp_path):
    folder = write_run(tmp_path / "mine")
    shutil.rmtree(folder / "predictions")
    run = load(folder)
    assert run.times == [] and "0 of 6 snapshots, epoch 0 to 10" in repr(run) and len(run.labels) == 60
    with pytest.raises(ReaderError, match=r"predictions/0000\.parquet is not there"):
        run.predictions()
    (folder / "dataset.npz").unlink()
    with pytest.raises(ReaderError, match=r"dataset\.npz is not there"):
        load(folder)


def test_files_of_another_number_of_samples_are_refused(tmp_path):
    """As those that are left after `dataset.eval_size` became smaller, until all jobs have run again."""
    folder = write_run(tmp_path / "mine")
    with np.load(folder / "dataset.npz") as archive:
        arrays = {name: array[:50] if name.startswith("eval_") else array for name, array in archive.items()}
    np.savez(folder / "dataset.npz", **arrays)
    run, at = load(folder), {"epoch": 4}
    assert len(run) == 50
    asks = [lambda ask=ask: ask("fc1", **at) for ask in (run.activations, run.layout, run.clusters, run.votes)]
    for ask in (*asks, lambda: run.classifier(**at)):
        with pytest.raises(
            ReaderError, match=r"has the shape \(3, 6\d.*should have 3 times of 5\d rows\. Give the work"
        ):
            ask()
    for ask in (run.predictions, lambda: run.predictions(**at)):
        with pytest.raises(
            ReaderError, match=r"predictions has (360|60) rows of (6|1) times, and there are 50 samples"
        ):
            ask()
    for ask in (run.points, lambda: run.points("fc1", **at)):
        with pytest.raises(
            ReaderError, match=r"points\.parquet does not have a row for each of 50 samples in each map"
        ):
            ask()


def test_a_time_without_classifier_among_others_that_have_one(tmp_path):
    """Its rows are one NaN, and zeros up to the width of the others."""
    folder = write_run(tmp_path / "mine")
    rows = np.load(folder / "classifier" / "0002-0006.npy")
    rows[1] = 0
    rows[1, :, 0] = np.nan
    rows[2, 0, 0] = np.nan
    save_npy(folder / "classifier" / "0002-0006.npy", rows)
    run = load(folder)
    with pytest.raises(ReaderError, match="has no classifier at epoch 4: "):
        run.classifier(epoch=4)
    assert np.isnan(run.classifier(epoch=6)[0]).sum() == 1, "a value that is not finite is no missing classifier"


def test_predictions_of_former_settings_do_not_mix_with_others(tmp_path):
    folder = write_run(tmp_path / "mine")
    path = folder / "predictions" / "0008.parquet"
    table = pq.ParquetFile(path).read()
    place = table.column_names.index("predicted")
    pq.write_table(table.set_column(place, "predicted", table["predicted"].cast(pa.float32())), path)
    with pytest.raises(
        ReaderError, match=r"predictions have the same columns \(predicted int32 against predicted float"
    ):
        load(folder).predictions()
    assert load(folder).predictions(epoch=2).num_rows == 60
