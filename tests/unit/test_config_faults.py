"""A wrong config is refused with a message that names the key and what to do, and nothing on disk changes."""

import os
import textwrap

import pytest
import yaml

from evolution.config_checks import notes
from evolution.config_files import file_faults
from evolution.configuration import ConfigError, check_file, resolve

# What is written in the config, the keys that the message must name, and the remedy that it must state.
CASES = {
    # Types
    "seed as text": ("seed: '3'", "seed: '3'", "of type integer; write it without quotes"),
    "seed as a fraction": ("seed: 1.5", "seed: 1.5", "must be of type integer"),
    "seed as truth": ("seed: yes", "seed: True", "must be of type integer"),
    "epochs as a float": ("training: {epochs: 10.0}", "training.epochs: 10.0", "must be of type integer"),
    "a number that YAML reads as text": (
        "training: {learning_rate: 1e-3}",
        "training.learning_rate: '1e-3'",
        "YAML reads it as text: write a point and a sign, as in 1.0e-3",
    ),
    "no number": ("training: {learning_rate: .nan}", "training.learning_rate: nan", "of type number, and finite"),
    "infinite": ("embedding: {perplexity: .inf}", "embedding.perplexity: inf", "of type number, and finite"),
    "truth as text": ("activations: {compact: 'true'}", "activations.compact", "write it without quotes"),
    "one layer without a list": ("layers: fc1", "layers: 'fc1'", "must be of type list; write [fc1]"),
    "a layer that is a number": ("layers: [fc1, 2]", "layers.1: 2", "must be of type string; put it in quotes"),
    "a mapping where a list belongs": ("layers: {fc1: 1}", "layers: {'fc1': 1}", "must be of type list"),
    "a section without content": ("training:", "training: None", "give it a value, or leave the key out"),
    "a section that is a list": ("training: [epochs, 3]", "training: ['epochs', 3]", "must be of type mapping"),
    "a section that is a word": ("dataset: digits", "dataset: 'digits'", "must be of type mapping"),
    "runs as a list": ("runs: [a, b]", "runs: ['a', 'b']", "must be of type mapping"),
    "a run that is a number": ("runs: {a: 3}", "runs.a: 3", "must be of type mapping or null"),
    "a run's name that YAML reads as a number": ("runs: {2024: {}}", "runs: 2024", "put it in quotes"),
    "a run's name that YAML reads as false": ("runs: {no: {}}", "runs: False", "put it in quotes"),
    "a run's name that YAML reads as a date": ("runs: {2024-01-02: {}}", "runs: datetime.date", "put it in quotes"),
    "model arguments as a list": ("model: {kwargs: [1]}", "model.kwargs: [1]", "must be of type mapping"),
    "batch size as text": ("training: {batch_size: all}", "training.batch_size: 'all'", "of type integer or null"),
    # Ranges
    "seed below zero": ("seed: -1", "seed: -1", "must be at least 0"),
    "seed too large": ("seed: 4294967296", "seed: 4294967296", "must be at most 4294967295"),
    "no epochs": ("training: {epochs: 0}", "training.epochs: 0", "must be at least 1"),
    "epochs without end": ("training: {epochs: 1000000000000}", "training.epochs: 10000", "must be at most 1000000"),
    "learning rate zero": ("training: {learning_rate: 0}", "training.learning_rate: 0", "must be greater than 0"),
    "weight decay below zero": ("training: {weight_decay: -1}", "training.weight_decay: -1", "must be at least 0"),
    "no threads": ("training: {threads: 0}", "training.threads: 0", "must be at least 1"),
    "too many threads": ("training: {threads: 5000}", "training.threads: 5000", "must be at most 1024"),
    "batch of nothing": ("training: {batch_size: 0}", "training.batch_size: 0", "must be at least 1"),
    "one cluster": ("metrics: {clusters: 1}", "metrics.clusters: 1", "must be at least 2"),
    "perplexity one": ("embedding: {perplexity: 1}", "embedding.perplexity: 1", "must be greater than 1"),
    "blurred figures": ("plots: {dpi: 5}", "plots.dpi: 5", "must be at least 30"),
    "a film too fast": ("plots: {animation: {fps: 60}}", "plots.animation.fps: 60", "must be at most 50"),
    "snapshots never": ("snapshots: {every: 0}", "snapshots.every: 0", "must be at least 1"),
    # Choices
    "a data set misspelt": ("dataset: {name: mnits}", "dataset.name: 'mnits'", "did you mean mnist?"),
    "a model misspelt": ("model: {name: smallcnn}", "model.name: 'smallcnn'", "did you mean small_cnn?"),
    "an optimizer that is not there": ("training: {optimizer: lbfgs}", "training.optimizer", "allowed: adamw, sgd"),
    "an optimizer misspelt": ("training: {optimizer: adam}", "training.optimizer: 'adam'", "did you mean adamw?"),
    "a device misspelt": ("training: {device: cude}", "training.device: 'cude'", "did you mean cuda?"),
    "a palette misspelt": ("plots: {palette: petrof10}", "plots.palette: 'petrof10'", "did you mean petroff10?"),
    "a palette that is no set of colours": ("plots: {palette: viridis}", "plots.palette", "allowed: petroff10, "),
    "an alignment misspelt": ("embedding: {alignment: prev}", "embedding.alignment", "allowed: previous, none"),
    # Unknown keys
    "a section misspelt": ("trainin: {}", "trainin: unknown key", "did you mean training?"),
    "a key misspelt": ("training: {epoch: 3}", "training.epoch: unknown key", "did you mean epochs?"),
    "a key deep down misspelt": (
        "plots: {animation: {fsp: 3}}",
        "plots.animation.fsp: unknown key",
        "did you mean fps?",
    ),
    "a key like none": ("metrics: {xyzzy: 3}", "metrics.xyzzy: unknown key", "known here: clusters, n_init, neighbors"),
    "a key that is a number": ("metrics: {5: 3}", "metrics.5: unknown key", "known here: clusters, n_init, neighbors"),
    "a dotted key": ("training.epochs: 3", "training.epochs: unknown key", "written as training: {epochs: ...}"),
    "epochs of one run": (
        "runs: {a: {training: {epochs: 3}}}",
        "runs.a.training.epochs: unknown key",
        "it holds for all runs, so set training.epochs outside of runs",
    ),
    "snapshots of one run": ("runs: {a: {snapshots: {}}}", "runs.a.snapshots: unknown key", "set snapshots outside of"),
    "a run's key misspelt": ("runs: {a: {sede: 3}}", "runs.a.sede: unknown key", "did you mean seed?"),
    # Names
    "a run above the results": ("runs: {../x: {}}", "runs: '../x'", "made of letters, digits and _"),
    "a run in another's folder": ("runs: {a/b: {}}", "runs: 'a/b'", "made of letters, digits and _"),
    "a run with a space": ("runs: {my run: {}}", "runs: 'my run'", "made of letters, digits and _"),
    "a run without a name": ("runs: {'': {}}", "runs: ''", "made of letters, digits and _"),
    "a run like an option": ("runs: {-rf: {}}", "runs: '-rf'", "made of letters, digits and _"),
    "a run that ends a line": ('runs: {"a\\n": {}}', "runs: 'a\\n'", "made of letters, digits and _"),
    "a run that calls a shell": ("runs: {$(touch x): {}}", "runs: '$(touch x)'", "made of letters, digits and _"),
    "a run with a wildcard": ("runs: {'{span}': {}}", "runs: '{span}'", "made of letters, digits and _"),
    "a run longer than a file's name": (f"runs: {{{'a' * 101}: {{}}}}", "runs: 'aaa", "at most 100 characters"),
    "runs that differ in case": ("runs: {Base: {}, base: {}}", "runs.base: is the same", "choose another"),
    "no runs": ("runs: {}", "runs: {}", "must have at least one entry"),
    "a layer with a slash": ("layers: [a/b]", "layers.0: 'a/b'", "with single dots between"),
    "a layer above": ("layers: [..]", "layers.0: '..'", "with single dots between"),
    "a layer that ends a line": ('layers: ["fc1\\n"]', "layers.0: 'fc1\\n'", "with single dots between"),
    "a layer twice": ("layers: [fc1, conv1, fc1]", "layers: ['fc1', 'conv1', 'fc1']", "must not name anything twice"),
    "no layers": ("layers: []", "layers: []", "must have at least one entry"),
    "pixels as a layer": ("layers: [pixels, fc1]", "layers: pixels", "leave it out and set activations.pixels"),
    # Keys that do not go together
    "a snapshot past the end": ("snapshots: {also: [101]}", "snapshots.also: [101]", "training.epochs is 100"),
    "a grid epoch past the end": (
        "{training: {epochs: 4}, plots: {grid_epochs: [0, 6]}}",
        "plots.grid_epochs: 6",
        "training.epochs is 4",
    ),
    "a grid epoch without a snapshot": (
        "plots: {grid_epochs: [3]}",
        "plots.grid_epochs: 3",
        "add 3 to snapshots.also",
    ),
    "a grid epoch twice": ("plots: {grid_epochs: [2, 2]}", "plots.grid_epochs: [2, 2]", "must not name anything twice"),
    "perplexity a third of the images": (
        "{dataset: {eval_size: 90}, embedding: {perplexity: 30}}",
        "embedding.perplexity: 30",
        "must be below a third of it",
    ),
    "as many clusters as images": (
        "{dataset: {eval_size: 100}, metrics: {clusters: 100}}",
        "metrics.clusters: 100",
        "dataset.eval_size 100; must be below it",
    ),
    "as many neighbours as images": (
        "{dataset: {eval_size: 100}, metrics: {neighbors: 100}}",
        "metrics.neighbors: 100",
        "dataset.eval_size 100; must be below it",
    ),
    "more components than images": (
        "{dataset: {eval_size: 100}, embedding: {pca_components: 101}}",
        "embedding.pca_components: 101",
        "must be at most that",
    ),
    "more components than images by default": (
        "{dataset: {eval_size: 40}, embedding: {perplexity: 5}}",
        "embedding.pca_components: 50 (the default)",
        "dataset.eval_size 40",
    ),
    "a run with few images": (
        "{embedding: {perplexity: 20}, runs: {small: {dataset: {eval_size: 60}}}}",
        "embedding.perplexity: 20 is too large, run small",
        "must be below a third of it",
    ),
    "a GPU that is not asked for": (
        "training: {device: cuda, gpus: 0}",
        "training.gpus: 0",
        "set gpus to 1, or device to auto",
    ),
    "more jobs than can be planned": (
        "{training: {epochs: 100000}, snapshots: {every: 1}}",
        "training.epochs: 100000",
        "raise snapshots.every, snapshots_per_job or",
    ),
    "a run in the comparison's folder": ("runs: {Comparison: {}}", "runs.Comparison: is the folder", "choose another"),
    "a comparison at no snapshot": (
        "comparison: {cka_epoch: 3}",
        "comparison.cka_epoch: 3 has no snapshot",
        "the nearest is 2",
    ),
    # Sweeps
    "a seed below zero": ("seeds: [1, -1]", "seeds.1: -1", "must be at least 0"),
    "a seed of a run and seeds": ("{seeds: [1], runs: {a: {seed: 2}}}", "runs.a.seed: is set by seeds too", "keep one"),
    "two sweeps over seeds": ("{seeds: [1], grid: {seed: [2]}}", "grid.seed: and seeds both set seed", "keep one"),
    "a run's key in the grid": (
        "{grid: {training.learning_rate: [1.0]}, runs: {a: {training: {learning_rate: 0.1}}}}",
        "runs.a.training.learning_rate: is set by grid.training.learning_rate too",
        "keep one",
    ),
    "a run's argument in a mapping of the grid": (
        "{layers: [fc1], grid: {model: [{name: mlp}]}, runs: {a: {model: {name: mlp}}}}",
        "runs.a.model.name: is set by grid.model too",
        "keep one",
    ),
    "a key of the grid within another": (
        "{layers: [fc1], grid: {model: [{name: mlp}], model.name: [mlp]}}",
        "grid.model: and grid.model.name both set model.name",
        "keep one",
    ),
    "a grid of keys that are not dotted": (
        "grid: {training: {learning_rate: [1, 2]}}",
        "grid.training: {'learning_rate': [1, 2]}",
        "its keys are dotted: grid: {training.learning_rate: [...]}",
    ),
    "a grid without values": ("grid: {training.learning_rate: []}", "grid.training.learning_rate: []", "at least one"),
    "a grid of one value": ("grid: {training.learning_rate: 0.1}", "grid.training.learning_rate: 0.1", "write [0.1]"),
    "a key of the grid misspelt": (
        "grid: {training.learningrate: [0.1]}",
        "grid.training.learningrate: unknown key",
        "did you mean learning_rate?",
    ),
    "a key of the grid that all runs share": (
        "grid: {training.epochs: [3, 4]}",
        "grid.training.epochs: unknown key",
        "it holds for all runs, so set training.epochs outside of runs",
    ),
    "a key of the grid that is a number": ("grid: {3: [4]}", "grid: 3", "put it in quotes"),
    "a value of the grid out of range": (
        "grid: {training.learning_rate: [0.1, 0]}",
        "grid.training.learning_rate: 0 is not allowed",
        "must be greater than 0",
    ),
    "a value of the grid that is none of a choice": (
        "grid: {training.optimizer: [sgd, adam]}",
        "grid.training.optimizer: 'adam'",
        "did you mean adamw?",
    ),
    "a mapping of the grid with a key misspelt": (
        "grid: {model: [{nmae: mlp}]}",
        "grid.model.nmae: unknown key",
        "did you mean name?",
    ),
    "an argument of the grid that the model lacks": (
        "grid: {model.kwargs.droput: [0.1, 0.2]}",
        "grid.model.kwargs.droput: unknown argument of small_cnn",
        "did you mean dropout?",
    ),
    "an argument of the grid out of range": (
        "grid: {model.kwargs.dropout: [0.1, 2]}",
        "grid.model.kwargs.dropout: 2",
        "a number from 0 to 1",
    ),
    "a model of the grid without a layer": (
        "{layers: [conv1], grid: {model.name: [small_cnn, mlp]}}",
        "layers: conv1 is not in mlp (grid.model.name)",
        "mlp has fc1, fc2, fc3",
    ),
    "images of the grid that are not there": (
        "{dataset: {name: digits, eval_size: 500}, grid: {dataset.train_size: [1000, 2000]}}",
        "grid.dataset.train_size: 2000 and dataset.eval_size: 500 are more than digits has",
        "174 per class",
    ),
    "a fault of a run that is swept": (
        "{seeds: [1, 2], runs: {a: {dataset: {train_size: 9}}}}",
        "runs.a.dataset.train_size: 9",
        "must be at least 10",
    ),
    "more runs than can be planned": (
        f"{{seeds: {list(range(200))}, grid: {{training.weight_decay: {list(range(100))}}}}}",
        "grid: makes 20000 runs",
        "give fewer values",
    ),
    "a skipped run that is none": ("{seeds: [1, 2], skip: [run-sed-2]}", "skip: run-sed-2", "did you mean run-seed-2?"),
    "all runs skipped": ("skip: [run]", "skip: run is the last run that is left", "at least one must stay"),
    # What the data set and the model allow
    "fewer images than classes": ("dataset: {train_size: 9}", "dataset.train_size: 9", "must be at least 10"),
    "more images than there are": (
        "dataset: {name: digits, train_size: 1000, eval_size: 900}",
        "dataset.train_size: 1000 and dataset.eval_size: 900",
        "174 per class, 1740 in all",
    ),
    "more test images than there are": (
        "dataset: {name: kmnist, eval_size: 10001}",
        "dataset.eval_size: 10001",
        "1000 per class, 10000 in all",
    ),
    "a layer that the model lacks": ("layers: [conv1, fc9]", "layers: fc9", "did you mean fc2? small_cnn has conv1"),
    "a layer that a run's model lacks": (
        "{layers: [conv1], runs: {flat: {model: {name: mlp}}}}",
        "layers: conv1 is not in mlp (runs.flat.model.name)",
        "mlp has fc1, fc2, fc3",
    ),
    "a layer that runs often": ("layers: [fc1, pool]", "layers: pool runs more than once", "leave it out"),
    "a layer of one run that its model lacks": (
        "runs: {a: {layers: [fc1, fc9]}, b: {}}",
        "runs.a.layers: fc9 is not in small_cnn (model.name)",
        "did you mean fc2? small_cnn has conv1",
    ),
    "pixels as a layer of one run": ("runs: {a: {layers: [pixels, fc1]}}", "runs.a.layers: pixels", "leave it out"),
    "a glob that finds nothing": (
        "layers: [fc1, 'conv?.1']",
        "layers: conv?.1 finds nothing in small_cnn",
        "has conv1",
    ),
    "a glob that finds what runs often": (
        "layers: ['poo?']",
        "layers: poo? only finds what cannot be followed, pool runs more than once",
        "leave it out. small_cnn has conv1",
    ),
    "a word for layers that is not auto": ("layers: all", "layers: 'all'", "write [all], or the word auto"),
    "a glob with a slash": ("layers: ['conv*/x']", "layers.0: 'conv*/x'", "with single dots between"),
    "weights that are not there": (
        "model: {weights: trained.pt}",
        "model.weights: 'trained.pt' is no file",
        "must be a state dict that torch.save wrote, or null",
    ),
    "weights of one run that are not there": (
        "runs: {a: {model: {weights: trained.pt}}}",
        "runs.a.model.weights: 'trained.pt' is no file",
        "or null",
    ),
    "weights that are a number": ("model: {weights: 3}", "model.weights: 3", "must be of type string or null"),
    "weights without a path": ("model: {weights: ''}", "model.weights: ''", "must not be empty"),
    "a model file that is not there": (
        "model: {name: 'nets/mine.py:Net'}",
        "model.name: there is no file nets/mine.py",
        "paths count from the folder that Snakemake runs in",
    ),
    "a model file without a class": ("model: {name: mine.py}", "model.name: 'mine.py'", "FILE.py:CLASS"),
    "a model that is a number": ("model: {name: 3}", "model.name: 3", "allowed: small_cnn, "),
    "maps pooled in no known way": (
        "activations: {pooling: {maps: max}}",
        "activations.pooling.maps: 'max'",
        "allowed: flatten, mean",
    ),
    "tokens pooled in no known way": (
        "activations: {pooling: {tokens: clss}}",
        "activations.pooling.tokens: 'clss'",
        "did you mean cls?",
    ),
    "an argument misspelt": ("model: {kwargs: {droput: 0.5}}", "model.kwargs.droput", "did you mean dropout?"),
    "an argument that another model takes": (
        "{layers: [fc1], runs: {a: {model: {name: tiny_cnn, kwargs: {dropout: 0.1}}}}}",
        "runs.a.model.kwargs.dropout: unknown argument of tiny_cnn",
        "it takes no arguments",
    ),
    "an argument out of range": ("model: {kwargs: {dropout: 2}}", "model.kwargs.dropout: 2", "a number from 0 to 1"),
    "a file where a folder belongs": (
        "dataset: {root: config.yaml}",
        "dataset.root: 'config.yaml'",
        "must be a folder",
    ),
    "a path that is none": ('dataset: {root: "a\\0b"}', "dataset.root: 'a\\x00b'", "must be a folder's path"),
    "no path": ("dataset: {root: ''}", "dataset.root: ''", "must not be empty"),
}


