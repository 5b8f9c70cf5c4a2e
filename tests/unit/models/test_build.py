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
