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
from evolution.sources.records import Checkpoint, load_recording, load_records
from prepare_recording import prepare_recording
from snapshot_recording import snapshot_recording
from support.recordings import SAMPLES, write_recording

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def times(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write_recording(Path("rec"))
    prepare_recording(path="rec", classes=5, eval_size=1000, seed=3, output="dataset.npz")
    return [Checkpoint(time, f"rec/{time}", folder_fingerprint(read_folder(folder / str(time)))) for time in (0, 100)]


def take(times):
    output = {name: f"{name}.out" for name in ("classifier", "predictions", "history")} | {"record": "records/s.json"}
    snapshot_recording(
        dataset="dataset.npz",
        path="rec",
        times=times,
        recording={"samples": SAMPLES},
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
    assert set(json.loads(load_metadata(output["history"])["arrays"])) == {"0", "100"}
    assert load_records(Path("records"), pattern="rec") == {"s": ("step", times)}
    assert load_recording(Path("records"), pattern="rec") == {"samples": SAMPLES}
    assert load_recording(Path("records"), pattern="another") == {}


def test_a_time_that_is_gone_or_changed_since_planning(times):
    np.save("rec/100/fc1.npy", np.zeros((SAMPLES, 6), np.float32))
    with pytest.raises(UserError, match="rec/100 has changed since the workflow was planned"):
        take(times)
    shutil.rmtree("rec/100")
    with pytest.raises(UserError, match=r"rec/100 is gone, .* recording\.choose\.leave_out: \[100\]"):
        take(times)
    assert not Path("records/s.json").exists() and not Path("fc1.npy").exists()