def state(folder):
    """Every file and folder under `folder`, with what would show that it was touched."""
    return {
        path: (path.lstat().st_mtime_ns, path.lstat().st_size, path.is_file() and path.read_bytes())
        for path in [folder, *sorted(folder.rglob("*"))]
    }


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A working directory with results in it, which must be the same afterwards."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    results = tmp_path / "results" / "tiny"
    results.mkdir(parents=True)
    (results / "dataset.npz").write_bytes(b"images")
    os.utime(results / "dataset.npz", (1, 1))
    before = state(tmp_path)
    yield
    assert state(tmp_path) == before


def faults(config):
    with pytest.raises(ConfigError) as error:
        resolve(config)
    return str(error.value).split("\n")


def test_there_are_many_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize(("text", "key", "remedy"), CASES.values(), ids=CASES)
def test_a_fault_is_one_line_with_key_and_remedy(results, text, key, remedy):
    found = faults(yaml.safe_load(text))
    assert len(found) == 1, found
    assert found[0].startswith(key)
    assert remedy in found[0]


def test_all_faults_come_in_one_message(results):
    config = yaml.safe_load(
        """
        seed: -1
        dataset: {eval_size: 60}
        layers: [conv1, fc9, a b]
        training: {epochs: 10, device: cuda, gpus: 0, learning_rate: fast}
        snapshots: {also: [11, x]}
        metrics: {clusters: 70, clutsers: 3}
        runs: {good: {}, bad one: {}, other: {model: {kwargs: {depth: 3}}}}
        """
    )
    found = faults(config)
    assert sorted(line.split(":")[0] for line in found) == [
        "embedding.perplexity",
        "layers",
        "layers.2",
        "metrics.clusters",
        "metrics.clutsers",
        "runs",
        "runs.other.model.kwargs.depth",
        "seed",
        "snapshots.also",
        "snapshots.also.1",
        "training.gpus",
        "training.learning_rate",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{training: {epochs: many}, plots: {grid_epochs: [500]}}",
        "{snapshots: {also: ['3']}, plots: {grid_epochs: [3]}}",
        "{dataset: {eval_size: few}, embedding: {perplexity: 5000}}",
        "{model: {name: resnet}, layers: [layer1.0]}",
        "{dataset: {name: imagenet, train_size: 1000000}}",
        "{training: {device: gpu, gpus: 0}}",
        "{dataset: {name: digits, eval_size: 500}, grid: {dataset.train_size: [many]}}",
        "{dataset: {eval_size: 60, train_size: 600}, grid: {dataset.eval_size: [few]}, embedding: {perplexity: 15}}",
        "{grid: {dataset: [{name: digits, train_size: [1]}]}}",
    ],
)
def test_what_only_follows_from_another_fault_is_not_said(results, text):
    assert len(faults(yaml.safe_load(text))) == 1


