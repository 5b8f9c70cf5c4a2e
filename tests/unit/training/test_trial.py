"""A trial finds what a training would fail at, and refuses nothing that a training accepts."""

import json
import subprocess
import sys

import pytest
import torch
import yaml

from evolution.planning.programs import SCRIPTS
from evolution.training import trial
from evolution.training.trial import trial_faults
from support.own_recipes import line_of, write_recipes

pytestmark = pytest.mark.usefixtures("one_thread")

REQUEST = {
    "shape": [1, 8, 8],
    "classes": 4,
    "model": "tiny_cnn",
    "model_kwargs": {},
    "batch_size": 40,
    "accumulate": 1,
    "optimizer": "adamw",
    "optimizer_kwargs": {},
    "augmentation": [],
    "weight_decay": True,
    "recipe": None,
    "recipe_kwargs": {},
}


@pytest.fixture
def recipes(tmp_path, monkeypatch):
    """A folder to work in, with a file of recipes."""
    monkeypatch.chdir(tmp_path)
    return write_recipes(tmp_path)


def said(**changes):
    """What is said of a request, a line for each fault."""
    return [str(error) for error in trial_faults(REQUEST | changes)]


def said_of(name, **changes):
    return said(recipe=f"recipes.py:{name}", **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "sgd", "optimizer_kwargs": {"momentum": 0.9, "nesterov": True}},
        {"optimizer": "Rprop", "weight_decay": False},
        {"optimizer": "RMSprop", "accumulate": 2},
        {"augmentation": ["RandomHorizontalFlip", {"RandomCrop": {"size": 8, "padding": 1}}, "CutMix"]},
        {"augmentation": ["MixUp"], "shape": [3, 9, 7], "batch_size": 3, "optimizer": "nadam"},
        {"model": None, "augmentation": ["CutMix"]},
    ],
)
def test_what_trains_has_no_faults(changes):
    assert said(**changes) == []


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_recipe_that_trains(recipes, accumulate):
    assert said_of("Scaled", recipe_kwargs={"scale": 2.0}, accumulate=accumulate) == []


@pytest.mark.parametrize(
    ("changes", "key", "text"),
    [
        ({"optimizer": "AdamQ"}, "training.optimizer: torch.optim has no optimizer AdamQ", "did you mean Adam"),
        ({"optimizer_kwargs": {"momentum": 0.9}}, "training.optimizer_kwargs: momentum is no argument", "takes betas"),
        ({"optimizer": "Rprop"}, "training.weight_decay: ", "set it to 0"),
        (
            {"optimizer_kwargs": {"differentiable": True}},
            "training.optimizer_kwargs: torch.optim.AdamW with differentiable=True fails in a step: ",
            "in-place operation",
        ),
        ({"augmentation": ["RandomHorizontalFlop"]}, "training.augmentation: ", "did you mean RandomHorizontalFlip"),
        ({"augmentation": [{"RandomCrop": {"size": 8, "pading": 1}}]}, "training.augmentation: pading", "padding?"),
        ({"augmentation": [{"RandomCrop": {"size": 6}}]}, "training.augmentation: after RandomCrop", "1 x 6 x 6"),
    ],
)
def test_what_torch_refuses(changes, key, text):
    (line,) = said(**changes)
    assert line.startswith(key) and text in line and "\n" not in line


def test_faults_of_two_keys_are_both_said():
    first, second = said(augmentation=[{"RandomCrop": {"size": 6}}], optimizer="AdamQ")
    assert first.startswith("training.augmentation: ") and second.startswith("training.optimizer: ")


def test_the_augmentation_alone_needs_no_network():
    request = {"shape": [1, 8, 8], "classes": 4, "model": None, "recipe": None, "augmentation": ["Flip"]}
    (error,) = trial_faults(request)
    assert error.key == "training.augmentation"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("Nothing", "has no Nothing; its classes are Scaled, Slip, Unreduced, Many", None),
        ("NoLoss", "has no method loss(model, images, labels)", None),
        ("Slip", "loss failed: NameError: name 'label' is not defined", "model(images), label)"),
        ("Unreduced", "returned a tensor of float32, of shape (40,); it must return one number", None),
        ("Counts", "load_state_dict failed: AttributeError: ", 'self.count(state["steps"])'),
        ("Code", "the state of the training cannot be read back from a checkpoint", None),
        ("Twice", "the gradients of its loss cannot be computed: RuntimeError: Trying to backward", None),
        ("Closure", "a step of its LBFGS failed: TypeError: ", None),
        ("Teacher", "missing 1 required positional argument: 'weights'", None),
    ],
)
def test_slips_in_a_recipe(recipes, name, text, line):
    (found,) = said_of(name)
    assert found.startswith("training.recipe: ") and text in found
    if line:
        assert f"(recipes.py, line {line_of(line)})" in found


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("import no_such_module_", "recipes.py cannot be imported: ModuleNotFoundError"),
        ("x = 1 / 0", "recipes.py:Scaled cannot be imported: ZeroDivisionError: division by zero (recipes.py, line 1)"),
    ],
)
def test_a_recipes_file_that_does_not_run(recipes, content, text):
    recipes.write_text(content)
    (found,) = said_of("Scaled")
    assert found.startswith("training.recipe: ") and text in found


def test_a_recipe_that_needs_many_images_is_tried_on_a_whole_batch(recipes):
    assert said_of("Many") == [] and said_of("Many", batch_size=20) == []
    assert said_of("Many", batch_size=10, accumulate=2) != [], "accumulated batches are no larger"
    (found,) = said_of("Many", batch_size=19)
    assert "loss failed: ValueError: a queue of 20 (recipes.py, line" in found


