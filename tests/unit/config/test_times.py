"""The times of each run in a config."""

from pathlib import Path

import pytest
import torch

from evolution.config import checks
from evolution.config.layers import layers_with_raw_inputs
from evolution.config.resolve import resolve
from evolution.errors import ConfigError
from support.recordings import write_recording


@pytest.fixture(autouse=True)
def checkpoints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ck").mkdir()
    for epoch in (1, 3):
        torch.save({"w": torch.full((2,), epoch)}, tmp_path / "ck" / f"epoch_{epoch}.pt")


def test_runs_that_are_trained_here_and_elsewhere():
    config = resolve({"training": {"epochs": 4}, "runs": {"here": {}, "elsewhere": {"checkpoints": {"path": "ck"}}}})
    assert config["times"]["here"].times == [0, 2, 4] and config["times"]["elsewhere"].times == [1, 3]
    assert config["runs"]["elsewhere"]["checkpoints"]["strict"] is True


def test_a_run_may_change_what_holds_for_all():
    runs = {"here": {"checkpoints": None}, "one": {"checkpoints": {"choose": {"leave_out": [1]}}}}
    config = resolve({"checkpoints": {"path": "ck"}, "runs": runs})
    assert config["times"]["here"].stored == {} and config["times"]["one"].times == [3]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"checkpoints": {"unit": "epoch"}}, r"^checkpoints\.path: is missing"),
        ({"checkpoints": {"path": "none"}}, r"^checkpoints\.path: 'none' matches no whole checkpoint"),
        ({"runs": {"a": {"checkpoints": {"path": "none"}}}}, r"^runs\.a\.checkpoints\.path: 'none'"),
        ({"checkpoints": {"path": "ck", "unit": "step"}}, r"^checkpoints\.unit: step is not known"),
        (
            {"checkpoints": {"path": "ck", "choose": {"also": [2]}}},
            r"^checkpoints\.choose\.also: there is no checkpoint",
        ),
        ({"checkpoints": {"path": "ck"}, "model": {"weights": "ck/epoch_1.pt"}}, r"^model\.weights: is not read where"),
        (
            {"checkpoints": {"path": "ck", "history": "log.csv"}},
            r"^checkpoints\.history: 'log\.csv' is no file; must be a CSV file with epoch or step",
        ),
        ({"checkpoints": {"path": "ck"}, "plots": {"grid_times": [2]}}, r"^plots\.grid_times: 2 has no checkpoint"),
        ({"checkpoints": {"path": "ck"}, "comparison": {"cka_time": 0}}, r"^comparison\.cka_time: 0 has no checkpoint"),
        ({"dataset": {"name": "data.py:f"}}, r"dataset\.name: data\.py:f has no images to train on"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(config, said):
    with pytest.raises(ConfigError, match=rf"(?m){said}"):
        resolve(config)


def write_recorded():
    return write_recording(Path("rec"), times=(0, 100))


def test_a_recording_needs_no_model_and_no_data_set():
    write_recorded()
    model = {"name": "no_such.py:Net", "weights": "none.pt"}
    runs = {"a": {"recording": {"path": "rec", "unit": "step"}, "model": model, "dataset": {"name": "none.py:f"}}}
    metrics = {"neighbors": 5}
    config = resolve({"runs": runs, "metrics": metrics, "embedding": {"perplexity": 10}})
    run = config["runs"]["a"]
    assert run["layers"] == ["conv1", "fc1"] and config["times"]["a"].times == [0, 100]
    assert run["model"] == {"name": "", "kwargs": {}, "weights": None} and run["dataset"]["name"] == ""
    assert run["recording"]["history"] is None and layers_with_raw_inputs(config, config["times"]) == {
        "a": ["raw_inputs", "conv1", "fc1"]
    }
    (Path("rec") / "inputs.npy").unlink()
    config = resolve({"recording": {"path": "rec", "unit": "step"}, "layers": ["fc*"], "embedding": {"perplexity": 10}})
    assert layers_with_raw_inputs(config, config["times"]) == {"run": ["fc1"]}


RECORDING = {"path": "rec", "unit": "step"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"recording": {"unit": "step"}}, r"^recording\.path: is missing"),
        ({"recording": {"path": "none"}}, r"^recording\.path: 'none' is not there; must be a folder that holds"),
        ({"recording": {"path": "rec"}}, r"^recording\.unit: auto is not allowed"),
        (
            {"recording": RECORDING, "runs": {"a": {"checkpoints": {"path": "ck"}}}},
            r"^recording: is set together with runs\.a\.checkpoints; a run has one source",
        ),
        ({"checkpoints": {"path": "ck"}, "recording": RECORDING}, r"^recording: is set together with checkpoints"),
        ({"runs": {"a": {"recording": {"path": "x"}}}}, r"^runs\.a\.recording\.path: 'x'"),
        (
            {"recording": RECORDING, "layers": ["fc2"]},
            r"^layers: fc2 is not in rec \(recording\.path\); did you mean",
        ),
        ({"recording": RECORDING, "plots": {"grid_times": [7]}}, r"^plots\.grid_times: 7 has no recorded time"),
        ({"recording": RECORDING}, r"^embedding\.perplexity: 30 is too large, the recording of run run has 60 samples"),
        ({"recording": RECORDING | {"history": "h.csv"}}, r"^recording\.history: 'h\.csv' is no file; must be a CSV"),
        ({"recording": RECORDING | {"key": "x"}}, r"^recording\.key: unknown key"),
    ],
)
def test_what_is_wrong_of_a_recording_is_named_with_its_key(config, said):
    write_recorded()
    with pytest.raises(ConfigError, match=rf"(?m){said}"):
        resolve(config)


def test_too_many_recorded_times(monkeypatch):
    write_recorded()
    monkeypatch.setattr(checks, "MOST_JOBS", 5)
    with pytest.raises(ConfigError, match=r"recording\.path: the recorded times make about .* recording\.choose"):
        resolve({"recording": RECORDING, "embedding": {"perplexity": 10}})
    runs = {"a": {"recording": RECORDING}, "b": {"checkpoints": {"path": "ck"}}}
    said = (
        r"^checkpoints\.path and recording\.path: the checkpoints and recorded times in 2 runs make about .*; choose "
        r"fewer with checkpoints\.choose and recording\.choose, or raise"
    )
    with pytest.raises(ConfigError, match=said):
        resolve({"runs": runs, "embedding": {"perplexity": 10}})


def test_of_a_recording_planning_does_not_say_that_it_follows_other_samples():
    write_recorded()
    config = resolve({"runs": {"a": {"recording": RECORDING}, "b": {}}, "embedding": {"perplexity": 10}})
    assert not [note for note in checks.notes(config) if "different evaluation samples" in note]
