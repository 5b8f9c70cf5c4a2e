"""The config's schema: its defaults, and what is said of wrong values, wrong names and unknown keys."""

import copy
from pathlib import Path

import matplotlib
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from evolution.config.schema import Fault, definition, dotted, schema_faults, with_defaults, without
from support.config_faults import faults, with_key

ROOT = Path(__file__).parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("seed", -1, "must be at least 0"),
        ("seed", 2**32, "must be at most 4294967295"),
        ("seed", 1.5, "must be of type integer"),
        ("seed", True, "must be of type integer"),
        ("dataset", "digits", "must be of type mapping"),
        ("dataset.name", "minst", "allowed: mnist_5k, digits, mnist, fashion_mnist, kmnist, cifar10, wine"),
        ("dataset.root", "", "must not be empty"),
        ("dataset.train_size", 0, "must be at least 1"),
        ("dataset.eval_size", 9, "must be at least 10"),
        ("dataset.normalize", "imagenet", "allowed: auto, none, {mean: NUMBERS, std: NUMBERS}"),
        ("dataset.normalize", [0.5], "allowed: auto, none, {mean: NUMBERS, std: NUMBERS}"),
        ("dataset.normalize", None, "allowed: auto, none, {mean: NUMBERS, std: NUMBERS}; did you mean none?"),
        ("dataset.normalize", {"mean": 0.5}, "must have mean and std"),
        ("dataset.normalize", {}, "must have mean and std"),
        ("runs.a.dataset.normalize", {"std": [1]}, "must have mean and std"),
        (
            "model.name",
            "resnet",
            "allowed: small_cnn, tiny_cnn, mlp, signal_cnn, tiny_transformer, transformers, torchvision.NAME, "
            "PACKAGE.MODULE:CLASS, FILE.py:CLASS",
        ),
        ("model.weights", 3, "must be of type string or null"),
        ("activations.tolerance", "small", "allowed: auto, a number from 0, below 1"),
        ("activations.tolerance", True, "allowed: auto, a number from 0, below 1"),
        ("activations.tolerance", -0.1, "must be at least 0"),
        ("activations.tolerance", 1, "must be less than 1"),
        ("activations.pooling", "mean", "must be of type mapping"),
        ("activations.pooling.maps", "cls", "allowed: flatten, mean"),
        ("activations.pooling.tokens", "first", "allowed: mean, last, cls, flatten, a position, from 0"),
        ("model.kwargs", [1], "must be of type mapping"),
        ("layers", "conv1", "must be of type list"),
        ("layers", [], "must have at least one entry"),
        ("layers", ["fc1", "conv1", "fc1"], "must not name anything twice"),
        ("training", None, "must be of type mapping"),
        ("training.epochs", 0, "must be at least 1"),
        ("training.epochs", 100.0, "must be of type integer"),
        ("training.batch_size", "all", "must be of type integer or null"),
        ("training.batch_size", 0, "must be at least 1"),
        ("training.optimizer", "adamx", "allowed: adamw, adam, sgd, the name of a class of torch.optim"),
        ("training.optimizer_kwargs", 0.9, "must be of type mapping"),
        ("training.accumulate", 0, "must be at least 1"),
        ("training.schedule.warmup", -1, "must be at least 0"),
        ("training.schedule.final", 1.5, "must be at most 1"),
        ("training.schedule.factor", 0, "must be greater than 0"),
        ("training.augmentation", "RandomCrop", "must be of type list; write [RandomCrop]"),
        ("training.label_smoothing", 2, "must be at most 1"),
        ("training.class_weights", "balance", "allowed: balanced, a list with a number for each class; did you mean b"),
        ("training.class_weights", [1], "must have at least 2 entries"),
        ("training.clip_norm", 0, "must be greater than 0"),
        ("training.average", 0.9, "must be of type mapping or null"),
        ("training.average.decay", 1, "must be less than 1"),
        ("training.average.follow", "both", "allowed: average, weights"),
        ("training.precision", "float16", "allowed: float32, bfloat16"),
        ("training.recipe", "loss.py", "must be FILE.py:CLASS or PACKAGE.MODULE:CLASS"),
        ("training.steps_per_job", 0, "must be at least 1"),
        ("snapshots.unit", "batch", "allowed: epoch, step"),
        ("snapshots.log_until", 0, "must be at least 1"),
        ("training.learning_rate", 0, "must be greater than 0"),
        ("training.learning_rate", "1e-3", "must be of type number"),
        ("training.weight_decay", -0.1, "must be at least 0"),
        ("training.device", "gpu", "allowed: auto, cpu, cuda; did you mean cuda?"),
        ("training.device", "GPU", "allowed: auto, cpu, cuda; did you mean cuda?"),
        ("training.device", "cuda:0", "allowed: auto, cpu, cuda; did you mean cuda?"),
        ("training.device", "cpus", "allowed: auto, cpu, cuda; did you mean cpu?"),
        ("metrics.device", "gpu", "allowed: cpu, auto, cuda; did you mean cuda?"),
        ("activations.device", "gpu:1", "allowed: cpu, auto, cuda; did you mean cuda?"),
        ("training.gpus", -1, "must be at least 0"),
        ("training.threads", 0, "must be at least 1"),
        ("training.epochs_per_job", 0, "must be at least 1"),
        ("training.keep_epochs", "last", "allowed: all, snapshots"),
        ("snapshots.every", 0, "must be at least 1"),
        ("snapshots.also", [5, 5], "must not name anything twice"),
        ("snapshots_per_job", 0, "must be at least 1"),
        ("activations.compact", 1, "must be of type boolean"),
        ("activations.raw_inputs", "yes", "must be of type boolean"),
        ("metrics.clusters", 1, "must be at least 2"),
        ("metrics.n_init", 0, "must be at least 1"),
        ("metrics.neighbors", 0, "must be at least 1"),
        ("metrics.measures", ["knn_purity", "knn_purity"], "must not name anything twice"),
        ("metrics.measures", "knn_purity", "must be of type list"),
        ("metrics.cka", "yes", "must be of type boolean"),
        ("embedding.perplexity", 1, "must be greater than 1"),
        ("embedding.pca_components", 1, "must be at least 2"),
        ("embedding.alignment", "next", "allowed: previous, none"),
        ("plots.grid_times", [], "must have at least one entry"),
        ("plots.palette", "", "allowed: petroff10, "),
        ("plots.dpi", 29, "must be at least 30"),
        ("plots.dpi", 1201, "must be at most 1200"),
        ("plots.animation.fps", 0, "must be greater than 0"),
        ("plots.animation.fps", 51, "must be at most 50"),
        ("plots.animation.dpi", 601, "must be at most 600"),
        ("dataset.seed", -1, "must be at least 0"),
        ("comparison.threshold", 0, "must be greater than 0"),
        ("comparison.threshold", 1.1, "must be at most 1"),
        ("comparison.cka_time", "last", "must be of type integer or null"),
        ("seeds", 3, "must be of type list; write [3]"),
        ("seeds", [1, 1], "must not name anything twice"),
        ("grid", [1], "must be of type mapping"),
        ("grid", None, "must be of type mapping"),
        ("skip", "run", "must be of type list"),
        ("runs", {}, "must have at least one entry"),
        ("runs", None, "must be of type mapping"),
        ("runs.a", 3, "must be of type mapping or null"),
        ("runs.a.seed", "x", "must be of type integer"),
        ("runs.a.dataset.train_size", 0, "must be at least 1"),
        ("runs.a.model.name", "x", "allowed: small_cnn, tiny_cnn, mlp"),
        ("runs.a.training.optimizer", "x", "allowed: adamw, adam, sgd, "),
    ],
)
def test_a_wrong_value_is_named_with_its_key_and_what_is_allowed(key, value, allowed):
    (fault,) = faults(with_key(key, value))
    assert fault.startswith(f"{key}: {value!r} is not allowed; {allowed}")


