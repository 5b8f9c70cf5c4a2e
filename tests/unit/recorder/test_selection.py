"""Layers by name, glob and auto: the same as the workflow chooses."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from activation_recorder import RecorderError
from activation_recorder.passes import trace
from activation_recorder.samples import Samples
from activation_recorder.selection import auto_layers, choose_layers, name_fault, wanted_layers
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
    ],
)
def test_what_cannot_be_followed_is_named(layers, says):
    with pytest.raises(RecorderError, match=says) as error:
        choose_layers(layers, traced(Odd(), (4,)))
    assert str(error.value).endswith("The model has last.")


def test_one_name_and_auto():
    modules = traced(Net(), (1, 6, 6))
    assert choose_layers(wanted_layers("fc1"), modules) == ["fc1"]
    assert choose_layers("auto", modules) == ["conv", "fc1", "fc2"]
    with pytest.raises(
        RecorderError, match=r"finds no layer with weights that can be followed\. The model has 0. Name"
    ):
        choose_layers("auto", traced(nn.Sequential(nn.ReLU()), (4,)))


def test_names_of_files():
    assert name_fault("layer1.0.conv_1") is None
    assert name_fault("a-b") and name_fault("predictions") and name_fault("classifier_weight")
    assert name_fault("l" * 260) == "has a name of 260 signs, and a file's may have 251"
    for name in ("classifier", "classifier.1", "classifier_x", "raw_inputs", "predictions_head"):
        assert name_fault(name) is None


@pytest.mark.parametrize("layers", [[], "", None, 0, [0, 2], [nn.Linear(2, 2)], ["fc1", ""], {"fc1": 1}])
def test_what_is_no_choice_of_layers(layers):
    with pytest.raises(RecorderError, match='must be "auto", or a list of the dotted names'):
        wanted_layers(layers)


def test_auto_in_capitals():
    with pytest.raises(RecorderError, match=r'layers=.Auto. is no layer; write "auto"'):
        wanted_layers("Auto")


def test_the_order_that_was_asked_for():
    assert choose_layers(["fc2", "conv"], traced(Net(), (1, 6, 6))) == ["fc2", "conv"]


def test_names_that_are_one_file_where_case_does_not_count():
    model = nn.Sequential(OrderedDict(A=nn.Linear(4, 4), a=nn.Linear(4, 4)))
    with pytest.raises(RecorderError, match="A and a are one file where case does not count"):
        choose_layers(["A", "a"], traced(model, (4,)))


def test_auto_says_why_it_finds_nothing():
    with pytest.raises(
        RecorderError, match=r"Modules that cannot: twice runs more than once.*has no layer that can be"
    ):
        choose_layers("auto", [one for one in traced(Odd(), (4,)) if one.name == "twice"])
