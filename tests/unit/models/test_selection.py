"""Which layers names, globs and auto stand for, in trees of real and of hand-made models."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from evolution.errors import UserError
from evolution.models import catalogue
from evolution.models.build import build_model
from evolution.models.module_tree import trace
from evolution.models.selection import auto_layers, choose, matches, tree_modules
from evolution.models.torchvision_models import build_torchvision

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def resnet18():
    return trace(build_torchvision("resnet18", {}, (1, 32, 32), 10), (1, 32, 32), 10)


@pytest.mark.parametrize("name", catalogue.ARCHITECTURES)
def test_what_the_catalogue_says_of_our_models(name):
    tree = trace(build_model(name, {}, (1, 28, 28), 10, 0), (1, 28, 28), 10)
    known, found = catalogue.ARCHITECTURES[name].modules(), tree_modules(tree)
    assert found.names == list(known.names)
    assert found.unfit == known.unfit
    assert found.auto == list(known.auto)


def test_auto_of_a_resnet(resnet18):
    assert auto_layers(resnet18) == ["conv1", "layer1", "layer2", "layer3", "layer4", "fc"]


def test_auto_of_a_vision_transformer():
    """Fourteen in a row, embedding, twelve blocks and head: eight of them, evenly spread."""
    tree = trace(build_torchvision("vit_b_32", {}, (3, 32, 32), 10), (3, 32, 32), 10)
    blocks = [f"encoder.layers.encoder_layer_{number}" for number in (1, 3, 5, 6, 8, 10)]
    assert auto_layers(tree) == ["conv_proj", *blocks, "heads"]


def block(*layers):
    return nn.Sequential(OrderedDict(zip("abcdefghijkl", layers)))


def linears(count):
    return [nn.Linear(4, 4) for _ in range(count)]


class Chain(nn.Module):
    """Modules one after another, on images of four pixels."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x):
        x = x.flatten(1)
        for module in self.children():
            x = module(x)
        return x


class Loose(nn.Module):
    """A list of layers, which is no layer itself."""

    def __init__(self, count):
        super().__init__()
        self.parts = nn.ModuleList(linears(count))

    def forward(self, x):
        x = x.flatten(1)
        for part in self.parts:
            x = part(x)
        return x


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        # What holds less than half is left whole.
        (Chain(a=block(*linears(2)), b=block(*linears(2)), c=nn.Linear(4, 4)), ["a", "b", "c"]),
        # What holds half or more is taken apart, also within; what has no weights, and norms, are left out.
        (
            Chain(net=block(*linears(3)), norm=nn.BatchNorm1d(4), act=nn.ReLU(), head=nn.Linear(4, 4)),
            ["net.a", "net.b", "net.c", "head"],
        ),
        (Chain(net=block(block(*linears(4)), nn.Linear(4, 4))), [*(f"net.a.{part}" for part in "abcd"), "net.b"]),
        # A block of one layer stands for it.
        (Chain(a=block(nn.Linear(4, 4), nn.BatchNorm1d(4)), b=nn.Linear(4, 4)), ["a", "b"]),
        (Chain(only=nn.Linear(4, 4)), ["only"]),
        (Loose(3), ["parts.0", "parts.1", "parts.2"]),
        (Loose(9), [f"parts.{place}" for place in (0, 1, 2, 3, 5, 6, 7, 8)]),
    ],
)
def test_auto_of_hand_made_trees(model, expected):
    assert auto_layers(trace(model, (1, 2, 2), 4)) == expected


def test_auto_without_anything_to_follow():
    modules = tree_modules(trace(Chain(act=nn.ReLU()), (1, 2, 2), 4))
    assert choose("auto", modules, "net.py:Net", "model.name") == (
        [],
        ["auto finds no layer with weights in net.py:Net (model.name) that can be followed"],
    )


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("layer*.0.conv1", [f"layer{number}.0.conv1" for number in (1, 2, 3, 4)]),
        ("layer*", ["layer1", "layer2", "layer3", "layer4"]),
        ("layer[!1-3].*", ["layer4.0", "layer4.1"]),
        ("*", ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"]),
        ("layer4.?.downsample.0", ["layer4.0.downsample.0"]),
    ],
)
def test_globs_reach_over_no_dot(resnet18, glob, found):
    assert choose([glob], tree_modules(resnet18), "resnet18", "model.name") == (found, [])


