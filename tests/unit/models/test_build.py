"""Models built by their names: this workflow's, torchvision's and a user's own, and weights from a file."""

import pytest
import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.build import ModelSettings, build_model, build_run_model, memory_layout
from evolution.seeds import integer_seed

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("name", ["small_cnn", "tiny_cnn", "mlp"])
def test_weights_come_from_the_seed(name):
    def weights(seed):
        model = build_model(name, kwargs={}, shape=(1, 8, 8), classes=3, seed=seed)
        return torch.cat([tensor.flatten() for tensor in model.parameters()])

    first = weights(5)
    torch.rand(100)
    assert torch.equal(first, weights(5))
    assert not torch.equal(first, weights(6))


def test_a_run_draws_its_weights_from_a_stream_of_its_seed():
    settings = ModelSettings(model="mlp", model_kwargs={"dropout": 0.25}, seed=17)
    found = build_run_model(settings, shape=(1, 8, 8), classes=3)
    expected = build_model("mlp", kwargs={}, shape=(1, 8, 8), classes=3, seed=integer_seed(17, "weights"))
    assert found.dropout.p == 0.25
    torch.testing.assert_close(found.state_dict(), expected.state_dict(), rtol=0, atol=0)


def test_torchvisions_models():
    model = build_model("torchvision.squeezenet1_1", kwargs={"dropout": 0.25}, shape=(1, 32, 32), classes=4, seed=5)
    again = build_model("torchvision.squeezenet1_1", kwargs={}, shape=(1, 32, 32), classes=4, seed=5)
    assert type(model).__name__ == "SqueezeNet" and model.classifier[0].p == 0.25
    torch.testing.assert_close(model.state_dict(), again.state_dict(), rtol=0, atol=0)
    with pytest.raises(
        ModelError, match=r"^model\.kwargs: \{'widht': 1\} does not fit model torchvision\.mobilenet_v2"
    ):
        build_model("torchvision.mobilenet_v2", kwargs={"widht": 1}, shape=(1, 32, 32), classes=4, seed=0)


def test_an_own_class(own):
    model = build_model(f"{own}:Own", kwargs={"width": 3}, shape=(1, 2, 2), classes=5, seed=1)
    assert model(torch.zeros(2, 1, 2, 2)).shape == (2, 5) and model.head.in_features == 3
    torch.manual_seed(1)
    assert torch.equal(model.hidden.weight, nn.Linear(4, 3).weight), "its weights are the seed's"


def test_a_function_that_makes_a_model(own):
    model = build_model(f"{own}:function", kwargs={}, shape=(2, 2, 2), classes=5, seed=1)
    assert model(torch.zeros(1, 2, 2, 2)).shape == (1, 5)


@pytest.mark.parametrize(
    ("name", "kwargs", "said"),
    [
        ("own.py:Mine", {}, r"own\.py has no Mine"),
        ("none.py:Own", {}, r"there is no file .*none\.py"),
        ("own.py:no_module", {}, r"makes a int; it must make a torch\.nn\.Module"),
        ("own.py:Fails", {}, r"cannot be made: KeyError: 'depth' \(own\.py, line 23\).*shape=\(1, 2, 2\), classes=5"),
    ],
)
def test_an_own_class_that_cannot_be_made(own, name, kwargs, said):
    with pytest.raises(ModelError, match=rf"^model\.name: .*{said}"):
        build_model(str(own.parent / name), kwargs=kwargs, shape=(1, 2, 2), classes=5, seed=1)


@pytest.mark.parametrize(
    ("name", "kwargs", "reason"),
    [
        ("small_cnn", {"dropot": 0.5}, "dropot"),
        ("small_cnn", {"dropout": 2}, "probability"),
        ("small_cnn", {"dropout": "much"}, "str"),
        ("small_cnn", {1: 2}, "keywords must be strings"),
        ("mlp", {"classes": 3}, "multiple values"),
        ("tiny_cnn", {"dropout": 0.5}, "dropout"),
    ],
)
def test_arguments_that_do_not_fit(name, kwargs, reason):
    with pytest.raises(ModelError) as error:
        build_model(name, kwargs=kwargs, shape=(1, 28, 28), classes=10, seed=0)
    for part in ("model.kwargs", str(kwargs), name, reason):
        assert part in str(error.value)


