"""Models called with what their signature names: the truth is each model called by hand."""

import pytest
import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.build import build_model

pytestmark = pytest.mark.usefixtures("one_thread")

# Each notes what it was given.
MODELS = """
import functools
from torch import nn


class Model(nn.Module):
    def __init__(self, **given):
        super().__init__()
        self.given = given


class Nothing(nn.Module):
    given = "nothing"


class NoArguments(Model):
    def __init__(self):
        super().__init__()


class Ours(Model):
    def __init__(self, shape, classes, width=3):
        super().__init__(shape=shape, classes=classes, width=width)


class OtherWayRound(Model):
    def __init__(self, num_classes, shape):
        super().__init__(num_classes=num_classes, shape=shape)


class Classes(Model):
    def __init__(self, num_classes=1000):
        super().__init__(num_classes=num_classes)


class Vision(Model):
    def __init__(self, img_size=224, patch_size=16, in_chans=3, *, num_classes=1000):
        super().__init__(img_size=img_size, patch_size=patch_size, in_chans=in_chans, num_classes=num_classes)


class Pair(Model):
    def __init__(self, image_size=(32, 32), channels=3, n_channels=64, num_channels=(3, 3)):
        super().__init__(image_size=image_size, channels=channels, n_channels=n_channels, num_channels=num_channels)


class Unsure(Model):
    def __init__(self, channels, input_size=5, out_features=6):
        super().__init__(channels=channels, input_size=input_size, out_features=out_features)


class Positional(Model):
    def __init__(self, shape, classes, /, width=4):
        super().__init__(shape=shape, classes=classes, width=width)


class Depth(Model):
    def __init__(self, depth, num_classes, *, width, dropout=0.0):
        super().__init__(depth=depth, num_classes=num_classes, width=width, dropout=dropout)


class NamesOfItsOwn(Model):
    def __init__(self, images, outputs, width=2):
        super().__init__(images=images, outputs=outputs, width=width)


class OneNameOfItsOwn(Model):
    def __init__(self, shape, outputs):
        super().__init__(shape=shape, outputs=outputs)


class ThreeNames(Model):
    def __init__(self, images, outputs, depth):
        super().__init__(images=images, outputs=outputs, depth=depth)


def swallows(model_name, **more):
    return Model(model_name=model_name, **more)


def only_rest(*more, **rest):
    return Model(more=more, rest=rest)


def function(n_classes, in_channels):
    return Model(n_classes=n_classes, in_channels=in_channels)


class Rows(Model):
    def __init__(self, in_features, num_classes=2, hidden=8):
        super().__init__(in_features=in_features, num_classes=num_classes, hidden=hidden)


class Recurrent(Model):
    def __init__(self, channels, length, seq_len=10, n_outputs=2):
        super().__init__(channels=channels, length=length, seq_len=seq_len, n_outputs=n_outputs)


class Texts(Model):
    def __init__(self, vocab_size, context_length, max_len=512, num_labels=2):
        about = {"max_len": max_len, "num_labels": num_labels}
        super().__init__(vocab_size=vocab_size, context_length=context_length, **about)


class Words(Model):
    def __init__(self, ntoken, vocab, n_tokens=5, classes=2):
        super().__init__(ntoken=ntoken, vocab=vocab, n_tokens=n_tokens, classes=classes)


partial = functools.partial(function, in_channels=7)
built = NoArguments()
number = 3
"""

SHAPE, CLASSES = (1, 28, 28), 10

CALLS = {
    ("Nothing",): "nothing",
    ("NoArguments",): {},
    ("Ours",): {"shape": SHAPE, "classes": 10, "width": 3},
    ("Ours", "width", 8): {"shape": SHAPE, "classes": 10, "width": 8},
    ("Ours", "classes", 4): {"shape": SHAPE, "classes": 4, "width": 3},
    ("OtherWayRound",): {"num_classes": 10, "shape": SHAPE},
    ("Classes",): {"num_classes": 10},
    ("Vision",): {"img_size": 28, "patch_size": 16, "in_chans": 1, "num_classes": 10},
    ("Vision", "img_size", 56): {"img_size": 56, "patch_size": 16, "in_chans": 1, "num_classes": 10},
    ("Pair",): {"image_size": (28, 28), "channels": 1, "n_channels": 64, "num_channels": (3, 3)},
    ("Unsure",): {"channels": 1, "input_size": 5, "out_features": 6},
    ("Positional",): {"shape": SHAPE, "classes": 10, "width": 4},
    ("Positional", "width", 1): {"shape": SHAPE, "classes": 10, "width": 1},
    ("Depth", "depth", 5, "width", 6): {"depth": 5, "num_classes": 10, "width": 6, "dropout": 0.0},
    ("NamesOfItsOwn",): {"images": SHAPE, "outputs": 10, "width": 2},
    ("NamesOfItsOwn", "images", 1, "outputs", 2): {"images": 1, "outputs": 2, "width": 2},
    ("OneNameOfItsOwn", "outputs", 3): {"shape": SHAPE, "outputs": 3},
    ("swallows", "model_name", "resnet18"): {"model_name": "resnet18"},
    ("swallows", "model_name", "a", "num_classes", 10): {"model_name": "a", "num_classes": 10},
    ("only_rest", "a", 1): {"more": (), "rest": {"a": 1}},
    ("function",): {"n_classes": 10, "in_channels": 1},
}


