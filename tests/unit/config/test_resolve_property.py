"""Random configs: a valid one is resolved, an invalid one refused with its key named, and nothing else happens."""

import copy
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evolution.config.layers import layers_with_raw_inputs
from evolution.config.resolve import resolve
from evolution.config.spans import snapshot_spans, snapshot_times, training_spans
from evolution.data.catalogue import DATASET_SHAPES
from evolution.errors import ConfigError
from support.random_configs import configs, names

many = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

# For a key, values that are never allowed.
WRONG = {
    "seed": st.sampled_from([-1, 2**32, 1.5, "1", None, True, []]),
    "dataset.name": st.text(max_size=8).filter(lambda name: name not in DATASET_SHAPES),
    "dataset.eval_size": st.integers(-100, 9) | st.integers(10001) | st.floats() | st.none(),
    "dataset.train_size": st.integers(-100, 9) | st.integers(60001) | st.text(max_size=3),
    "dataset.root": st.sampled_from(["", None, 3, [], "a\0b"]),
    "model.name": st.sampled_from(["resnet18", "", None, 3]),
    "model.kwargs": st.sampled_from([None, [], "dropout", {"droput": 1}, {1: 2}]),
    "layers": st.lists(st.sampled_from(["a b", "../fc1", "raw_inputs", "conv7", "fc1\n", 3, None]), max_size=3),
    "training.epochs": st.integers(-10, 0) | st.integers(10**6 + 1) | st.floats() | st.booleans() | st.none(),
    "training.learning_rate": st.floats(max_value=0) | st.sampled_from([float("nan"), float("inf"), "1e-3", None]),
    "training.device": st.sampled_from(["gpu", "cuda:0", None, 0]),
    "training.threads": st.integers(-5, 0) | st.integers(1025),
    "snapshots.every": st.integers(-5, 0) | st.floats(),
    "snapshots.also": st.sampled_from([[-1], [10**7], [1, 1], ["1"], 3, None, {}]),
    "snapshots_per_job": st.integers(-5, 0) | st.booleans(),
    "metrics.clusters": st.integers(-5, 1) | st.integers(10001),
    "metrics.neighbors": st.integers(-5, 0) | st.integers(10001),
    "embedding.perplexity": st.floats(max_value=1) | st.floats(5000) | st.just(float("nan")),
    "embedding.pca_components": st.integers(-5, 1) | st.integers(10001),
    "plots.grid_times": st.sampled_from([[], [-1], [10**7], [0, 0], 0, ["0"]]),
    "plots.palette": st.text(max_size=3),
    "plots.colors": st.sampled_from(["red", 3, ["red"], {0: 3}, {0: "rde"}, {"no such class": "red"}, {0: None}]),
    "plots.dpi": st.integers(-5, 29) | st.integers(1201),
    "runs": st.sampled_from([{}, [], None, "a", {"a b": {}}, {"../a": {}}, {"a": []}, {1: {}}, {"A": {}, "a": {}}]),
}


@pytest.fixture(autouse=True, scope="module")
def empty_folder(tmp_path_factory):
    """Whatever the configs say, nothing appears where they are read."""
    folder, before = tmp_path_factory.mktemp("empty"), os.getcwd()
    os.chdir(folder)
    yield
    os.chdir(before)
    assert list(folder.iterdir()) == []


@many
@given(configs())
def test_a_valid_config_is_resolved_and_can_be_planned(config):
    before = copy.deepcopy(config)
    resolved = resolve(config)
    assert config == before
    times, facts = (resolved.pop(key) for key in ("times", "facts"))
    again = resolve(resolved | {"runs": config["runs"]})
    assert again == resolved | {"times": times, "facts": facts}, "with every key written out it says the same"
    assert len(resolved["runs"]) == len(config["runs"]) * len(config.get("seeds") or [0])
    epochs = snapshot_times(resolved)
    assert [epoch for span in snapshot_spans(resolved).values() for epoch in span] == epochs
    assert [epoch for span in training_spans(resolved).values() for epoch in span] == list(
        range(config["training"]["epochs"] + 1)
    )
    for of_run in times.values():
        assert of_run.times == epochs and set(of_run.grid_times(resolved["plots"]["grid_times"])) <= set(epochs)
    for layers in layers_with_raw_inputs(resolved, times).values():
        assert [layer for layer in layers if layer != "raw_inputs"] == config["layers"]


@many
@given(configs(), st.sampled_from(sorted(WRONG)), st.data())
def test_a_wrong_value_is_refused_with_its_key(config, key, data):
    value = data.draw(WRONG[key], label=key)
    *parents, last = key.split(".")
    section = config
    for parent in parents:
        section = section.setdefault(parent, {})
    section[last] = value
    if parents:
        # A run's own value would hide the one outside of it.
        config["runs"] = {"run": {}}
    with pytest.raises(ConfigError) as error:
        resolve(config)
    lines = str(error.value).split("\n")
    assert any(key in line for line in lines), lines
    for line in lines:
        assert ": " in line and len(line) < 1000


@many
@given(configs(), names, st.data())
def test_an_unknown_key_is_refused_wherever_it_stands(config, name, data):
    name = f"x{name}"
    parents = data.draw(st.sampled_from([(), ("training",), ("plots",), ("runs", next(iter(config["runs"])))]))
    section = config
    for parent in parents:
        section[parent] = section[parent] or {}
        section = section[parent]
    section[name] = 1
    with pytest.raises(ConfigError) as error:
        resolve(config)
    (line,) = str(error.value).split("\n")
    assert line.startswith(".".join([*parents, name]) + ": unknown key; ")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["seed", "dataset", "model", "layers", "training", "snapshots", "activations", "metrics", "plots", "runs"]
KEYS += ["seeds", "grid", "skip", "comparison"]


@many
@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=6), values, max_size=4))
def test_whatever_stands_in_it_a_config_is_resolved_or_refused(config):
    try:
        resolved = resolve(config)
    except ConfigError as error:
        assert str(error)
    else:
        assert set(KEYS) <= set(resolved)
