"""A config is resolved to its defaults, and to each run's own settings; planning loads no large library for it."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evolution.config.layers import layers_with_raw_inputs
from evolution.config.resolve import resolve
from evolution.config.spans import snapshot_times

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "workflow" / "scripts"
# The defaults that the schema should have, by hand.
DEFAULTS = yaml.safe_load("""
results: results
seed: 17
dataset: {name: mnist_5k, root: data, train_size: 4000, eval_size: 1000, image_size: null, normalize: auto, kind: auto,
  target: auto, seed: null}
model: {name: small_cnn, kwargs: {}, weights: null}
layers: auto
training:
  {epochs: 100, batch_size: null, accumulate: 1, optimizer: adamw, optimizer_kwargs: {}, learning_rate: 1.0e-3,
   weight_decay: 1.0e-4, schedule: {name: constant, warmup: 0, at: [0.5, 0.75], factor: 0.1, final: 0},
   augmentation: [], label_smoothing: 0, class_weights: null, clip_norm: null, average: null, precision: float32,
   recipe: null, recipe_kwargs: {}, stop: null, device: auto, gpus: 1, threads: 2, epochs_per_job: 20,
   steps_per_job: null, keep_epochs: all}
snapshots: {unit: epoch, every: null, log_until: null, also: []}
snapshots_per_job: 1
activations: {device: cpu, compact: true, tolerance: auto, raw_inputs: true, pooling: {maps: flatten, tokens: mean}}
metrics:
  clusters: auto
  n_init: 10
  neighbors: 10
  measure_by: []
  measures: [restart_spread, adjusted_mutual_information, v_measure, davies_bouldin,
    class_silhouette, knn_purity, linear_probe, effective_rank, participation_ratio, intrinsic_dimension,
    neural_collapse]
  cka: true
  device: cpu
embedding: {method: tsne, perplexity: 30, neighbors: 15, pca_components: 50, alignment: previous}
plots:
  {grid_times: null, time_axis: linear, palette: petroff10, colors: null, font: null, dpi: 120, width: null,
   formats: [png], animation: {fps: 5, tween: 6, gif_megabytes: 8, dpi: 80},
   explorer: {max_samples: 5000}}
comparison: {threshold: 0.9, cka_time: null}
checkpoints: null
recording: null
seeds: []
grid: {}
skip: []
""")
OF_A_RUN = ("seed", "dataset", "model", "checkpoints", "recording", "training")
# What auto stands for in the default model.
SMALL_CNN = ["conv1", "conv2", "conv3", "fc1", "fc2"]


def test_an_empty_config_is_all_defaults():
    config = resolve({})
    runs, times, facts = (config.pop(key) for key in ("runs", "times", "facts"))
    assert config == DEFAULTS and list(facts) == ["run"]
    assert runs == {"run": {key: DEFAULTS[key] for key in OF_A_RUN} | {"layers": SMALL_CNN}}
    assert times["run"].times == list(range(0, 101, 2)) and times["run"].unit == "epoch"


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
    """A key's meaning is looked up in config.yaml: each key stands there, and with its default."""
    written = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert written.pop("runs") == {"mnist": {}}
    assert written["plots"].pop("grid_times") == [0, 2, 5, 10, 20, 50, 100]
    written["plots"]["grid_times"] = None
    assert written["snapshots"].pop("also") == [5] and written["snapshots"].pop("every") == 2
    defaults = copy.deepcopy(DEFAULTS)
    for key in ("also", "every"):
        defaults["snapshots"].pop(key)
    assert written == defaults


def test_the_default_experiment_has_261_cells():
    config = resolve(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")))
    assert len(snapshot_times(config)) == 52
    assert layers_with_raw_inputs(config, config["times"]) == {"mnist": ["raw_inputs", *SMALL_CNN]}
    layers = config["runs"]["mnist"]["layers"]
    assert len(snapshot_times(config)) * len(layers) + config["activations"]["raw_inputs"] == 261


def test_what_is_given_replaces_its_default_and_nothing_else():
    config = resolve({"training": {"learning_rate": 0.1}, "plots": {"animation": {"fps": 9}, "grid_times": [0, 4]}})
    expected = copy.deepcopy(DEFAULTS)
    expected["training"]["learning_rate"] = 0.1
    expected["plots"]["animation"]["fps"] = 9
    expected["plots"]["grid_times"] = [0, 4]
    expected["runs"] = {"run": {key: expected[key] for key in OF_A_RUN} | {"layers": SMALL_CNN}}
    assert config | {"times": None, "facts": None} == expected | {"times": None, "facts": None}


def test_the_config_that_is_given_stays_as_it_is():
    config = {"runs": {"a": None, "b": {"model": {"kwargs": {"dropout": 0.1}}}}, "plots": {"grid_times": [0]}}
    before = copy.deepcopy(config)
    resolved = resolve(config)
    resolved["plots"]["grid_times"].append(5)
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
        "checkpoints": None,
        "recording": None,
        "training": DEFAULTS["training"] | {"weight_decay": 0, "optimizer": "sgd", "batch_size": 50},
    }
    assert list(config["runs"]) == ["same", "none", "other"]


def test_a_run_with_another_model_starts_without_the_first_ones_arguments():
    config = {
        "model": {"name": "small_cnn", "kwargs": {"dropout": 0.5}},
        "layers": ["fc1"],
        "runs": {"same": {}, "other": {"model": {"name": "tiny_cnn"}}},
    }
    runs = resolve(config)["runs"]
    assert runs["same"]["model"] == {"name": "small_cnn", "kwargs": {"dropout": 0.5}, "weights": None}
    assert runs["other"]["model"] == {"name": "tiny_cnn", "kwargs": {}, "weights": None}


def test_grid_times_are_spread_where_they_are_not_given():
    times = resolve({"training": {"epochs": 9}, "snapshots": {"every": 3}})["times"]["run"]
    assert times.grid_times(None) == [0, 3, 6, 9] and times.grid_times([3]) == [3]
    assert len(resolve({})["times"]["run"].grid_times(None)) == 7


def test_planning_loads_no_large_library():
    """Snakemake starts often, also within each job on a cluster."""
    files = [path for name in ("config", "planning") for path in sorted(SCRIPTS.glob(f"evolution/{name}/*.py"))]
    modules = [f"evolution.{path.parent.name}.{path.stem}" for path in files]
    code = (
        f"import importlib, sys; [importlib.import_module(name) for name in {modules}]; "
        "from evolution.config import checks, resolve; config = resolve.resolve({}); checks.notes(config); "
        "print([name for name in ('numpy', 'torch', 'matplotlib', 'sklearn', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