@pytest.fixture
def build(tmp_path):
    (tmp_path / "models.py").write_text(MODELS)

    def built(name, *, kwargs=None, **about):
        about = {"shape": SHAPE, "classes": CLASSES} | about
        return build_model(f"{tmp_path}/models.py:{name}", kwargs=kwargs or {}, seed=1, **about)

    return built


@pytest.mark.parametrize(("call", "given"), CALLS.items(), ids=lambda value: "-".join(map(str, value)))
def test_what_a_model_is_called_with(build, call, given):
    name, *rest = call
    kwargs = dict(zip(rest[::2], rest[1::2]))
    assert build(name, kwargs=kwargs).given == given


@pytest.mark.parametrize(
    ("name", "about", "given"),
    [
        ("Rows", {"shape": (13,)}, {"in_features": 13, "num_classes": 10, "hidden": 8}),
        (
            "Rows",
            {"shape": (13,), "kwargs": {"in_features": 5}, "classes": 1},
            {"in_features": 5, "num_classes": 1, "hidden": 8},
        ),
        (
            "Recurrent",
            {"shape": (12, 29), "classes": 3},
            {"channels": 12, "seq_len": 10, "n_outputs": 3, "length": 29},
        ),
        (
            "Texts",
            {"shape": (40,), "vocabulary": 99, "classes": 3},
            {"vocab_size": 99, "context_length": 40, "max_len": 512, "num_labels": 3},
        ),
        (
            "Words",
            {"shape": (40,), "vocabulary": 99, "classes": 3},
            {"ntoken": 99, "vocab": 99, "n_tokens": 5, "classes": 3},
        ),
        ("Ours", {"shape": (13,)}, {"shape": (13,), "classes": 10, "width": 3}),
    ],
)
def test_samples_that_are_no_images(build, name, about, given):
    assert build(name, **about).given == given


@pytest.mark.parametrize(
    ("name", "about", "said"),
    [
        ("Texts", {"shape": (40,), "vocabulary": 0}, r"Texts needs a value for vocab_size; write"),
        ("Rows", {}, r"Rows needs a value for in_features; write"),
        (
            "Ours",
            {"classes": None},
            r"needs a value for classes \(the data have no labels, and class_names do not name",
        ),
    ],
)
def test_samples_that_do_not_say_enough(build, name, about, said):
    with pytest.raises(ModelError, match=said):
        build(name, **about)


def test_outputs_that_nobody_asks_for(build):
    assert build("Classes", classes=None).given == {"num_classes": 1000}


def test_images_that_are_not_square(build):
    assert build("Vision", shape=(3, 20, 30)).given["img_size"] == (20, 30)


@pytest.mark.parametrize(
    ("name", "kwargs", "said"),
    [
        (
            "Depth",
            {},
            r"model\.kwargs: .*:Depth needs a value for depth, width; write model: \{kwargs: \{depth: \.\.\., ",
        ),
        ("Depth", {"depth": 1}, r"needs a value for width; write model: \{kwargs: \{width: \.\.\.\}\}\. Filled in"),
        ("OneNameOfItsOwn", {}, r"needs a value for outputs; write model: \{kwargs: \{outputs: \.\.\.\}\}"),
        ("ThreeNames", {}, r"needs a value for images, outputs, depth; write"),
        ("NamesOfItsOwn", {"images": 3}, r"needs a value for outputs; write"),
        ("swallows", {}, r"needs a value for model_name; write"),
        (
            "Ours",
            {"widht": 3},
            r"model\.kwargs: widht is no argument of .*:Ours; did you mean width\? it takes shape, ",
        ),
        ("NoArguments", {"a": 3, 1: 2}, r"a, 1 is no argument of .*:NoArguments; it takes none"),
        ("built", {}, r"model\.name: .*:built is a module that is built already"),
        ("number", {}, r"model\.name: .*:number is a int; it must be a class, or a function"),
    ],
)
def test_what_a_model_is_not_called_with(tmp_path, build, name, kwargs, said):
    with pytest.raises(ModelError, match=said):
        build_model(f"{tmp_path}/models.py:{name}", kwargs=kwargs, shape=SHAPE, classes=CLASSES, seed=1)


FAMOUS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, in_channels=3, num_classes=1000):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 3)
        self.fc = nn.Linear(4, num_classes)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))

torch.rand(7)
"""


def test_a_model_is_the_one_that_is_made_by_hand(tmp_path):
    (tmp_path / "net.py").write_text(FAMOUS)
    found = build_model(f"{tmp_path}/net.py:Net", kwargs={}, shape=SHAPE, classes=CLASSES, seed=5)
    torch.manual_seed(5)
    convolution, linear = nn.Conv2d(1, 4, 3), nn.Linear(4, 10)
    images = torch.rand(2, *SHAPE)
    assert torch.equal(found(images), linear(convolution(images).mean((2, 3))))
