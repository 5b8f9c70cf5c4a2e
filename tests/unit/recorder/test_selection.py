"""Layers by name, glob and auto: the same as the workflow chooses."""

import pytest
import torch
from torch import nn

from activation_recorder import RecorderError
from activation_recorder.passes import trace
from activation_recorder.samples import Samples
from activation_recorder.selection import auto_layers, choose_layers, name_fault
from evolution.models import module_tree, selection
from evolution.models.networks import MLP, SmallCNN
from support.recorded import Net


def traced(model, shape):
    return trace(model, Samples({"": torch.zeros(4, *shape)}))[0]


def resnet18(shape, classes):
    torchvision = pytest.importorskip("torchvision")
    return torchvision.models.resnet18(num_classes=classes)


@pytest.mark.parametrize(
    ("build", "shape"),
    [(SmallCNN, (1, 16, 16)), (MLP, (1, 16, 16)), (resnet18, (3, 32, 32))],
    ids=lambda x: str(x)[:12],
)
def test_auto_and_globs_as_in_the_workflow(build, shape):
    model = build(shape, 10)
    mine, theirs = traced(model, shape), module_tree.trace(model, shape, 10)
    assert [(module.name, module.kind, module.shape, module.own_parameters) for module in mine] == [
        (row["name"], row["type"], row["shape"], row["own_parameters"]) for row in theirs
    ]
    assert auto_layers(mine) == selection.auto_layers(theirs)
    for wanted in (["fc*"], ["*conv*", "layer*.0.conv1"]):
        expected, faults = selection.choose(wanted, selection.tree_modules(theirs), "", "")
        if faults:
            with pytest.raises(RecorderError):
                choose_layers(wanted, mine)
        else:
            assert choose_layers(wanted, mine) == expected


class Odd(nn.Module):
    """A layer that never runs, one that runs twice, and one with a reserved name."""

    def __init__(self):
        super().__init__()
        self.idle, self.twice, self.inputs, self.last = (nn.Linear(4, 4) for _ in range(4))

    def forward(self, x):
        return self.last(self.inputs(self.twice(self.twice(x))))


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        (["idle"], "idle does not run as a sample passes"),
        (["twice"], "twice runs more than once"),
        (["inputs"], "inputs has a name that a recording uses"),
        (["lats"], r"lats is not in the model \(did you mean last\?\)"),
        (["zzz", "idle"], "zzz is not in the model; idle does not run"),
        (["x*"], r"x\* finds nothing"),
        (["id*"], r"id\* only finds modules that cannot be followed: idle does not run"),
        ([], "layers: is empty"),
    ],
)
def test_what_cannot_be_followed_is_named(layers, says):
    with pytest.raises(RecorderError, match=says) as error:
        choose_layers(layers, traced(Odd(), (4,)))
    assert str(error.value).endswith("The model has last.")


def test_one_name_and_auto():
    modules = traced(Net(), (1, 6, 6))
    assert choose_layers("fc1", modules) == ["fc1"]
    assert choose_layers("auto", modules) == ["conv", "fc1", "fc2"]
    with pytest.raises(RecorderError, match="finds no layer with weights"):
        choose_layers("auto", traced(nn.Sequential(nn.ReLU()), (4,)))


def test_names_of_files():
    assert name_fault("layer1.0.conv_1") is None
    assert name_fault("a-b") and name_fault("predictions") and name_fault("classifier_weight")
    assert name_fault("classifier") is None and name_fault("classifier.1") is None
