"""The times of each run in a config."""

import pytest
import torch

from evolution.config.resolve import resolve
from evolution.errors import ConfigError


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
    assert config["times"]["here"].checkpoints == {} and config["times"]["one"].times == [3]


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