def test_an_own_class_may_call_view(own):
    """Images of several channels in torch's channels-last layout do not take it."""
    assert memory_layout(f"{own}:Own") == torch.contiguous_format
    assert memory_layout("small_cnn") == memory_layout("torchvision.resnet18") == torch.channels_last


def saved(tmp_path, content):
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    return str(path)


def test_the_weights_of_a_file(tmp_path):
    given = build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=99).state_dict()
    path = saved(tmp_path, given)
    model = build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=0, weights=path)
    torch.testing.assert_close(model.state_dict(), given, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weights: weights.pop("fc2.bias"), r"1 of the model's 8 names are missing\. .* the model's fc2\.bias"),
        (
            lambda weights: weights.update(fc3=torch.zeros(1)),
            r"1 of the file's 9 names are not the model's\. .*\(the whole file\) fc3 \(1,\)",
        ),
        (
            lambda weights: weights.update({"fc2.bias": torch.zeros(10)}),
            r"fc2\.bias is \(10,\) and the model's \(4,\)\. Give",
        ),
        (
            lambda weights: [weights.pop(name) for name in list(weights)[:5]],
            r"5 of the model's 8 names are missing\. .* the model's conv1\.weight .*, conv1\.bias .*, conv2\.weight",
        ),
    ],
)
def test_weights_that_do_not_fit(tmp_path, change, said):
    weights = dict(build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=0).state_dict())
    change(weights)
    path = saved(tmp_path, weights)
    with pytest.raises(ModelError, match=rf"^model\.weights: .*weights\.pt does not fit the model: {said}"):
        build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=0, weights=path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a model", r"holds torch\.nn\.modules\.linear\.Linear, which is not read"),
        ("a list", "holds no weights: it is a list"),
        ("text", "cannot be read"),
        ("nothing", "is empty and no checkpoint"),
        ("names with numbers", r"holds no weights: it has fc1\.weight \(int\)"),
    ],
)
def test_a_file_that_holds_no_weights(tmp_path, content, said):
    path = tmp_path / "weights.pt"
    if content in ("text", "nothing"):
        path.write_text("weights" if content == "text" else "")
    else:
        things = {"a model": nn.Linear(1, 1), "a list": [torch.zeros(1)], "names with numbers": {"fc1.weight": 3}}
        torch.save(things[content], path)
    with pytest.raises(ModelError, match=rf"^model\.weights: .*weights\.pt {said}"):
        build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=0, weights=str(path))


MASKED = """
import torch
from torch import nn


class Masked(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.register_buffer("mask", torch.full((2, 2), float("-inf")).triu(1))
        self.head = nn.Linear(4, classes)
"""


def test_weights_that_are_not_finite(tmp_path):
    """A weight never is on purpose; a buffer may be, such as a mask of attention."""
    (tmp_path / "masked.py").write_text(MASKED)
    build = {"name": f"{tmp_path}/masked.py:Masked", "kwargs": {}, "shape": (1, 2, 2), "classes": 3, "seed": 1}
    state = build_model(**build).state_dict()
    torch.save(state, tmp_path / "weights.pt")
    found = build_model(**build, weights=str(tmp_path / "weights.pt"))
    assert torch.equal(found.mask, state["mask"]) and torch.isinf(found.mask).any()
    for name, value in (("head.weight", float("inf")), ("head.bias", float("nan")), ("mask", float("nan"))):
        broken = {key: tensor.clone() for key, tensor in state.items()}
        broken[name].view(-1)[0] = value
        torch.save(broken, tmp_path / "broken.pt")
        with pytest.raises(ModelError, match=rf"broken\.pt holds values that are not finite .* in {name}: .* diverged"):
            build_model(**build, weights=str(tmp_path / "broken.pt"))
