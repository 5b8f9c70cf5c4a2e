"""The networks of this workflow against the same written out."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from evolution.errors import ModelError
from evolution.models.networks import MLP, NETWORKS, SignalCNN, SmallCNN, TinyCNN

pytestmark = pytest.mark.usefixtures("one_thread")

# What the notebook's network is made of, and its parameters by hand: weights plus biases.
NOTEBOOK = {
    "conv1": (nn.Conv2d, (32, 1, 3, 3), 32 * (1 * 9 + 1)),
    "bn1": (nn.BatchNorm2d, (32,), 2 * 32),
    "conv2": (nn.Conv2d, (64, 32, 3, 3), 64 * (32 * 9 + 1)),
    "bn2": (nn.BatchNorm2d, (64,), 2 * 64),
    "conv3": (nn.Conv2d, (128, 64, 3, 3), 128 * (64 * 9 + 1)),
    "bn3": (nn.BatchNorm2d, (128,), 2 * 128),
    "fc1": (nn.Linear, (256, 1152), 1152 * 256 + 256),
    "fc2": (nn.Linear, (10, 256), 256 * 10 + 10),
}


def batch_norm(x, weights, name):
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    scale, shift = (weights[f"{name}.{part}"][:, None, None] for part in ("weight", "bias"))
    return (x - mean) / torch.sqrt(variance + 1e-5) * scale + shift


def forward(name, weights, x):
    """The logits of each network, written out for training mode without dropout."""

    def conv(x, layer):
        return functional.conv2d(x, weights[f"{layer}.weight"], weights[f"{layer}.bias"], padding=1)

    def linear(x, layer):
        return x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]

    if name == "small_cnn":
        for number in (1, 2, 3):
            x = functional.max_pool2d(batch_norm(conv(x, f"conv{number}"), weights, f"bn{number}").clamp(min=0), 2)
        return linear(linear(x.flatten(1), "fc1").clamp(min=0), "fc2")
    if name == "tiny_cnn":
        for number in (1, 2):
            x = functional.max_pool2d(conv(x, f"conv{number}").clamp(min=0), 2)
        return linear(linear(x.flatten(1), "fc1").clamp(min=0), "fc2")
    return linear(linear(linear(x.flatten(1), "fc1").clamp(min=0), "fc2").clamp(min=0), "fc3")


def test_small_cnn_is_the_notebooks_network():
    model = SmallCNN((1, 28, 28), 10)
    layers = dict(model.named_children())
    for name, (kind, shape, count) in NOTEBOOK.items():
        assert type(layers[name]) is kind
        assert tuple(layers[name].weight.shape) == shape
        assert sum(parameter.numel() for parameter in layers[name].parameters()) == count
    assert sum(parameter.numel() for parameter in model.parameters()) == 390_858
    assert layers["conv1"].padding == layers["conv2"].padding == layers["conv3"].padding == (1, 1)
    assert (layers["pool"].kernel_size, layers["pool"].stride) == (2, 2)
    assert layers["dropout"].p == 0.3
    assert set(layers) == {*NOTEBOOK, "pool", "dropout"}


@pytest.mark.parametrize("name", ["small_cnn", "tiny_cnn", "mlp"])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (2, 17, 9), (1, 8, 8), (4, 8, 31)])
@pytest.mark.parametrize("classes", [2, 7])
def test_forward_pass(name, shape, classes):
    kwargs = {"dropout": 0} if name == "small_cnn" else {}
    model = NETWORKS[name](shape, classes, **kwargs).train()
    images = torch.randn(5, *shape, generator=torch.Generator().manual_seed(0))
    outputs = model(images)
    assert outputs.shape == (5, classes)
    torch.testing.assert_close(outputs, forward(name, model.state_dict(), images), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("small_cnn", {"conv1": 32, "conv2": 64, "conv3": 128, "fc1": 256, "fc2": 10}),
        ("tiny_cnn", {"conv1": 16, "conv2": 32, "fc1": 64, "fc2": 10}),
        ("mlp", {"fc1": 256, "fc2": 128, "fc3": 10}),
    ],
)
def test_layers_have_their_sizes(name, sizes):
    weights = NETWORKS[name]((1, 16, 16), 10).state_dict()
    assert {layer: len(weights[f"{layer}.weight"]) for layer in sizes} == sizes
    assert {key.split(".")[0] for key in weights} - {"bn1", "bn2", "bn3"} == set(sizes)


@pytest.mark.parametrize("name", ["small_cnn", "mlp"])
def test_dropout_drops_and_scales(name):
    model = NETWORKS[name]((1, 8, 8), 3, dropout=0.75).train()
    torch.manual_seed(0)
    dropped = model.dropout(torch.ones(10_000))
    assert sorted(set(dropped.tolist())) == [0, 4]
    assert abs((dropped == 0).double().mean() - 0.75) < 0.02
    seen = []
    model.dropout.register_forward_hook(lambda module, inputs, output: seen.append(output))
    model(torch.randn(4, 1, 8, 8))
    assert seen, "the forward pass goes through it"


@pytest.mark.parametrize(("name", "least"), [("small_cnn", 8), ("tiny_cnn", 4)])
def test_images_too_small(name, least):
    assert NETWORKS[name]((1, least, least), 3)(torch.zeros(2, 1, least, least)).shape == (2, 3)
    for shape in ((1, least - 1, 28), (1, 28, least - 1)):
        with pytest.raises(ModelError) as error:
            NETWORKS[name](shape, 3)
        for part in (
            "model.name: ",
            name,
            f"at least {least} x {least} pixels",
            f"gives {least - 1}",
            "dataset.name",
            "mlp",
        ):
            assert part in str(error.value)


def test_mlp_takes_a_single_pixel():
    assert MLP((1, 1, 1), 2)(torch.zeros(3, 1, 1, 1)).shape == (3, 2)


@pytest.mark.parametrize("shape", [(13,), (1,), (12, 29)])
def test_mlp_takes_rows_and_signals(shape):
    model = NETWORKS["mlp"](shape, 2).train()
    samples = torch.randn(5, *shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(samples), forward("mlp", model.state_dict(), samples), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 8), (12, 29), (3, 1000)])
def test_signal_cnn_written_out(shape):
    model = SignalCNN(shape, 4, dropout=0).train()
    weights = model.state_dict()
    signals = torch.randn(5, *shape, generator=torch.Generator().manual_seed(0))
    x = signals
    for number, padding in ((1, 3), (2, 2), (3, 1)):
        x = functional.conv1d(x, weights[f"conv{number}.weight"], weights[f"conv{number}.bias"], padding=padding)
        mean, variance = x.mean((0, 2), keepdim=True), x.var((0, 2), unbiased=False, keepdim=True)
        scale, shift = (weights[f"bn{number}.{part}"][:, None] for part in ("weight", "bias"))
        x = functional.max_pool1d(((x - mean) / torch.sqrt(variance + 1e-5) * scale + shift).clamp(min=0), 2)
    x = (x.mean(2) @ weights["fc1.weight"].T + weights["fc1.bias"]).clamp(min=0)
    torch.testing.assert_close(model(signals), x @ weights["fc2.weight"].T + weights["fc2.bias"], rtol=1e-4, atol=1e-4)
    assert len(weights["fc1.weight"][0]) == 64, "whatever the signal's length"


def test_a_signal_too_short():
    with pytest.raises(ModelError, match=r"model\.name: signal_cnn .* at least 8 samples, dataset\.name gives 7"):
        SignalCNN((2, 7), 3)


@pytest.mark.parametrize(
    ("network", "shape", "said"),
    [
        (SmallCNN, (13,), r"small_cnn takes images \(channels, height, width\), .* samples of shape \(13,\)"),
        (TinyCNN, (2, 50), r"tiny_cnn takes images"),
        (SignalCNN, (1, 8, 8), r"signal_cnn takes signals \(channels, samples\)"),
    ],
)
def test_samples_of_another_kind(network, shape, said):
    with pytest.raises(ModelError, match=said):
        network(shape, 3)
