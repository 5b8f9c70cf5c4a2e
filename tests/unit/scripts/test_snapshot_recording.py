"""The snapshots of a recording as files, and its record."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from evolution.activations.recorded import RecordingSettings
from evolution.errors import UserError
from evolution.io.tables import load_metadata, load_unit
from evolution.models.outputs import Pooling
from evolution.sources.recorded_time import folder_fingerprint, read_folder
from evolution.sources.recording import Recording
from evolution.sources.records import load_recording, load_records
from evolution.sources.stored_times import StoredTime
from evolution.sources.unusable import unusable_fingerprints
from prepare_recording import prepare_recording
from snapshot_recording import snapshot_recording
from support.recordings import SAMPLES, write_recording

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def times(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write_recording(Path("rec"))
    prepare_recording(path="rec", class_count=5, ids=None, eval_size=1000, seed=3, output="dataset.npz")
    return [StoredTime(time, f"rec/{time}", folder_fingerprint(read_folder(folder / str(time)))) for time in (0, 100)]


def take(times):
    output = {name: f"{name}.out" for name in ("classifier", "predictions", "history")} | {"record": "records/s.json"}
    snapshot_recording(
        dataset="dataset.npz",
        path="rec",
        times=times,
        unit="step",
        settings=RecordingSettings(compacted=True, pooling=Pooling(), seed=3),
        activations={"fc1": "fc1.npy"},
        output=output,
    )
    return output


def test_a_span(times):
    output = take(times)
    assert np.load("fc1.npy").shape == (2, SAMPLES, 6)
    history = pq.read_table(output["history"]).to_pylist()
    assert [row["step"] for row in history] == [0, 100] and load_unit(output["predictions"]) == "step"
    assert set(json.loads(load_metadata(output["history"])["digests"])) == {"0", "100"}
    assert load_records(Path("records"), pattern="rec") == {"s": ("step", times)}
    kept = Recording(**load_recording(Path("records"), pattern="rec"))
    about = {"inputs": "images", "input_shape": [1, 5, 5]}
    assert kept == Recording(SAMPLES, {"conv1": [2, 3, 3], "fc1": [6]}, "outputs", 5, True, **about)
    assert load_recording(Path("records"), pattern="another") == {}


def test_a_time_that_is_gone_or_changed_since_planning(times):
    np.save("rec/100/fc1.npy", np.zeros((SAMPLES, 6), np.float32))
    with pytest.raises(UserError, match="rec/100 has changed since the workflow was planned"):
        take(times)
    shutil.rmtree("rec/100")
    with pytest.raises(UserError, match=r"rec/100 is gone, .* recording\.choose\.leave_out: \[100\]"):
        take(times)
    assert not Path("records/s.json").exists() and not Path("fc1.npy").exists()


def test_a_layer_that_is_not_finite_is_noted_so_that_the_next_command_goes_on(times):
    values = np.load("rec/100/fc1.npy")
    values[3, 1] = np.nan
    np.save("rec/100/fc1.npy", values)
    broken = StoredTime(100, "rec/100", folder_fingerprint(read_folder(Path("rec/100"))))
    with pytest.raises(UserError) as error:
        take([times[0], broken])
    assert str(error.value) == (
        "rec/100/fc1.npy: layer fc1 at step 100 holds values that are not finite (NaN or infinite). Give the same "
        "command again: it leaves this time out and goes on with the others. To have it too, record it again, or leave "
        "the layer out of `layers`."
    )
    assert unusable_fingerprints() == {"fc1": {broken.fingerprint}}


def test_arrays_in_the_wrong_place_change_nothing(times):
    np.save("rec/100/labels.npy", np.zeros(3))
    take(times)