def test_a_glob_takes_what_can_be_followed(resnet18):
    """The ReLU of a block runs twice."""
    modules = tree_modules(resnet18)
    assert modules.unfit["layer1.0.relu"] == "runs more than once"
    layers, faults = choose(["layer1.0.*", "layer1.0.relu", "layer1.*.relu"], modules, "resnet18", "model.name")
    assert layers == ["layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2", "layer1.0.bn2"]
    named, found = faults
    assert named.startswith("layer1.0.relu runs more than once as an image passes through resnet18 (model.name)")
    assert found.startswith("layer1.*.relu only finds what cannot be followed, layer1.0.relu runs more than once")
    assert all("and 39 more; `snakemake layers --cores 1`" in fault for fault in faults), "no screenful of names"


@pytest.mark.parametrize(("name", "glob", "fits"), [("a.b", "a", False), ("A", "a", False), ("a1", "a[0-2]", True)])
def test_matches(name, glob, fits):
    assert matches(name, glob) is fits


class Odd(nn.Module):
    """A module that puts out what it is told to."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.function(x)


class Around(nn.Module):
    """The odd module's output is not used."""

    def __init__(self, odd, logits=lambda x: x.flatten(1)):
        super().__init__()
        self.odd, self.unused, self.logits = odd, nn.Linear(1, 1), logits

    def forward(self, x):
        self.odd(x)
        return self.logits(x)


ODD = {
    "the batch second": (lambda x: x.flatten(1).T, "first dimension is not the batch"),
    "a mean over the batch": (lambda x: x.mean(0, keepdim=True), "first dimension is not the batch"),
    "one number": (lambda x: x.sum(), "first dimension is not the batch"),
    "whole numbers": (lambda x: x.argmax(1), "puts out int64, which is no floating point number"),
    "text": (lambda x: "done", "puts out no tensor but a str"),
    "nothing in a tuple": (lambda x: (None, 3), "puts out no tensor but a tuple"),
    "several by name": (lambda x: {"mean": x, "rest": x}, "puts out several tensors by name (mean, rest)"),
    "a shape of the batch": (lambda x: x.new_zeros(len(x), len(x)), "puts out another shape for other batches"),
}


@pytest.mark.parametrize(("function", "fault"), ODD.values(), ids=ODD)
def test_what_cannot_be_followed(function, fault):
    rows = {row["name"]: row for row in trace(Around(Odd(function)), (1, 2, 2), 4)}
    assert fault in rows["odd"]["fault"]
    assert rows["unused"]["fault"] == "does not run as an image passes"


@pytest.mark.parametrize("function", [lambda x: (x, x), lambda x: [None, x], lambda x: {"a": x, "b": 3}])
def test_what_holds_a_tensor_can_be_followed(function):
    (row, _) = trace(Around(Odd(function)), (1, 2, 2), 4)
    assert row == {
        "name": "odd",
        "type": "Odd",
        "shape": (1, 2, 2),
        "parameters": 1,
        "own_parameters": 1,
        "fault": None,
    }


def test_a_name_that_is_no_file_name():
    model = Chain(**{"a-b": nn.Linear(4, 4)})
    assert "other signs" in trace(model, (1, 2, 2), 4)[0]["fault"]


@pytest.mark.parametrize(
    ("logits", "said"),
    [(lambda x: x.flatten(1)[:, :3], r"here \(2, 4\), not \(2, 3\)"), (lambda x: (x, x), "not tuple")],
)
def test_a_model_that_does_not_tell_the_classes_apart(logits, said):
    with pytest.raises(UserError, match=said):
        trace(Around(nn.Identity(), logits), (1, 2, 2), 4)


def test_a_model_that_puts_out_more_while_it_trains():
    model = Around(nn.Identity(), lambda x: x.flatten(1) if not model.training else (x.flatten(1), x))
    with pytest.raises(UserError, match=r"here \(3, 4\), not tuple"):
        trace(model, (1, 2, 2), 4)


def test_a_transformers_modules_all_run():
    """Torch's short cut through an encoder layer would run none of them."""

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

        def forward(self, x):
            return self.encoder(x.flatten(2).expand(-1, 5, -1)).mean(1)

    rows = {row["name"]: row for row in trace(Tokens(), (1, 2, 2), 4)}
    assert rows["encoder.linear1"]["shape"] == (5, 8)
    assert rows["encoder.self_attn"]["shape"] == (5, 4) and rows["encoder.self_attn"]["fault"] is None
