"""Models are looked into once, by a program of its own, and what is found is kept for as long as it holds."""

import json
import subprocess

import pytest

from evolution.config.resolve import resolve
from evolution.errors import ConfigError, ModelError
from evolution.planning import model_trees
from evolution.planning.model_trees import read_tree, tree_file

DIGITS = {"name": "digits"}
NET = """
from torch import nn
from width import WIDTH

print("a file may print what it likes")

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
def net(tmp_path, monkeypatch):
    """A folder to work in, with a model file, and a count of how often a model was looked into."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").write_text(NET)
    (tmp_path / "nets" / "width.py").write_text("WIDTH = 5\n")
    made = []
    make = model_trees._make
    monkeypatch.setattr(model_trees, "_make", lambda *given: made.append(1) or make(*given))
    return made


def model(name="nets/net.py:Net", **kwargs):
    return {"name": name, "kwargs": kwargs}


def test_a_tree_is_found_out_once(net, tmp_path):
    path = tree_file(model(), DIGITS)
    assert [(row["name"], row["shape"], row["parameters"]) for row in read_tree(path)] == [
        ("0", [64], 0),
        ("1", [5], 64 * 5 + 5),
        ("2", [5], 0),
        ("3", [10], 5 * 10 + 10),
    ]
    assert tree_file(model(), DIGITS) == path and len(net) == 1
    assert path.parent.as_posix() == ".snakemake/evolution"
    # All else that it could depend on makes another file; here it is only asked for, and not made.
    names = {path}
    for change in (
        lambda: model(depth=2),
        lambda: (tmp_path / "nets" / "width.py").write_text("WIDTH = 6\n") and model(),
        lambda: (tmp_path / "nets" / "net.py").write_text(NET + "\n") and model(),
    ):
        given = change()
        model_trees._make, make = lambda *given: None, model_trees._make
        names.add(tree_file(given, DIGITS))
        names.add(tree_file(given, {"name": "cifar10"}))
        model_trees._make = make
    assert len(names) == 7


def test_layers_of_an_own_class_in_a_config(net):
    config = {"dataset": {"name": "digits", "train_size": 100, "eval_size": 100}, "model": model()}
    config["runs"] = {"a": {}, "b": {"layers": ["?"]}, "c": {"seed": 3, "layers": ["3"]}}
    runs = resolve(config)["runs"]
    assert {name: run["layers"] for name, run in runs.items()} == {"a": ["1", "3"], "b": list("0123"), "c": ["3"]}
    assert len(net) == 1
    for layers, said in (
        (["1", "4"], "layers: 4 is not in net.py:Net (model.name); net.py:Net has 0, 1, 2, 3"),
        (["[5-9]"], "layers: [5-9] finds nothing in net.py:Net (model.name); net.py:Net has 0, 1, 2, 3"),
    ):
        with pytest.raises(ConfigError) as error:
            resolve(config | {"layers": layers, "runs": {"a": {}}})
        assert str(error.value) == said


def test_nothing_is_built_while_the_config_has_other_faults(net):
    with pytest.raises(ConfigError) as error:
        resolve({"seed": -1, "model": model()})
    assert str(error.value).startswith("seed: -1") and "\n" not in str(error.value)
    assert net == []


def test_models_that_cannot_be_built_or_run(net, tmp_path):
    """One message each, with the key, the exception's text and its line; nothing is kept."""
    cases = {
        "nets/net.py:Images": "shapes cannot be multiplied (2x64 and 63x10) (net.py, line 16)",
        "nets/net.py:Nothing": "nets/net.py has no Nothing; its models are Net, Images",
        "torchvision.resnet19": "torchvision has no classifier resnet19; did you mean resnet18",
    }
    for name, said in cases.items():
        with pytest.raises(ConfigError) as error:
            resolve(
                {"dataset": DIGITS | {"train_size": 100, "eval_size": 100}, "runs": {"a": {"model": {"name": name}}}}
            )
        line = str(error.value)
        assert line.startswith("runs.a.model.name: ") and "\n" not in line and "Traceback" not in line
        assert said in line
    assert not (tmp_path / ".snakemake").exists()


def test_a_file_that_is_not_python(net, tmp_path):
    (tmp_path / "nets" / "net.py").write_text("class Net(\n")
    with pytest.raises(ModelError, match=r"^model\.name: nets/net\.py is not Python: .* line 1"):
        tree_file(model(), DIGITS)
    (tmp_path / "nets" / "net.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"^model\.name: nets/net\.py "):
        tree_file(model(), DIGITS)


def test_a_program_that_dies(net, monkeypatch):
    """As when the system takes its memory: what it said last, and no traceback."""
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **more: run(["sh", "-c", "echo no memory >&2; kill -9 $$"], **more)
    )
    with pytest.raises(ModelError, match=r"ended with code -9: no memory"):
        tree_file(model(), DIGITS)


def test_without_torch(net, monkeypatch):
    def version(name):
        raise model_trees.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(model_trees.metadata, "version", version)
    with pytest.raises(ModelError, match=r"torch is not installed beside Snakemake; pip install torch"):
        tree_file(model(), DIGITS)


def test_a_damaged_answer_is_found_out_again(net):
    path = tree_file(model(), DIGITS)
    good = path.read_text()
    path.write_text("[")
    assert tree_file(model(), DIGITS) == path and json.loads(path.read_text()) == json.loads(good)
    assert len(net) == 2


def test_images_that_are_not_known(net):
    with pytest.raises(ModelError, match=r"the images of npz:x\.npz are not known"):
        tree_file(model(), {"name": "npz:x.npz"})


def test_a_module_that_is_called_as_the_raw_images_are(net, tmp_path):
    text = "from torch import nn\n\nclass Odd(nn.Module):\n    def __init__(self, shape, classes):\n"
    text += "        super().__init__()\n        self.pixels = nn.Linear(64, classes)\n\n"
    text += "    def forward(self, x):\n        return self.pixels(x.flatten(1))\n"
    (tmp_path / "odd.py").write_text(text)
    (row,) = read_tree(tree_file(model("odd.py:Odd"), DIGITS))
    assert row["name"] == "pixels" and row["fault"] == "is called as the raw images are; rename it"


def test_lazy_layers(net, tmp_path):
    text = "from torch import nn\n\nclass Lazy(nn.Sequential):\n    def __init__(self, shape, classes):\n"
    (tmp_path / "lazy.py").write_text(text + "        super().__init__(nn.Flatten(), nn.LazyLinear(classes))\n")
    with pytest.raises(ModelError, match=r"1\.weight has no size before images pass: lazy layers cannot be used"):
        tree_file(model("lazy.py:Lazy"), DIGITS)
