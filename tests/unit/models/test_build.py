"""torchvision's classifiers, a user's own class, and weights from a file."""

import sys

import pytest
import torch
from torch import nn

from evolution.errors import UserError
from evolution.io.checkpoints import load_checkpoint, save_checkpoint
from evolution.models.build import build_model, memory_layout
from evolution.models.torchvision_models import torchvision_classifiers
from evolution.training import loop

pytestmark = pytest.mark.usefixtures("one_thread")

OWN = """
import torch
from torch import nn
from parts_of_own import Hidden

class Own(nn.Module):
    def __init__(self, shape, classes, width=6):
        super().__init__()
        self.hidden = Hidden(shape[0] * shape[1] * shape[2], width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.hidden(x.view(len(x), -1)))

def function(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(8, classes))

def no_module(shape, classes):
    return 3

class Fails(nn.Module):
    def __init__(self, shape, classes):
        raise KeyError("depth")
"""
PARTS = """
from torch import nn

class Hidden(nn.Linear):
    pass
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The path of a file with models, beside one that it imports."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "parts_of_own", raising=False)
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "parts_of_own.py").write_text(PARTS)
    return tmp_path / "own.py"


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_resnet_takes_the_images_channels(channels):
    """Three channels are torchvision's own network; any other number has a first convolution of its own."""
    from torchvision.models import resnet18

    model = build_model("torchvision.resnet18", {}, (channels, 32, 32), 7, seed=5)
    torch.manual_seed(5)
    plain = resnet18(num_classes=7)
    assert model.conv1.weight.shape == (64, channels, 7, 7)
    assert (model.conv1.stride, model.conv1.padding, model.conv1.bias) == ((2, 2), (3, 3), None)
    ours, theirs = model.state_dict(), plain.state_dict()
    assert list(ours) == list(theirs)
    same = [name for name in ours if torch.equal(ours[name], theirs[name])]
    assert set(ours) - set(same) == ({"conv1.weight"} if channels != 3 else set())
    assert model.eval()(torch.zeros(2, channels, 32, 32)).shape == (2, 7)


def test_arguments_of_a_torchvision_model():
    model = build_model("torchvision.mobilenet_v2", {"width_mult": 0.25, "dropout": 0.5}, (1, 32, 32), 4, seed=0)
    assert model.classifier[0].p == 0.5
    assert model.features[0][0].out_channels == 8 and model.features[0][0].in_channels == 1
    with pytest.raises(UserError, match=r"model\.kwargs: \{'widht': 1\} does not fit model torchvision\.mobilenet_v2"):
        build_model("torchvision.mobilenet_v2", {"widht": 1}, (1, 32, 32), 4, seed=0)


def test_googlenet_trains_with_one_output():
    model = build_model("torchvision.googlenet", {"init_weights": False}, (3, 32, 32), 4, seed=0)
    assert model.train()(torch.zeros(2, 3, 32, 32)).shape == (2, 4)


def test_a_vision_transformer_takes_the_images_size():
    model = build_model("torchvision.vit_b_32", {}, (1, 64, 64), 4, seed=0)
    assert model.image_size == 64 and model.conv_proj.in_channels == 1
    for shape in ((1, 28, 28), (3, 32, 64), (3, 33, 33)):
        with pytest.raises(UserError, match=r"patches of 32 x 32 .*Set dataset\.image_size to a multiple of 32"):
            build_model("torchvision.vit_b_32", {}, shape, 4, seed=0)


def test_only_classifiers_have_a_name():
    assert {"resnet18", "vit_b_16", "swin_t"} <= set(torchvision_classifiers())
    for name, near in (("resnet8", "did you mean resnet18"), ("fcn_resnet50", ""), ("raft_large", "")):
        with pytest.raises(UserError, match=rf"model\.name: torchvision has no classifier {name}; {near}"):
            build_model(f"torchvision.{name}", {}, (3, 32, 32), 4, seed=0)


def test_an_own_class(own, tmp_path):
    model = build_model(f"{own}:Own", {"width": 3}, (1, 2, 2), 5, seed=1)
    assert type(model.hidden).__name__ == "Hidden"
    assert model(torch.zeros(2, 1, 2, 2)).shape == (2, 5) and model.head.in_features == 3
    torch.manual_seed(1)
    assert torch.equal(model.hidden.weight, nn.Linear(4, 3).weight), "its weights are the seed's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.py", "parts_of_own.py"], "and nothing beside it"


