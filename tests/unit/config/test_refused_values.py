"""What a config may not say: wrong values and names, unknown keys, epochs and sizes that do not fit."""

import pytest
import yaml

from evolution.config.resolve import resolve
from evolution.errors import ConfigError


def with_key(path, value):
    """A config that says nothing but one key, given as a dotted path."""
    config = value
    for key in reversed(path.split(".")):
        config = {key: config}
    return config


def problems(config):
    with pytest.raises(ConfigError) as error:
        resolve(config)
    return str(error.value).split("\n")


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("seed", -1, "must be at least 0"),
        ("seed", 2**32, "must be at most 4294967295"),
        ("seed", 1.5, "must be of type integer"),
        ("seed", True, "must be of type integer"),
        ("dataset", "digits", "must be of type mapping"),
        ("dataset.name", "minst", "allowed: mnist_5k, digits, mnist, fashion_mnist, kmnist, cifar10"),
        ("dataset.root", "", "must not be empty"),
        ("dataset.train_size", 0, "must be at least 1"),
        ("dataset.eval_size", 9, "must be at least 10"),
        ("model.name", "resnet", "allowed: small_cnn, tiny_cnn, mlp, torchvision.NAME, FILE.py:CLASS"),
        ("model.weights", 3, "must be of type string or null"),
        ("activations.pooling", "mean", "must be of type mapping"),
        ("activations.pooling.maps", "cls", "allowed: flatten, mean"),
        ("activations.pooling.tokens", "first", "allowed: flatten, mean, cls"),
        ("model.kwargs", [1], "must be of type mapping"),
        ("layers", "conv1", "must be of type list"),
        ("layers", [], "must have at least one entry"),
        ("layers", ["fc1", "conv1", "fc1"], "must not name anything twice"),
        ("training", None, "must be of type mapping"),
        ("training.epochs", 0, "must be at least 1"),
        ("training.epochs", 100.0, "must be of type integer"),
        ("training.batch_size", "all", "must be of type integer or null"),
        ("training.batch_size", 0, "must be at least 1"),
        ("training.optimizer", "adam", "allowed: adamw, sgd"),
        ("training.learning_rate", 0, "must be greater than 0"),
        ("training.learning_rate", "1e-3", "must be of type number"),
        ("training.weight_decay", -0.1, "must be at least 0"),
        ("training.device", "gpu", "allowed: auto, cpu, cuda"),
        ("training.gpus", -1, "must be at least 0"),
        ("training.threads", 0, "must be at least 1"),
        ("training.epochs_per_job", 0, "must be at least 1"),
        ("training.keep_epochs", "last", "allowed: all, snapshots"),
        ("snapshots.every", 0, "must be at least 1"),
        ("snapshots.also", [5, 5], "must not name anything twice"),
        ("snapshots_per_job", 0, "must be at least 1"),
        ("activations.compact", 1, "must be of type boolean"),
        ("activations.pixels", "yes", "must be of type boolean"),
        ("metrics.clusters", 1, "must be at least 2"),
        ("metrics.n_init", 0, "must be at least 1"),
        ("metrics.neighbors", 0, "must be at least 1"),
        ("metrics.measures", ["knn_purity", "knn_purity"], "must not name anything twice"),
        ("metrics.measures", "knn_purity", "must be of type list"),
        ("metrics.cka", "yes", "must be of type boolean"),
        ("embedding.perplexity", 1, "must be greater than 1"),
        ("embedding.pca_components", 1, "must be at least 2"),
        ("embedding.alignment", "next", "allowed: previous, none"),
        ("plots.grid_epochs", [], "must have at least one entry"),
        ("plots.palette", "", "allowed: petroff10, "),
        ("plots.dpi", 29, "must be at least 30"),
        ("plots.dpi", 1201, "must be at most 1200"),
        ("plots.animation.fps", 0, "must be greater than 0"),
        ("plots.animation.fps", 51, "must be at most 50"),
        ("plots.animation.dpi", 601, "must be at most 600"),
        ("dataset.seed", -1, "must be at least 0"),
        ("comparison.threshold", 0, "must be greater than 0"),
        ("comparison.threshold", 1.1, "must be at most 1"),
        ("comparison.cka_epoch", "last", "must be of type integer or null"),
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
        ("runs.a.training.optimizer", "x", "allowed: adamw, sgd"),
    ],
)
def test_a_wrong_value_is_named_with_its_key_and_what_is_allowed(path, value, allowed):
    (problem,) = problems(with_key(path, value))
    assert problem.startswith(f"{path}: {value!r} is not allowed; {allowed}")


