"""A model is traced once, by a program of its own, and the answer is kept as long as what it depends on is the same."""

import importlib.metadata
import json
import os
import sys

import pytest

from evolution.config.resolve import resolve
from evolution.errors import ConfigError, ModelError
from evolution.planning.code_files import model_versions
from evolution.planning.model_trees import (
    model_modules,
    read_tree,
    trace_request,
    tree_file,
    tree_path,
)

DIGITS = {"name": "digits"}
SMALL = DIGITS | {"train_size": 100, "eval_size": 100}
# Each time that the file is run, and so each time that a model of it is built, it notes that.
NET = """
from torch import nn
from width import WIDTH

print("a file may print what it likes")
open("built", "a").write("x")

class Net(nn.Sequential):
    def __init__(self, shape, classes, depth=1):
        super().__init__(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, classes))

class Images(nn.Linear):
    def __init__(self, shape, classes):
        super().__init__(63, classes)

    def forward(self, x):
        return super().forward(x.flatten(1))
"""


@pytest.fixture
def nets(tmp_path, monkeypatch):
    """A folder to work in, with a model file and a module that it imports."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").write_text(NET)
    (tmp_path / "nets" / "width.py").write_text("WIDTH = 5\n")
    return tmp_path / "nets"


def built():
    """How often a model was built."""
    return os.path.getsize("built") if os.path.exists("built") else 0


def model(name="nets/net.py:Net", **kwargs):
    return {"name": name, "kwargs": kwargs}


def path_of(model, dataset=DIGITS):
    return tree_path(trace_request(model, dataset))


def test_a_built_in_model_is_in_the_catalogue(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    modules = model_modules({"model": model("tiny_cnn"), "dataset": DIGITS})
    assert list(modules.names) == ["conv1", "conv2", "fc1", "fc2"]
    assert list(tmp_path.iterdir()) == [], "and not traced"


def test_a_tree_is_found_out_once(nets):
    path = tree_file(model(), DIGITS)
    assert [(row["name"], row["shape"], row["parameters"]) for row in read_tree(path)] == [
        ("0", [64], 0),
        ("1", [5], 64 * 5 + 5),
        ("2", [5], 0),
        ("3", [10], 5 * 10 + 10),
    ]
    assert tree_file(model(), DIGITS) == path == path_of(model()) and built() == 1
    assert path.parent.as_posix() == ".snakemake/evolution"


def test_all_that_a_tree_depends_on_has_a_part_in_its_name(nets, monkeypatch):
    version = importlib.metadata.version
    paths = [path_of(model()), path_of(model(), {"name": "cifar10"}), path_of(model(depth=2))]
    paths += [path_of(model("nets/net.py:Images"))]
    (nets / "width.py").write_text("WIDTH = 6\n")
    paths += [path_of(model())]
    (nets / "net.py").write_text(NET + "\n")
    paths += [path_of(model())]
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"{version(name)}.{name}")
    paths += [path_of(model())]
    assert len(set(paths)) == len(paths)
    monkeypatch.undo()
    assert built() == 0, "a name is known without building"


def test_a_package_on_pythonpath(nets, tmp_path, monkeypatch):
    """Its files count by their content; a package of this library's name there is in nobody's way."""
    package = tmp_path / "path" / "my_nets"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(NET.replace("from width", "from .width"))
    (package / "width.py").write_text("WIDTH = 5\n")
    (tmp_path / "path" / "evolution.py").write_text("x = 1\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "path")])
    path = tree_file(model("my_nets.net:Net"), DIGITS)
    assert [row["shape"] for row in read_tree(path)] == [[64], [5], [5], [10]]
    (package / "width.py").write_text("WIDTH = 6\n")
    assert [row["shape"] for row in read_tree(tree_file(model("my_nets.net:Net"), DIGITS))][1] == [6]
    assert "my_nets" not in sys.modules, "nothing of it runs where it is planned"


def test_an_installed_package_counts_by_its_version(nets, monkeypatch):
    version = importlib.metadata.version
    first = path_of(model("torchvision.models:resnet18"))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version(name) + ".1" * (name == "torchvision"))
    model_versions.cache_clear()
    assert path_of(model("torchvision.models:resnet18")) != first
    model_versions.cache_clear()


def test_a_config_of_transformers_counts_by_its_content(nets, tmp_path):
    """So a path to it is not in the resolved config, and neither is who wrote it."""
    content = {"model_type": "vit", "num_channels": 1, "image_size": 8, "patch_size": 2, "hidden_size": 8}
    content |= {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 9}
    content |= {"id2label": {str(label): str(label) for label in range(10)}}
    written = content | {"transformers_version": "5.0", "_name_or_path": "/somewhere"}
    (tmp_path / "vit.json").write_text(json.dumps(written))
    config = {"dataset": SMALL, "model": model("transformers", config="vit.json"), "runs": {"a": {}}}
    pytest.importorskip("transformers")
    (run,) = resolve(config)["runs"].values()
    assert run["model"]["kwargs"] == {"config": content}
    assert "vit.layers.0" in [row["name"] for row in read_tree(tree_file(run["model"], DIGITS))]
    (tmp_path / "vit.json").write_text("[]")
    with pytest.raises(
        ConfigError, match=r"^model\.kwargs\.config: 'vit\.json' is not allowed; must be a config\.json"
    ):
        resolve(config)


def test_layers_of_an_own_class_in_a_config(nets):
    config = {"dataset": SMALL, "model": model()}
    config["runs"] = {"a": {}, "b": {"layers": ["?"]}, "c": {"seed": 3, "layers": ["3"]}}
    runs = resolve(config)["runs"]
    assert {name: run["layers"] for name, run in runs.items()} == {"a": ["1", "3"], "b": list("0123"), "c": ["3"]}
    assert built() == 1
    for layers, said in (
        (["1", "4"], "layers: 4 is not in net.py:Net (model.name); net.py:Net has 0, 1, 2, 3"),
        (["[5-9]"], "layers: [5-9] finds nothing in net.py:Net (model.name); net.py:Net has 0, 1, 2, 3"),
    ):
        with pytest.raises(ConfigError) as error:
            resolve(config | {"layers": layers, "runs": {"a": {}}})
        assert str(error.value) == said


def test_nothing_is_built_while_the_config_has_other_faults(nets):
    with pytest.raises(ConfigError) as error:
        resolve({"seed": -1, "model": model()})
    assert str(error.value).startswith("seed: -1") and "\n" not in str(error.value)
    assert built() == 0


def test_models_that_cannot_be_built_or_run(nets, tmp_path):
    """One message each, with the key, the exception's text and its line; nothing is kept."""
    cases = {
        "nets/net.py:Images": "shapes cannot be multiplied (2x64 and 63x10) (net.py, line 17)",
        "nets/net.py:Nothing": "nets/net.py has no Nothing; its models are Net, Images",
        "torchvision.resnet19": "torchvision has no classifier resnet19; did you mean resnet18",
    }
    for name, said in cases.items():
        with pytest.raises(ConfigError) as error:
            resolve({"dataset": SMALL, "runs": {"a": {"model": {"name": name}}}})
        line = str(error.value)
        assert line.startswith("runs.a.model.name: ") and "\n" not in line and "Traceback" not in line
        assert said in line and line.count("model.name") == 1
    assert not (tmp_path / ".snakemake").exists()