def test_a_fault_that_many_runs_share_is_said_once(results):
    found = faults({"layers": ["fc9"], "metrics": {"clusters": 2000}, "runs": {f"run{n}": {} for n in range(30)}})
    assert len(found) == 2


def test_a_long_value_is_cut_short(results):
    (line,) = faults({"seed": "x" * 100_000})
    assert line.startswith("seed: 'xxx") and len(line) < 200


def test_notes_say_what_happens_to_an_uneven_size():
    config = resolve({"dataset": {"train_size": 4003, "eval_size": 990}})
    assert notes(config) == [
        "dataset.train_size 4003 of run run does not divide by its 10 classes: each gets 400 images, and the first 3 "
        "of them one more."
    ]
    assert notes(resolve({})) == []
    # Once, however many runs have these images.
    assert len(notes(resolve({"dataset": {"train_size": 3003}, "seeds": [1, 2, 3]}))) == 1


FILES = {
    "no file": (None, "does not exist", "--configfile"),
    "a folder": (..., "cannot be read (Is a directory)", "a config is a YAML file"),
    "not text": (b"seed: \xff\xfe", "is not UTF-8 text (byte 6)", "save it as UTF-8"),
    "empty": (b"", "is empty", "training: {epochs: 10}"),
    "comments": (b"# nothing\n", "is empty", "training: {epochs: 10}"),
    "a list": (b"- seed\n- 3\n", "is a list", "training: {epochs: 10}"),
    "a word": (b"seed\n", "is a single value", "training: {epochs: 10}"),
    "a bracket left open": (b"layers: [fc1\nseed: 3\n", "is not valid YAML in line 2", "`key: value`"),
    "a tab": (b"runs:\n\ta: {}\n", "is not valid YAML in line 2", "indented with spaces"),
    "a zero byte": (b"seed: 1\0", "is not valid YAML", "`key: value`"),
    "a Python object": (
        b"seed: !!python/object/apply:os.mkdir [pwned]",
        "is not valid YAML in line 1",
        "`key: value`",
    ),
    "a template": (b"__use_yte__: true\nseed: ?__import__('os').mkdir('pwned')", "__use_yte__", "write values"),
    "an impossible date": (b"seed: 2024-13-45", "is not valid YAML", "`key: value`"),
    "a bottomless list": (b"layers: " + b"[" * 5000, "is not valid YAML", "`key: value`"),
    "a run twice": (
        b"runs:\n  a: {}\n  b: {}\n  a: {seed: 1}\n",
        "runs.a is given twice, in line 2 and line 4",
        "keep",
    ),
    "a section twice": (b"seed: 1\nplots: {}\nseed: 2\n", "seed is given twice, in line 1 and line 3", "keep one"),
}