@pytest.mark.parametrize("layer", ["a b", "", "a..b", ".a", "a.", "a/b", "../a"])
def test_layer_names(layer):
    (problem,) = problems({"layers": ["conv1", layer]})
    assert problem.startswith(f"layers.1: {layer!r} is not allowed; must be made of letters, digits and _")


@pytest.mark.parametrize("name", ["a b", "", "a/b", "..", "-a", "é"])
def test_run_names(name):
    (problem,) = problems({"runs": {name: {}}})
    assert problem.startswith(f"runs: {name!r} is not allowed; must be made of letters")


def test_a_run_name_that_yaml_takes_for_a_number():
    (problem,) = problems(yaml.safe_load("runs: {2024: {}}"))
    assert problem == "runs: 2024 is not allowed; must be of type string; put it in quotes"


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
        ({"metrics": {"xyzzy": 3}}, "metrics.xyzzy", "known here: clusters, n_init, neighbors, measures, cka"),
        ({"metrics": {5: 3}}, "metrics.5", "known here: clusters, n_init, neighbors, measures, cka"),
    ],
)
def test_an_unknown_key(config, key, hint):
    (problem,) = problems(config)
    assert problem.startswith(f"{key}: unknown key; {hint}")


def test_all_problems_are_named_at_once():
    config = {"seed": -1, "metrics": {"cluster": 3, "n_init": 0, "k": 1}, "layers": ["a b", "c d"]}
    lines = problems(config)
    assert sorted(line.split(":")[0] for line in lines) == [
        "layers.0",
        "layers.1",
        "metrics.cluster",
        "metrics.k",
        "metrics.n_init",
        "seed",
    ]
    assert problems({"snapshots": {"also": [101]}, "layers": ["pixels"], "metrics": {"clusters": 1000}}) == [
        "snapshots.also: [101] lies past the last epoch; training.epochs is 100",
        "metrics.clusters: 1000 is too large, run run has dataset.eval_size 1000; must be below it",
        "layers: pixels stands for the raw images; leave it out and set activations.pixels",
    ]


def test_epochs_of_the_grid_are_snapshots():
    config = {"training": {"epochs": 10}, "snapshots": {"every": 4, "also": [5]}}
    for allowed in ([0, 5, 10], [8]):
        assert resolve(config | {"plots": {"grid_epochs": allowed}})["plots"]["grid_epochs"] == allowed
    assert problems(config | {"plots": {"grid_epochs": [0, 7, 11]}}) == [
        "plots.grid_epochs: 7 has no snapshot, the nearest is 8; add 7 to snapshots.also",
        "plots.grid_epochs: 11 lies past the last epoch; training.epochs is 10",
    ]


@pytest.mark.parametrize(
    ("key", "largest", "too_large", "bound"),
    [
        ("embedding.perplexity", 19.9, 20, "a third of it"),
        ("metrics.clusters", 59, 60, "it"),
        ("metrics.neighbors", 59, 60, "it"),
    ],
)
def test_sizes_fit_the_samples_of_every_run(key, largest, too_large, bound):
    runs = {"runs": {"large": {}, "small": {"dataset": {"eval_size": 60}}}}
    fitting = {"embedding": {"perplexity": 5}}
    resolve(runs | fitting | with_key(key, largest))
    assert problems(runs | fitting | with_key(key, too_large)) == [
        f"{key}: {too_large} is too large, run small has dataset.eval_size 60; must be below {bound}"
    ]
