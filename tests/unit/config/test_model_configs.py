"""The config.json that a model of transformers is built from."""

import json
from pathlib import Path

import pytest

from evolution.config.checks import CheckedConfig
from evolution.config.model_configs import fill_in_model_configs, found_with
from evolution.planning.run_times import RunTimes
from evolution.sources.stored_times import StoredTime


def filled(checkpoints=(), name="transformers", kwargs=None):
    """The kwargs of a run's model after it was filled in, and the faults."""
    times = RunTimes("step", {}, stored=dict(enumerate(checkpoints)))
    run = {"model": {"name": name, "kwargs": kwargs or {}}}
    checked = CheckedConfig({"runs": {"a": run}, "times": {"a": times}}, {}, frozenset())
    faults = list(fill_in_model_configs(checked))
    return checked.config["runs"]["a"]["model"]["kwargs"], faults


@pytest.fixture
def folders(tmp_path):
    """Two of a Trainer's folders, of which the first has a config.json."""
    checkpoints = []
    for step in (1, 2):
        (tmp_path / f"checkpoint-{step}").mkdir()
        checkpoints.append(StoredTime(step, str(tmp_path / f"checkpoint-{step}"), ""))
    content = {"model_type": "vit", "_name_or_path": "here", "transformers_version": "5"}
    (tmp_path / "checkpoint-1" / "config.json").write_text(json.dumps(content))
    return checkpoints


def test_the_content_comes_from_the_last_checkpoint_that_has_one(folders):
    assert filled(folders) == ({"config": {"model_type": "vit"}}, [])
    file = StoredTime(3, f"{folders[0].path}/model.safetensors", "")
    assert found_with([file]) == str(Path(folders[0].path) / "config.json")


def test_other_models_and_what_is_given_stay(folders, tmp_path):
    assert filled(folders, name="mlp") == ({}, [])
    assert filled(folders, kwargs={"config": {"a": 1}}) == ({"config": {"a": 1}}, [])
    (tmp_path / "mine.json").write_text('{"b": 2}')
    assert filled(folders, kwargs={"config": str(tmp_path / "mine.json")}) == ({"config": {"b": 2}}, [])
    assert filled() == ({}, [])
    _, (fault,) = filled(kwargs={"config": "none.json"})
    assert fault.startswith("model.kwargs.config: 'none.json' cannot be read")
