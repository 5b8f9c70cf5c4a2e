import logging

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import snapshot
from evolution.errors import UserError
from evolution.models import hooks
from evolution.models.build import build_model
from support.tiny_dataset import read_part

pytestmark = pytest.mark.usefixtures("one_thread")

LAYERS = ["conv1", "conv2", "conv3", "fc1", "fc2"]


def trained_like(seed, shape=(1, 8, 8), classes=4):
    """A small_cnn whose batch norms have seen data: random scales, shifts, means and variances."""
    model = build_model("small_cnn", {}, shape, classes, seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.startswith("bn") and tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape) + 0.5)
    return model


def direct_outputs(weights, images):
    """The outputs of small_cnn's layers in evaluation mode, module by module, in float64."""
    weights = {name: tensor.double() for name, tensor in weights.items()}
    outputs, x = {}, torch.from_numpy(images).double()
    for number in (1, 2, 3):
        conv, norm = f"conv{number}", f"bn{number}"
        outputs[conv] = x = functional.conv2d(x, weights[f"{conv}.weight"], weights[f"{conv}.bias"], padding=1)
        mean, variance, scale, shift = (
            weights[f"{norm}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        outputs[norm] = x = (x - mean) / torch.sqrt(variance + 1e-5) * scale + shift
        x = functional.max_pool2d(torch.relu(x), 2)
    outputs["fc1"] = x = functional.linear(x.flatten(1), weights["fc1.weight"], weights["fc1.bias"])
    outputs["fc2"] = functional.linear(torch.relu(x), weights["fc2.weight"], weights["fc2.bias"])
    return {name: output.flatten(1).numpy() for name, output in outputs.items()}


@pytest.fixture
def span(tmp_path, dataset):
    """Weights of epochs 0, 2 and 3 in two checkpoints; the dataset's path, the checkpoints' and the weights."""
    weights = {epoch: trained_like(epoch).state_dict() for epoch in (0, 1, 2, 3)}
    paths = []
    for name, epochs in (("0000.pt", [0]), ("0001-0003.pt", [1, 2, 3])):
        paths.append(str(tmp_path / name))
        torch.save(
            {"weights": {epoch: weights[epoch] for epoch in epochs}, "optimizer": {}, "epoch": epochs[-1]}, paths[-1]
        )
    return dataset, paths, weights


def take(dataset, paths, epochs, layers=LAYERS, compacted=False):
    kept = {name: [None] * len(epochs) for name in layers}

    def keep(layer, place, rows):
        kept[layer][place] = rows

    predictions = snapshot.snapshot_span(dataset, paths, epochs, layers, "small_cnn", {}, 17, compacted, keep)
    return {name: np.stack(parts) for name, parts in kept.items()}, predictions


@pytest.mark.parametrize("chunk", [250, 24, 7, 1])
def test_activations_equal_a_direct_forward_pass(span, monkeypatch, chunk):
    monkeypatch.setattr(hooks, "CHUNK", chunk)
    dataset, paths, weights = span
    images, _ = read_part(dataset, "eval")
    layers = [*LAYERS, "bn2"]
    activations, _ = take(dataset, paths, [0, 2, 3], layers)
    assert list(activations) == layers
    for place, epoch in enumerate([0, 2, 3]):
        for name, expected in direct_outputs(weights[epoch], images).items():
            if name in layers:
                assert activations[name].dtype == np.float32
                assert activations[name].shape == (3, *expected.shape)
                np.testing.assert_allclose(activations[name][place], expected, rtol=1e-4, atol=1e-4)


def test_predictions(span):
    dataset, paths, weights = span
    images, _ = read_part(dataset, "eval")
    _, predictions = take(dataset, paths, [0, 2, 3], ["fc2"])
    assert predictions["epoch"].tolist() == [0] * 24 + [2] * 24 + [3] * 24
    assert predictions["sample"].tolist() == list(range(24)) * 3
    logits = np.concatenate([direct_outputs(weights[epoch], images)["fc2"] for epoch in (0, 2, 3)])
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert predictions["predicted"].tolist() == probability.argmax(axis=1).tolist()
    np.testing.assert_allclose(predictions["confidence"], probability.max(axis=1), rtol=1e-4)
    assert {name: column.dtype.name for name, column in predictions.items()} == {
        "epoch": "int32",
        "sample": "int32",
        "predicted": "int32",
        "confidence": "float32",
    }


def test_compact_activations_have_the_same_inner_products(span):
    dataset, paths, weights = span
    activations, _ = take(dataset, paths, [2], compacted=True)
    exact = direct_outputs(weights[2], read_part(dataset, "eval")[0])
    assert {name: array.shape for name, array in activations.items()} == {
        "conv1": (1, 24, 24),
        "conv2": (1, 24, 24),
        "conv3": (1, 24, 24),
        "fc1": (1, 24, 24),
        "fc2": (1, 24, 4),
    }
    for name, (rows,) in activations.items():
        products = exact[name] @ exact[name].T
        np.testing.assert_allclose(rows @ rows.T, products, atol=1e-5 * products.max())


def classifiers(dataset, paths, epochs, model="small_cnn", kwargs=None, compacted=False):
    """What is kept of the classifier, an entry an epoch."""
    kept = [None] * len(epochs)
    snapshot.snapshot_span(
        dataset,
        paths,
        epochs,
        [],
        model,
        kwargs or {},
        17,
        compacted,
        lambda *_: None,
        lambda place, rows: kept.__setitem__(place, rows),
    )
    return kept


@pytest.mark.parametrize("chunk", [250, 7])
def test_the_classifiers_inputs_and_weights(span, monkeypatch, chunk):
    monkeypatch.setattr(hooks, "CHUNK", chunk)
    dataset, paths, weights = span
    images, _ = read_part(dataset, "eval")
    for compacted in (False, True):
        for epoch, rows in zip([3, 0], classifiers(dataset, paths, [3, 0], compacted=compacted)):
            inputs = np.maximum(direct_outputs(weights[epoch], images)["fc1"], 0)
            exact = np.vstack([inputs, weights[epoch]["fc2.weight"].numpy()])
            assert rows.dtype == np.float32
            assert rows.shape == ((28, 28) if compacted else (28, 256))
            np.testing.assert_allclose(rows @ rows.T, exact @ exact.T, atol=1e-4 * (exact**2).sum(1).max())


def test_a_model_without_a_classifier(span, caplog):
    """Its last linear layer is followed by more, or sees more than a vector a sample, or is not there."""
    caplog.set_level(logging.INFO, logger="evolution")
    images = torch.zeros(5, 1, 4, 4)
    wide = nn.Sequential(nn.Flatten(), nn.Linear(16, 9), nn.Unflatten(1, (9, 1)), nn.Flatten())
    tokens = nn.Sequential(nn.Flatten(2), nn.Linear(16, 3), nn.Flatten())
    for model in (wide, tokens, nn.Sequential(nn.Conv2d(1, 3, 4), nn.Flatten())):
        with snapshot.last_linear(model, 3) as passes:
            model(images)
            model(images)
        rows = snapshot.classifier_rows(passes, 10, 3, True)
        assert rows.shape == (13, 1) and rows.dtype == np.float32 and np.isnan(rows).all()
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert len(caplog.messages) == 3 and all("its classifier is NaN" in message for message in caplog.messages)


def test_the_linear_layer_that_runs_last_counts(span):
    """Not the one that was made last."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.head, self.body = nn.Linear(6, 3), nn.Linear(4, 6)

        def forward(self, x):
            return self.head(self.body(x))

    model, x = Model(), torch.rand(5, 4)
    with torch.inference_mode(), snapshot.last_linear(model, 3) as passes:
        model(x)
    inputs = model.body(x).detach().numpy()
    np.testing.assert_array_equal(
        snapshot.classifier_rows(passes, 5, 3, False), np.vstack([inputs, model.head.weight.detach().numpy()])
    )


@pytest.mark.parametrize("compacted", [True, False])
def test_an_epoch_gives_the_same_bytes_alone_and_in_a_span(span, compacted):
    dataset, paths, _ = span
    together, all_predictions = take(dataset, paths, [0, 2, 3], compacted=compacted)
    alone, predictions = take(dataset, paths[1:], [2], LAYERS[::-1], compacted)
    for name in LAYERS:
        assert together[name][1].tobytes() == alone[name][0].tobytes()
    for name, column in predictions.items():
        assert all_predictions[name][24:48].tobytes() == column.tobytes()


def test_layers_have_dotted_names():
    model = nn.Sequential()
    model.add_module("block", nn.Sequential(nn.Linear(3, 2), nn.ReLU()))
    model.add_module("head", nn.Linear(2, 2))
    images = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    activations, logits = hooks.layer_outputs(model, ["block.1", "block.0", "block"], images)
    linear = images.numpy() @ model.block[0].weight.detach().numpy().T + model.block[0].bias.detach().numpy()
    np.testing.assert_allclose(activations["block.0"], linear, atol=1e-6)
    np.testing.assert_allclose(activations["block.1"], np.maximum(linear, 0), atol=1e-6)
    np.testing.assert_array_equal(activations["block"], activations["block.1"])
    np.testing.assert_allclose(logits, model.head(torch.relu(torch.from_numpy(linear))).detach().numpy(), atol=1e-6)


def test_unknown_layers(span):
    dataset, paths, _ = span
    with pytest.raises(UserError) as error:
        take(dataset, paths, [0], ["conv1", "conv9", "fc"])
    assert str(error.value) == (
        "layers: conv9, fc is not in the model, which has conv1, bn1, conv2, bn2, conv3, bn3, pool, fc1, fc2, dropout"
    )


@pytest.mark.parametrize("chunk", [250, 7])
def test_a_layer_that_runs_more_than_once(span, monkeypatch, chunk):
    monkeypatch.setattr(hooks, "CHUNK", chunk)
    dataset, paths, _ = span
    with pytest.raises(UserError, match=r"layers: pool runs more than once"):
        take(dataset, paths, [0], ["conv1", "pool"])


@pytest.mark.parametrize("names", [["conv1", "fc2"], ["conv1", "pool"]])
def test_no_hook_stays_behind(names):
    model = trained_like(0)
    try:
        hooks.layer_outputs(model, names, torch.zeros(3, 1, 8, 8))
    except UserError:
        assert "pool" in names
    assert not any(module._forward_hooks for module in model.modules())


def test_an_epoch_that_no_checkpoint_has(span):
    dataset, paths, _ = span
    with pytest.raises(UserError, match=r"0001-0003\.pt is damaged .*no weights of epoch \[7\]"):
        take(dataset, paths, [2, 7])


@pytest.mark.parametrize("compacted", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_activations_that_are_not_finite(span, tmp_path, value, compacted):
    dataset, _, weights = span
    weights[3]["fc1.bias"][5] = value
    path = str(tmp_path / "diverged.pt")
    torch.save({"weights": {3: weights[3]}, "optimizer": {}, "epoch": 3}, path)
    with pytest.raises(UserError, match=r"layer fc1 at epoch 3 .* not finite.*training\.learning_rate"):
        take(dataset, [path], [3], compacted=compacted)


@pytest.mark.parametrize("held", [1, 24 * 4 * 300])
def test_layers_that_are_not_held_at_once_have_the_same_bytes(span, monkeypatch, held):
    dataset, paths, _ = span
    together, all_predictions = take(dataset, paths, [2], compacted=True)
    monkeypatch.setattr(snapshot.layer_groups, "__defaults__", (held,))
    passes = []
    monkeypatch.setattr(
        snapshot, "layer_outputs", lambda *given, outputs=hooks.layer_outputs: passes.append(1) or outputs(*given)
    )
    apart, predictions = take(dataset, paths, [2], compacted=True)
    assert len(passes) > 2
    for name in LAYERS:
        assert together[name].tobytes() == apart[name].tobytes()
    assert all(column.tobytes() == all_predictions[name].tobytes() for name, column in predictions.items())