def test_an_own_class_is_read_anew(own):
    assert build_model(f"{own}:Own", {}, (1, 2, 2), 5, seed=1).head.in_features == 6
    own.write_text(OWN.replace("width=6", "width=7"))
    assert build_model(f"{own}:Own", {}, (1, 2, 2), 5, seed=1).head.in_features == 7


def test_a_function_that_makes_a_model(own):
    assert build_model(f"{own}:function", {}, (2, 2, 2), 5, seed=1)(torch.zeros(1, 2, 2, 2)).shape == (1, 5)


@pytest.mark.parametrize(
    ("name", "kwargs", "said"),
    [
        ("own.py:Mine", {}, r"own\.py has no Mine; its models are Hidden, Own, Fails"),
        ("none.py:Own", {}, r"there is no file .*none\.py"),
        ("own.py:no_module", {}, r"makes a int; it must make a torch\.nn\.Module"),
        ("own.py:Fails", {}, r"cannot be made: KeyError: 'depth' \(own\.py, line 23\).*here \(1, 2, 2\)"),
        ("own.py:Own", {"depth": 2}, r"cannot be made: TypeError: .*'depth'.*model\.kwargs, here \{'depth': 2\}"),
    ],
)
def test_an_own_class_that_cannot_be_made(own, name, kwargs, said):
    with pytest.raises(UserError, match=rf"^model\.name: .*{said}"):
        build_model(str(own.parent / name), kwargs, (1, 2, 2), 5, seed=1)


def test_an_own_class_may_call_view(own):
    """Images of several channels in torch's channels-last layout do not take it."""
    assert memory_layout(f"{own}:Own") == torch.contiguous_format
    assert memory_layout("small_cnn") == memory_layout("torchvision.resnet18") == torch.channels_last


def saved(tmp_path, content):
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    return str(path)


def test_training_begins_with_the_weights_of_a_file(tmp_path, dataset):
    given = build_model("tiny_cnn", {}, (1, 8, 8), 4, seed=99).state_dict()
    path = saved(tmp_path, given)
    settings = dict(
        previous=None, model_name="tiny_cnn", model_kwargs={}, batch_size=None, optimizer_name="adamw",
        learning_rate=1e-2, weight_decay=0, device_name="cpu", threads=1, seed=17, kept_epochs=None,
    )  # fmt: skip
    checkpoint, _, _ = loop.train_span(dataset, epochs=range(1), **settings, initial_weights=path)
    assert all(torch.equal(checkpoint["weights"][0][name], given[name]) for name in given)
    save_checkpoint(tmp_path / "0.pt", checkpoint)
    later = loop.train_span(dataset, epochs=range(1, 2), **settings | {"previous": str(tmp_path / "0.pt")})[0]
    assert not torch.equal(later["weights"][1]["fc2.weight"], given["fc2.weight"])
    assert load_checkpoint(tmp_path / "0.pt")["epoch"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weights: weights.pop("fc2.bias"), "does not fit the model: fc2.bias is missing. Give"),
        (lambda weights: weights.update(fc3=torch.zeros(1)), "does not fit the model: fc3 is not in the model. Give"),
        (
            lambda weights: weights.update({"fc2.bias": torch.zeros(10)}),
            r"does not fit the model: fc2\.bias is \(10,\) and the model's \(4,\)\. Give",
        ),
        (
            lambda weights: [weights.pop(name) for name in list(weights)[:5]],
            r"does not fit the model: conv1\.weight is missing; conv1\.bias .*; conv2\.weight .*; and 2 more\. Give",
        ),
    ],
)
def test_weights_that_do_not_fit(tmp_path, change, said):
    weights = dict(build_model("tiny_cnn", {}, (1, 8, 8), 4, seed=0).state_dict())
    change(weights)
    path = saved(tmp_path, weights)
    with pytest.raises(UserError, match=rf"model\.weights: .*weights\.pt {said}"):
        build_model("tiny_cnn", {}, (1, 8, 8), 4, seed=0, weights=path)


@pytest.mark.parametrize("content", ["a model", "a list", "text", "nothing", "names with numbers"])
def test_a_file_of_weights_that_is_none(tmp_path, content):
    path = tmp_path / "weights.pt"
    if content in ("text", "nothing"):
        path.write_text("weights" if content == "text" else "")
    else:
        things = {"a model": nn.Linear(1, 1), "a list": [torch.zeros(1)], "names with numbers": {"fc1.weight": 3}}
        torch.save(things[content], path)
    with pytest.raises(UserError, match=r"model\.weights: .*weights\.pt (cannot be read as|is not) a state dict"):
        build_model("tiny_cnn", {}, (1, 8, 8), 4, seed=0, weights=str(path))