@pytest.mark.parametrize(("content", "problem", "remedy"), FILES.values(), ids=FILES)
def test_a_config_file_that_is_none(tmp_path, monkeypatch, content, problem, remedy):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "experiment.yaml"
    if content is ...:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    before = state(tmp_path)
    with pytest.raises(ConfigError) as error:
        check_file("experiment.yaml")
    (line,) = str(error.value).split("\n")
    assert line.startswith("experiment.yaml") and problem in line and remedy in line
    assert state(tmp_path) == before, "nothing in it was run"


def test_a_key_given_twice_comes_with_the_other_faults(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\nseed: -2\n")
    with pytest.raises(ConfigError) as error:
        resolve(yaml.safe_load(path.read_text()), files=[path])
    twice, wrong = str(error.value).split("\n")
    assert "seed is given twice" in twice and wrong.startswith("seed: -2 is not allowed")


def test_merge_keys_and_aliases_are_no_fault(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(
        textwrap.dedent(
            """
            runs:
              a: &base {seed: 1, training: {threads: 1}}
              b: {<<: *base, seed: 2}
              c: *base
            """
        )
    )
    assert file_faults(path) == []
    resolved = resolve(yaml.safe_load(path.read_text()), files=[path])
    assert [run["seed"] for run in resolved["runs"].values()] == [1, 2, 1]