def test_a_file_that_is_not_python(nets, tmp_path):
    (tmp_path / "nets" / "net.py").write_text("class Net(\n")
    with pytest.raises(ModelError, match=r"^model\.name: nets/net\.py is not Python: .* line 1"):
        tree_file(model(), DIGITS)
    (tmp_path / "nets" / "net.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"^model\.name: nets/net\.py "):
        tree_file(model(), DIGITS)


def test_a_key_that_the_model_names_is_the_errors_own(nets):
    """Keyword arguments that a model refuses are those of the run that gives them."""
    config = {"dataset": SMALL, "runs": {"a": {"model": model("torchvision.mobilenet_v2", widht=1)}}}
    with pytest.raises(ConfigError) as error:
        resolve(config)
    assert str(error.value).startswith(
        "runs.a.model.kwargs: {'widht': 1} does not fit model torchvision.mobilenet_v2: "
    )


def test_a_program_that_dies(nets, tmp_path, monkeypatch):
    """As when the system ends it for its memory: its last words are passed on, and no traceback."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho loading >&2\necho no memory >&2\nkill -9 $$\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(ModelError, match=r"^model\.name: .* ended with code -9: no memory$"):
        tree_file(model(), DIGITS)
    python.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ModelError, match=r"ended with code 1: it said nothing$"):
        tree_file(model(), DIGITS)


def test_without_torch(nets, monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(ModelError, match=r"torch is not installed where Snakemake is; pip install torch"):
        tree_file(model(), DIGITS)


def test_a_damaged_answer_is_found_out_again(nets):
    path = tree_file(model(), DIGITS)
    good = path.read_text()
    path.write_text("[")
    assert tree_file(model(), DIGITS) == path and json.loads(path.read_text()) == json.loads(good)
    assert built() == 2


def test_samples_that_are_not_known(nets):
    with pytest.raises(ModelError, match=r"the samples of npz:x\.npz are not known"):
        tree_file(model(), {"name": "npz:x.npz"})


def test_a_module_that_is_called_as_the_raw_images_are(nets, tmp_path):
    text = "from torch import nn\n\nclass Odd(nn.Module):\n    def __init__(self, shape, classes):\n"
    text += "        super().__init__()\n        self.raw_inputs = nn.Linear(64, classes)\n\n"
    text += "    def forward(self, x):\n        return self.raw_inputs(x.flatten(1))\n"
    (tmp_path / "odd.py").write_text(text)
    (row,) = read_tree(tree_file(model("odd.py:Odd"), DIGITS))
    assert row["name"] == "raw_inputs" and row["fault"] == "is called as the raw inputs are; rename it"


def test_lazy_layers(nets, tmp_path):
    text = "from torch import nn\n\nclass Lazy(nn.Sequential):\n    def __init__(self, shape, classes):\n"
    (tmp_path / "lazy.py").write_text(text + "        super().__init__(nn.Flatten(), nn.LazyLinear(classes))\n")
    with pytest.raises(ModelError, match=r"1\.weight has no size before samples pass: lazy layers cannot be used"):
        tree_file(model("lazy.py:Lazy"), DIGITS)


TOKENS_NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.words, self.head = nn.Embedding(9, 4), nn.Linear(4, num_classes)

    def forward(self, input, mask):
        return self.head((self.words(input) * mask[..., None]).sum(1))
"""
TOKENS_DATA = """
import numpy as np

from vocabulary import WORDS


def sentences():
    tokens = np.random.default_rng(0).integers(0, WORDS, (20, 5))
    inputs = {"input": tokens, "mask": tokens > 2}
    return {"inputs": inputs, "labels": np.arange(20) % 3, "class_names": list("abcd")}


def unnamed():
    return [(np.zeros((1, 8, 8), np.float32), n % 3) for n in range(20)]
"""


@pytest.fixture
def sentences(nets):
    """Evaluation data of a function, and a model that takes it, in the folder of `nets`; the data set's settings."""
    (nets / "tokens.py").write_text(TOKENS_NET)
    (nets / "data.py").write_text(TOKENS_DATA)
    (nets / "vocabulary.py").write_text("WORDS = 9\n")
    return {"name": "nets/data.py:sentences"}


def test_a_model_is_traced_with_samples_of_the_function(sentences):
    tree = {row["name"]: row for row in read_tree(tree_file(model("nets/tokens.py:Net"), sentences))}
    assert tree["words"]["shape"] == [5, 4] and tree["head"]["shape"] == [4], "four classes have a name"
    # Classes without names are as many as the labels say.
    tree = {row["name"]: row for row in read_tree(tree_file(model(), {"name": "nets/data.py:unnamed"}))}
    assert [row["shape"] for row in tree.values()][-1] == [3]


@pytest.mark.parametrize("name", ["data.py", "vocabulary.py"])
def test_a_tree_is_that_of_the_data_files_content(sentences, nets, name):
    chosen = model("nets/tokens.py:Net")
    before, content = path_of(chosen, sentences), (nets / name).read_text()
    os.utime(nets / name, (1, 1))
    assert path_of(chosen, sentences) == before
    (nets / name).write_text(content + "# more\n")
    assert path_of(chosen, sentences) != before
    (nets / name).write_text(content)
    assert path_of(chosen, sentences) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def sentences(:", r"^dataset\.name: nets/data\.py is not Python: .* line 1$"),
        (
            "def sentences(): return 1 / 0",
            r"^dataset\.name: data\.py:sentences failed: ZeroDivisionError: .* line 1\)$",
        ),
        ("import no_such_module_", r"^dataset\.name: nets/data\.py cannot be imported: ModuleNotFoundError"),
        ("", r"^dataset\.name: nets/data\.py has no sentences; its functions are none$"),
    ],
)
def test_data_that_fail_while_planning(sentences, nets, content, said):
    (nets / "data.py").write_text(content)
    with pytest.raises(ModelError, match=said):
        tree_file(model("nets/tokens.py:Net"), sentences)