def test_a_batch_that_is_too_large_for_a_trial(recipes, monkeypatch):
    """A slip in the code is said; what more images may mend is not."""
    monkeypatch.setattr(trial, "MOST_PIXELS", 12 * 8 * 8)
    assert said_of("Many") == []
    (slip,), (unreduced,) = said_of("Slip"), said_of("Unreduced")
    assert "NameError" in slip and "of shape (12,)" in unreduced


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_no_fault(recipes):
    with pytest.raises((AssertionError, RuntimeError)):
        torch.zeros(1).cuda()
    assert said_of("OnGpu") == []
    # torch says on which devices it can.
    assert said(optimizer_kwargs={"capturable": True}) == []


def test_a_recipe_in_a_folder_that_is_called_as_a_gpu_is_tried_all_the_same(recipes, tmp_path):
    (tmp_path / "cuda").mkdir()
    write_recipes(tmp_path / "cuda")
    (found,) = said(recipe="cuda/recipes.py:Slip")
    assert found.startswith("training.recipe: cuda/recipes.py:Slip: loss failed: NameError")


def test_a_file_that_is_missing_in_this_folder_alone_is_a_fault(recipes, tmp_path):
    """Machines that train may have folders that the one that plans has not."""
    for inside in ("teacher.pt", str(tmp_path / "teacher.pt")):
        (found,) = said_of("Teacher", recipe_kwargs={"weights": inside})
        assert "Teacher cannot be made: FileNotFoundError" in found and inside in found
    for outside in ("/no/such/folder/teacher.pt", "../no_such_file_.pt"):
        assert said_of("Teacher", recipe_kwargs={"weights": outside}) == []
    torch.save({"a": torch.ones(1)}, tmp_path / "teacher.pt")
    assert said_of("Teacher", recipe_kwargs={"weights": "teacher.pt"}) == []


MODELS = """
import torch
from torch import nn

class Sized(nn.Sequential):
    '''A network that takes batches of 40 images alone.'''

    def __init__(self, shape, classes):
        super().__init__(nn.Flatten(), nn.Linear(64, classes))

    def forward(self, x):
        return super().forward(x.view(40, 64))

class Normed(nn.Sequential):
    def __init__(self, shape, classes):
        super().__init__(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, classes))
"""


@pytest.fixture
def models(recipes, tmp_path):
    (tmp_path / "models.py").write_text(MODELS)


def test_a_model_that_needs_a_whole_batch(models):
    assert said(model="models.py:Sized", optimizer="nadam", batch_size=8) == []
    assert said_of("Scaled", model="models.py:Sized") == []


def test_batch_norm_and_few_images(models):
    assert said(model="models.py:Normed", batch_size=2, optimizer="nadam") == []
    assert said_of("Scaled", model="models.py:Normed", batch_size=2) == []
    # No training accepts it.
    for (line,) in (
        said(model="models.py:Normed", batch_size=1),
        said_of("Scaled", model="models.py:Normed", batch_size=1),
    ):
        assert line.startswith("training.batch_size: 1 leaves a batch of a single sample")


def ask(folder, request):
    """Start the program; its code, and the last line that it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "evolution.training.trial"],
        input=yaml.safe_dump(request | {"answer": str(folder / "answer.json")}),
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(SCRIPTS), "CUDA_VISIBLE_DEVICES": ""},
    )
    return done.returncode, done.stdout.splitlines()[-1] if done.stdout else done.stderr


def test_the_program(recipes, tmp_path):
    assert ask(tmp_path, REQUEST | {"recipe": "recipes.py:Scaled"}) == (0, "")
    assert json.loads((tmp_path / "answer.json").read_text()) == {"faults": []}
    (tmp_path / "answer.json").unlink()
    code, line = ask(tmp_path, REQUEST | {"optimizer": "AdamQ", "augmentation": ["Flip"]})
    assert code == 3 and [fault["key"] for fault in json.loads(line)] == ["training.augmentation", "training.optimizer"]
    assert not (tmp_path / "answer.json").exists()


KINDS = {
    "table": {"shape": [13], "model": "mlp"},
    "signals": {"shape": [2, 20], "model": "signal_cnn"},
    "tokens": {"shape": [9], "model": "tiny_transformer"},
    "images": {"shape": [1, 8, 8], "model": "tiny_cnn"},
}
OUTPUTS = {"classes": 4, "number": 1, "labels": 4}


@pytest.mark.parametrize("target", OUTPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_samples_of_each_kind(kind, target):
    about = KINDS[kind] | {"kind": kind, "target": target, "vocabulary": 30, "classes": OUTPUTS[target]}
    assert said(optimizer="rmsprop", **about) == []
    (fault,) = said(optimizer="rmsprop", optimizer_kwargs={"momentun": 1}, **about)
    assert fault.startswith("training.optimizer_kwargs: momentun")


NO_LABELS = """
import torch


class Recipe:
    def __init__(self, model, classes):
        self.classes = classes

    def loss(self, model, images, labels):
        assert (labels == -1).all() and images.shape[1:] == (13,)
        return model(images).square().mean()
"""


def test_recipes_of_samples_without_labels(tmp_path):
    (tmp_path / "none.py").write_text(NO_LABELS)
    about = {"shape": [13], "kind": "table", "target": "none", "vocabulary": 0, "model": "mlp"}
    assert said(recipe=f"{tmp_path}/none.py:Recipe", **about) == []
    (fault,) = said(optimizer="rmsprop", **about)
    assert fault.startswith("training.recipe: the samples have no labels to learn")


def test_augmentation_is_of_images():
    about = {"kind": "signals", "target": "classes", "vocabulary": 0, "shape": [2, 20], "model": None}
    (fault,) = said(augmentation=["RandomHorizontalFlip"], **about)
    assert fault.startswith("training.augmentation: the samples are no images, and only images can be augmented")
