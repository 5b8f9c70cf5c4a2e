import copy
from pathlib import Path

import pytest
import yaml

from evolution.configuration import ConfigError, resolve, run_layers, snapshot_epochs

ROOT = Path(__file__).parents[2]
# The defaults that the schema should have, by hand.
DEFAULTS = yaml.safe_load("""
seed: 17
dataset: {name: mnist_5k, root: data, train_size: 4000, eval_size: 1000, seed: null}
model: {name: small_cnn, kwargs: {}, weights: null}
layers: auto
training:
  {epochs: 100, batch_size: null, optimizer: adamw, learning_rate: 1.0e-3, weight_decay: 1.0e-4, device: auto, gpus: 1,
   threads: 2, epochs_per_job: 20, keep_epochs: all}
snapshots: {every: 2, also: []}
snapshots_per_job: 1
activations: {compact: true, pixels: true, pooling: {maps: flatten, tokens: mean}}
metrics:
  clusters: 10
  n_init: 10
  neighbors: 10
  measures: [restart_spread, adjusted_mutual_information, v_measure, davies_bouldin,
    class_silhouette, knn_purity, linear_probe, effective_rank, participation_ratio, intrinsic_dimension,
    neural_collapse]
  cka: true
embedding: {perplexity: 30, pca_components: 50, alignment: previous}
plots:
  {palette: petroff10, dpi: 120, width: null, formats: [png], animation: {fps: 5, tween: 6, gif_megabytes: 8, dpi: 80},
   explorer: {max_samples: 5000}}
comparison: {threshold: 0.9, cka_epoch: null}
seeds: []
grid: {}
skip: []
""")
OF_A_RUN = ("seed", "dataset", "model", "training")
# What auto stands for in the default model.
SMALL_CNN = ["conv1", "conv2", "conv3", "fc1", "fc2"]


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


# Defaults and runs


def test_an_empty_config_is_all_defaults():
    config = resolve({})
    runs, grid_epochs = config.pop("runs"), config["plots"].pop("grid_epochs")
    assert config == DEFAULTS
    assert runs == {"run": {key: DEFAULTS[key] for key in OF_A_RUN} | {"layers": SMALL_CNN}}
    assert grid_epochs[0] == 0 and grid_epochs[-1] == 100


@pytest.mark.parametrize(
    "path", [ROOT / "config.yaml", *sorted((ROOT / "workflow" / "presets").glob("*.yaml"))], ids=lambda path: path.stem
)
def test_configs_that_come_with_the_workflow(path):
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    config = resolve(written)

    def assert_kept(part, whole):
        for key, value in part.items():
            if isinstance(value, dict):
                assert_kept(value, whole[key])
            else:
                assert whole[key] == value

    assert_kept({key: value for key, value in written.items() if key != "runs"}, config)
    if not (written.get("seeds") or written.get("grid")):
        assert list(config["runs"]) == list(written["runs"])


def test_the_default_experiment_states_every_key():
    """config.yaml is where a key's meaning is looked up, so that none may be missing, nor differ from its default."""
    written = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert written.pop("runs") == {"mnist": {}}
    assert written["plots"].pop("grid_epochs") == [0, 2, 5, 10, 20, 50, 100]
    assert written["snapshots"].pop("also") == [5]
    defaults = copy.deepcopy(DEFAULTS)
    defaults["snapshots"].pop("also")
    assert written == defaults


def test_the_default_experiment_has_261_cells():
    config = resolve(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")))
    assert len(snapshot_epochs(config)) == 52
    assert run_layers(config) == {"mnist": ["pixels", *SMALL_CNN]}
    layers = config["runs"]["mnist"]["layers"]
    assert len(snapshot_epochs(config)) * len(layers) + config["activations"]["pixels"] == 261


def test_what_is_given_replaces_a_default_and_nothing_beside_it():
    config = resolve({"training": {"learning_rate": 0.1}, "plots": {"animation": {"fps": 9}, "grid_epochs": [0, 4]}})
    expected = copy.deepcopy(DEFAULTS)
    expected["training"]["learning_rate"] = 0.1
    expected["plots"]["animation"]["fps"] = 9
    expected["plots"]["grid_epochs"] = [0, 4]
    expected["runs"] = {"run": {key: expected[key] for key in OF_A_RUN} | {"layers": SMALL_CNN}}
    assert config == expected


def test_the_config_that_is_given_stays_as_it_is():
    config = {"runs": {"a": None, "b": {"model": {"kwargs": {"dropout": 0.1}}}}, "plots": {"grid_epochs": [0]}}
    before = copy.deepcopy(config)
    resolved = resolve(config)
    resolved["plots"]["grid_epochs"].append(5)
    resolved["runs"]["b"]["model"]["kwargs"]["dropout"] = 0.2
    assert config == before
    assert resolve({})["model"]["kwargs"] == {}


def test_runs_are_the_config_and_what_differs():
    config = resolve(
        {
            "seed": 3,
            "dataset": {"eval_size": 500},
            "model": {"name": "mlp", "kwargs": {"dropout": 0.5}},
            "layers": ["fc1"],
            "training": {"weight_decay": 0},
            "runs": {
                "same": {},
                "none": None,
                "other": {
                    "seed": 4,
                    "dataset": {"name": "digits", "train_size": 700},
                    "model": {"kwargs": {"dropout": 0.1}},
                    "layers": ["fc2"],
                    "training": {"optimizer": "sgd", "batch_size": 50},
                },
            },
        }
    )
    base = {key: config[key] for key in (*OF_A_RUN, "layers")}
    assert config["runs"]["same"] == config["runs"]["none"] == base
    assert base["seed"] == 3 and base["training"]["weight_decay"] == 0
    assert config["runs"]["other"] == {
        "seed": 4,
        "dataset": DEFAULTS["dataset"] | {"name": "digits", "train_size": 700, "eval_size": 500},
        "model": {"name": "mlp", "kwargs": {"dropout": 0.1}, "weights": None},
        "layers": ["fc2"],
        "training": DEFAULTS["training"] | {"weight_decay": 0, "optimizer": "sgd", "batch_size": 50},
    }
    assert list(config["runs"]) == ["same", "none", "other"]


# What is refused


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


def test_a_run_with_another_model_starts_without_the_first_ones_arguments():
    config = {
        "model": {"name": "small_cnn", "kwargs": {"dropout": 0.5}},
        "layers": ["fc1"],
        "runs": {"same": {}, "other": {"model": {"name": "tiny_cnn"}}},
    }
    runs = resolve(config)["runs"]
    assert runs["same"]["model"] == {"name": "small_cnn", "kwargs": {"dropout": 0.5}, "weights": None}
    assert runs["other"]["model"] == {"name": "tiny_cnn", "kwargs": {}, "weights": None}


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
    config = resolve({"model": {"name": model}, "layers": layers, "activations": {"pixels": False}})
    assert config["layers"] == layers, "as it was written"
    assert config["runs"]["run"]["layers"] == expected
    assert run_layers(config) == {"run": expected}


def test_runs_have_their_own_layers():
    config = {
        "layers": ["fc1"],
        "runs": {"all": {}, "own": {"layers": "auto"}, "tiny": {"model": {"name": "tiny_cnn"}}},
    }
    runs = resolve(config)["runs"]
    assert {name: run["layers"] for name, run in runs.items()} == {"all": ["fc1"], "own": SMALL_CNN, "tiny": ["fc1"]}