@pytest.mark.parametrize("layer", ["a b", "", "a..b", ".a", "a.", "a/b", "../a"])
def test_a_wrong_layer_name(layer):
    (fault,) = faults({"layers": ["conv1", layer]})
    assert fault.startswith(f"layers.1: {layer!r} is not allowed; must be made of letters, digits and _")


@pytest.mark.parametrize("name", ["a b", "", "a/b", "..", "-a", "é"])
def test_a_wrong_run_name(name):
    (fault,) = faults({"runs": {name: {}}})
    assert fault.startswith(f"runs: {name!r} is not allowed; must be made of letters")


def test_a_run_name_that_yaml_reads_as_a_number():
    (fault,) = faults(yaml.safe_load("runs: {2024: {}}"))
    assert fault == "runs: 2024 is not allowed; must be of type string; put it in quotes"


@pytest.mark.parametrize(
    ("config", "key", "hint"),
    [
        ({"trainig": {}}, "trainig", "did you mean training? known here: seed, dataset, model, "),
        ({"training": {"epoch": 3}}, "training.epoch", "did you mean epochs? known here: epochs, batch_size, "),
        ({"plots": {"animation": {"fsp": 3}}}, "plots.animation.fsp", "did you mean fps? known here: fps, tween, "),
        ({"runs": {"a": {"model": {"kwarg": {}}}}}, "runs.a.model.kwarg", "did you mean kwargs? known here: name, "),
        (
            {"runs": {"a": {"training": {"epochs": 3}}}},
            "runs.a.training.epochs",
            "it holds for all runs, so set training.epochs outside of runs. ",
        ),
        (
            {"metrics": {"xyzzy": 3}},
            "metrics.xyzzy",
            "known here: clusters, n_init, neighbors, measure_by, measures, cka",
        ),
        ({"metrics": {5: 3}}, "metrics.5", "known here: clusters, n_init, neighbors, measure_by, measures, cka"),
    ],
)
def test_an_unknown_key_with_what_was_probably_meant(config, key, hint):
    (fault,) = faults(config)
    assert fault.startswith(f"{key}: unknown key; {hint}")


