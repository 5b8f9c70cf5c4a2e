"""Which layers names, globs and auto stand for, in trees of real and of hand-made models."""

import pytest
from torch import nn

from evolution.models.module_tree import trace
from evolution.models.selection import Modules, auto_layers, choose, is_glob, matches, tree_modules
from evolution.models.torchvision_models import build_torchvision
from support.chains import Chain, block

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def resnet18():
    return trace(build_torchvision("resnet18", kwargs={}, shape=(1, 32, 32), classes=10), (1, 32, 32), 10)


def test_auto_of_a_resnet(resnet18):
    """Images of 32 pixels leave one value a channel, which the pooling hands on as it is."""
    assert auto_layers(resnet18) == ["conv1", "layer1", "layer2", "layer3", "layer4", "fc"]


def test_auto_takes_the_pooling_before_the_classifier():
    tree = trace(build_torchvision("resnet18", kwargs={}, shape=(3, 64, 64), classes=10), (3, 64, 64), 10)
    assert auto_layers(tree) == ["conv1", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"]


def test_auto_takes_no_pooling_from_within_a_block():
    """Squeeze-and-excitation blocks have such poolings; this network's own is the last."""
    tree = trace(build_torchvision("regnet_y_400mf", kwargs={}, shape=(3, 64, 64), classes=10), (3, 64, 64), 10)
    assert auto_layers(tree)[-3:] == ["trunk_output.block4", "avgpool", "fc"]
    assert len([name for name in auto_layers(tree) if "pool" in name]) == 1


def test_auto_of_a_vision_transformer():
    """Fourteen in a row, embedding, twelve blocks and head: eight of them, evenly spread."""
    tree = trace(build_torchvision("vit_b_32", kwargs={}, shape=(3, 32, 32), classes=10), (3, 32, 32), 10)
    blocks = [f"encoder.layers.encoder_layer_{number}" for number in (1, 3, 5, 6, 8, 10)]
    assert auto_layers(tree) == ["conv_proj", *blocks, "heads"]


def linears(count):
    return [nn.Linear(4, 4) for _ in range(count)]


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
        # Of a pooling that leaves several values a channel, and of one at the end, nobody speaks.
        (
            Chain(
                u=nn.Unflatten(1, (1, 2, 2)),
                a=nn.Conv2d(1, 4, 1),
                pool=nn.AvgPool2d(1),
                flat=nn.Flatten(),
                b=nn.Linear(16, 4),
            ),
            ["a", "b"],
        ),
        (
            Chain(
                u=nn.Unflatten(1, (1, 2, 2)),
                a=nn.Conv2d(1, 4, 1),
                pool=nn.AdaptiveAvgPool2d(1),
                flat=nn.Flatten(),
                b=nn.Linear(4, 4),
            ),
            ["a", "pool", "b"],
        ),
        # With nine in a row there are still eight.
        (
            Chain(
                u=nn.Unflatten(1, (1, 2, 2)),
                **{f"c{index}": nn.Conv2d(1 if index == 0 else 4, 4, 1) for index in range(8)},
                pool=nn.AdaptiveMaxPool2d(1),
                flat=nn.Flatten(),
                b=nn.Linear(4, 4),
            ),
            [*(f"c{index}" for index in (0, 1, 3, 4, 5, 7)), "pool", "b"],
        ),
        (Loose(3), ["parts.0", "parts.1", "parts.2"]),
        (Loose(9), [f"parts.{index}" for index in (0, 1, 2, 3, 5, 6, 7, 8)]),
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
    assert named.startswith("layer1.0.relu runs more than once as a sample passes through resnet18 (model.name)")
    assert found.startswith("layer1.*.relu only finds what cannot be followed, layer1.0.relu runs more than once")
    assert all("and 39 more; `snakemake layers --cores 1`" in fault for fault in faults), "no screenful of names"


@pytest.mark.parametrize(("name", "glob", "fits"), [("a.b", "a", False), ("A", "a", False), ("a1", "a[0-2]", True)])
def test_matches(name, glob, fits):
    assert matches(name, glob) is fits


def test_a_glob_is_told_from_a_name():
    assert [is_glob(entry) for entry in ("layer1.0", "layer*", "?", "a[0-2]", "auto")] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_a_plain_name_that_is_not_there():
    modules = Modules(["conv1", "conv2", "fc"])
    layers, faults = choose(["conv1", "conv3", "fc", "fc"], modules, "net", "model.name")
    assert layers == ["conv1", "fc"]
    assert faults == ["conv3 is not in net (model.name); did you mean conv2? net has conv1, conv2, fc"]
