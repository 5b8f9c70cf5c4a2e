"""The layers that each run follows: names, globs and auto, with the raw inputs and without."""

import pytest

from evolution.config.checks import CheckedConfig
from evolution.config.layers import chosen_layers, layers_with_raw_inputs
from evolution.config.resolve import resolve
from support.config_faults import faults

# What auto stands for in the default model.
SMALL_CNN = ["conv1", "conv2", "conv3", "fc1", "fc2"]


@pytest.mark.parametrize(
    ("model", "layers", "expected"),
    [
        ("small_cnn", "auto", ["conv1", "conv2", "conv3", "fc1", "fc2"]),
        ("mlp", "auto", ["fc1", "fc2", "fc3"]),
        ("small_cnn", ["fc?", "bn[13]", "conv2"], ["fc1", "fc2", "bn1", "bn3", "conv2"]),
        ("small_cnn", ["fc2", "fc*"], ["fc2", "fc1"]),
        ("small_cnn", ["*"], ["conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2", "dropout"]),
    ],
)
def test_layers_are_resolved_to_names(model, layers, expected):
    """Globs in network order, nothing twice, and only what can be followed: small_cnn's pool is not."""
    config = resolve({"model": {"name": model}, "layers": layers, "activations": {"raw_inputs": False}})
    assert config["layers"] == layers, "as it was written"
    assert config["runs"]["run"]["layers"] == expected
    assert layers_with_raw_inputs(config, config["times"]) == {"run": expected}


def test_runs_have_their_own_layers():
    config = {
        "layers": ["fc1"],
        "runs": {"all": {}, "own": {"layers": "auto"}, "tiny": {"model": {"name": "tiny_cnn"}}},
    }
    runs = resolve(config)["runs"]
    assert {name: run["layers"] for name, run in runs.items()} == {"all": ["fc1"], "own": SMALL_CNN, "tiny": ["fc1"]}


def test_the_raw_pixels_come_first_where_they_are_followed():
    def followed(config):
        config = resolve(config)
        return layers_with_raw_inputs(config, config["times"])

    assert followed({"layers": ["fc1", "conv1"]}) == {"run": ["raw_inputs", "fc1", "conv1"]}
    assert followed({"layers": ["fc1"], "activations": {"raw_inputs": False}}) == {"run": ["fc1"]}


def test_every_fault_has_the_key_at_which_it_is_written_and_is_said_once():
    config = {
        "layers": ["fc1", "raw_inputs", "fc9"],
        "grid": {"training.optimizer": ["sgd", "adamw"]},
        "runs": {"a": {}, "b": {"layers": ["conv9"], "model": {"name": "mlp"}}},
    }
    assert faults(config) == [
        "layers: raw_inputs stands for the raw inputs; leave it out and set activations.raw_inputs",
        "layers: fc9 is not in small_cnn (model.name); did you mean fc2? small_cnn has conv1, bn1, conv2, bn2, conv3, "
        "bn3, fc1, fc2, dropout",
        "runs.b.layers: conv9 is not in mlp (runs.b.model.name); mlp has fc1, fc2, fc3",
    ]


def test_models_are_left_out_that_may_not_be_built_or_whose_keys_are_wrong(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    resolved = resolve({"runs": {"known": {}, "wrong": {}}})
    resolved["runs"]["other"] = {**resolved["runs"]["known"], "model": {"name": "net.py:Net", "kwargs": {}}}
    checked = CheckedConfig(resolved, {}, frozenset({("runs", "wrong", "model", "name")}))
    assert chosen_layers(checked, build=False) == ({"known": SMALL_CNN}, [])
    layers, (fault,) = chosen_layers(checked, build=True)
    assert layers == {"known": SMALL_CNN}
    assert fault.startswith("model.name: net.py cannot be read (No such file or directory)")
    assert list(tmp_path.iterdir()) == []