def test_a_long_value_is_cut_short():
    (fault,) = faults({"seed": "x" * 100_000})
    assert fault.startswith("seed: 'xxx") and len(fault) < 200


def test_palettes_are_matplotlibs():
    palettes = SCHEMA["properties"]["plots"]["properties"]["palette"]["enum"]
    assert set(palettes) == set(matplotlib.color_sequences)


def test_the_schema_is_valid():
    Draft202012Validator.check_schema(SCHEMA)


SMALL_SCHEMA = {
    "$defs": {"size": {"type": "integer", "default": 3}},
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "width": {"$ref": "#/$defs/size"},
        "height": {"$ref": "#/$defs/size", "default": 4},
        "names": {"type": "array", "uniqueItems": True, "items": {"type": "string"}, "default": []},
        "inner": {
            "type": "object",
            "default": {},
            "additionalProperties": False,
            "properties": {"depth": {"type": "integer", "minimum": 1, "default": 1}},
        },
        "free": {"type": "object", "default": {"a": {}}},
    },
}


def test_a_reference_is_followed_and_what_stands_next_to_it_counts():
    properties = SMALL_SCHEMA["properties"]
    assert definition(properties["width"], SMALL_SCHEMA) == {"type": "integer", "default": 3}
    assert definition(properties["height"], SMALL_SCHEMA) == {"type": "integer", "default": 4}
    assert definition(properties["inner"], SMALL_SCHEMA) is properties["inner"]


def test_defaults_are_filled_in_at_every_depth():
    given = {"width": 9, "inner": {}, "names": ["a"]}
    before = copy.deepcopy(given)
    filled = with_defaults(given, SMALL_SCHEMA, SMALL_SCHEMA)
    assert filled == {"width": 9, "height": 4, "names": ["a"], "inner": {"depth": 1}, "free": {"a": {}}}
    filled["names"].append("b")
    filled["free"]["a"]["b"] = 1
    assert given == before and SMALL_SCHEMA["properties"]["free"]["default"] == {"a": {}}


def test_a_value_without_some_of_its_keys():
    value = {"a": [1, {"b": 2, "c": 3}, 4], "d": {"e": 5}}
    assert without(value, {("a", 0), ("a", 1, "b"), ("d", "e")}) == {"a": [{"c": 3}, 4], "d": {}}
    assert without(value, {("d",)}) == {"a": value["a"]}
    assert value == {"a": [1, {"b": 2, "c": 3}, 4], "d": {"e": 5}}


def test_a_fault_names_its_key_and_what_to_leave_out():
    found = schema_faults({"width": 1.5, "names": ["a", "b", "a", "a"], "inner": {"deep": 1, "x": 2}}, SMALL_SCHEMA)
    assert found == [
        Fault(("inner", "deep"), "unknown key; did you mean depth? known here: depth", (("inner", "deep"),)),
        Fault(("inner", "x"), "unknown key; known here: depth", (("inner", "x"),)),
        Fault(
            ("names",),
            "['a', 'b', 'a', 'a'] is not allowed; must not name anything twice",
            (("names", 2), ("names", 3)),
        ),
        Fault(("width",), "1.5 is not allowed; must be of type integer", (("width",),)),
    ]
    assert str(found[1]) == "inner.x: unknown key; known here: depth"
    assert str(schema_faults([], SMALL_SCHEMA)[0]).startswith("config: [] is not allowed")
    assert dotted(("runs", "a", 3)) == "runs.a.3"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.sampled_from("ab"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["width", "names", "inner", "depth", "x", 3]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from([*SMALL_SCHEMA["properties"], "y"]), values, max_size=5))
def test_without_the_culprits_the_config_fits_the_schema(config):
    culprits = {culprit for fault in schema_faults(config, SMALL_SCHEMA) for culprit in fault.culprits}
    rest = without(config, culprits)
    assert schema_faults(rest, SMALL_SCHEMA) == []
    assert Draft202012Validator(SMALL_SCHEMA).is_valid(rest)
    assert (rest == config) or culprits
