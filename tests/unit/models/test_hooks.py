"""What layers put out while images pass through a model, and that nothing of the recording stays."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from evolution.errors import LayerError
from evolution.models.hooks import ForwardPasses, Inputs, find_layers, record_outputs
from evolution.models.networks import SmallCNN
from evolution.models.outputs import Pooling
from support.wrapped_logits import WRAPPED

pytestmark = pytest.mark.usefixtures("one_thread")

MAPS = torch.randn(7, 3, 4, 5, generator=torch.Generator().manual_seed(0))
TOKENS = torch.randn(7, 6, 5, generator=torch.Generator().manual_seed(1))


class Puts(nn.Module):
    """A layer that puts out something made of the images, and a head that counts as logits."""

    def __init__(self, function, calls=1):
        super().__init__()
        self.layer, self.calls = nn.Identity(), calls
        self.layer.forward = function

    def forward(self, x):
        for _ in range(self.calls):
            self.layer(x)
        return x.flatten(1)


def rows(function, images, chunk=3, **pooling):
    """The rows of a layer that puts out `function` of the images; by default in chunks of 3, 3 and 1."""
    model, pooling = Puts(function), Pooling(**pooling)
    return record_outputs(model, images, layers=["layer"], pooling=pooling, chunk=chunk).layers["layer"]


def record(model, images, layers, **more):
    return record_outputs(model, images, layers=layers, pooling=Pooling(tokens="flatten"), **more)


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_logits_in_whatever_they_come(wrap):
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, x):
            return wrap(self.fc(x), x)

    model, images = Wrapped(), torch.rand(7, 4)
    found = record_outputs(model, images, layers=["fc"], pooling=Pooling(), classes=3, chunk=3)
    np.testing.assert_allclose(found.logits, model.fc(images).detach().numpy(), rtol=1e-6)
    np.testing.assert_array_equal(found.classifier.inputs, images.numpy())


@pytest.mark.parametrize(
    ("shape", "expected"), [((1, 8, 8), 250), ((3, 96, 96), 250), ((3, 224, 224), 45), ((3, 6000, 6000), 1)]
)
def test_of_large_images_fewer_pass_at_once(shape, expected):
    assert Inputs({"": torch.empty(1, *shape)}).chunk() == expected


def test_inputs_by_name():
    class Two(nn.Module):
        def forward(self, first, *, second):
            return first - second

    with ForwardPasses(Two(), {}, lambda *noted: None) as recording:
        found = recording.run(Inputs({"second": torch.ones(2), "first": torch.zeros(2)}))
    assert found.tolist() == [-1, -1]


def test_rows_are_put_together_from_chunks():
    for chunk in (1, 3, 7, 250):
        assert rows(lambda x: x, MAPS, chunk).tobytes() == MAPS.numpy().tobytes()
        np.testing.assert_allclose(rows(lambda x: x, MAPS, chunk, maps="mean"), MAPS.numpy().mean((2, 3)), atol=1e-6)
    assert rows(lambda x: x, TOKENS, tokens="cls").tobytes() == TOKENS[:, 0].numpy().tobytes()


@pytest.mark.parametrize(
    "function",
    [lambda x: (x, None), lambda x: [3, x], lambda x: {"hidden": x}, lambda x: {"hidden": x, "sizes": [1, 2]}],
)
def test_the_one_tensor_of_an_output(function, caplog):
    caplog.set_level(logging.INFO)
    np.testing.assert_array_equal(rows(function, MAPS), MAPS.flatten(1).numpy())
    assert caplog.messages == []


def test_the_first_of_several_tensors_is_said(caplog):
    caplog.set_level(logging.INFO)
    np.testing.assert_array_equal(rows(lambda x: (2 * x, x, x), MAPS), 2 * MAPS.flatten(1).numpy())
    assert caplog.messages == ["Layer layer puts out 3 tensors; the first is followed"]


ODD = {
    "several by name": (lambda x: {"a": x, "b": x}, r"puts out several tensors by name \(a, b\)"),
    "the batch second": (
        lambda x: x.flatten(1).T,
        r"puts out \(60, 3\) for 3 samples: .*not the batch.*batch_first=True",
    ),
    "one number": (lambda x: x.sum(), r"puts out \(\) for 3 samples.*not the batch"),
    "whole numbers": (lambda x: x.long(), "puts out int64"),
    "truth": (lambda x: x > 0, "puts out bool"),
    "complex numbers": (lambda x: x.to(torch.complex64), "puts out complex64"),
    "nothing": (lambda x: None, "puts out no tensor but a NoneType"),
    "rows of different lengths": (lambda x: x.flatten(1)[:, : len(x)], "puts out rows of different lengths"),
}


@pytest.mark.parametrize(("function", "said"), ODD.values(), ids=ODD)
def test_outputs_that_cannot_be_followed(function, said):
    with pytest.raises(LayerError, match=f"^layers: layer {said}.*Leave it out"):
        rows(function, MAPS)


@pytest.mark.parametrize(("calls", "said"), [(0, "layer does not run"), (2, "layer runs more than once")])
@pytest.mark.parametrize("chunk", [250, 3])
def test_a_layer_that_does_not_run_once(calls, said, chunk):
    with pytest.raises(LayerError, match=f"^layers: {said}"):
        record(Puts(lambda x: x, calls), MAPS, ["layer"], chunk=chunk)


@pytest.mark.parametrize("chunk", [250, 7])
def test_a_layer_that_runs_more_than_once_with_several_shapes(chunk):
    with pytest.raises(LayerError, match=r"^layers: pool runs more than once"):
        record(SmallCNN((1, 8, 8), 4), torch.zeros(24, 1, 8, 8), ["conv1", "pool"], chunk=chunk)


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention(batch_first):
    """It puts out a tuple: what it attends to, and how much; with the batch in the second place it is refused."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(5, 1, batch_first=batch_first)

        def forward(self, x):
            x = x if batch_first else x.transpose(0, 1)
            x = self.attention(x, x, x)[0]
            return (x if batch_first else x.transpose(0, 1)).flatten(1)

    if batch_first:
        outputs = record(Model(), TOKENS, ["attention"])
        np.testing.assert_array_equal(outputs.layers["attention"], outputs.logits)
    else:
        with pytest.raises(
            LayerError, match=r"^layers: attention puts out \(6, 7, 5\) for 7 samples: .*batch_first=True"
        ):
            record(Model(), TOKENS, ["attention"])


def test_modules_within_an_encoder_layer_are_followed():
    """With torch's fast path through the layer they would not run; its setting is as before afterwards."""
    encoder = nn.TransformerEncoderLayer(5, 1, 8, batch_first=True)
    model = nn.Sequential(encoder, nn.Flatten())
    outputs = record(model, TOKENS, ["0", "0.norm2", "0.linear1"])
    assert outputs.layers["0.linear1"].shape == (7, 48)
    np.testing.assert_array_equal(outputs.layers["0"], outputs.layers["0.norm2"])
    np.testing.assert_array_equal(outputs.layers["0"], outputs.logits)
    assert torch.backends.mha.get_fastpath_enabled()


def test_layers_have_dotted_names():
    model = nn.Sequential()
    model.add_module("block", nn.Sequential(nn.Linear(3, 2), nn.ReLU()))
    model.add_module("head", nn.Linear(2, 2))
    images = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    outputs = record(model, images, ["block.1", "block.0", "block"])
    activations = outputs.layers
    assert list(activations) == ["block.1", "block.0", "block"]
    linear = images.numpy() @ model.block[0].weight.detach().numpy().T + model.block[0].bias.detach().numpy()
    np.testing.assert_allclose(activations["block.0"], linear, atol=1e-6)
    np.testing.assert_allclose(activations["block.1"], np.maximum(linear, 0), atol=1e-6)
    np.testing.assert_array_equal(activations["block"], activations["block.1"])
    np.testing.assert_allclose(
        outputs.logits, model.head(torch.relu(torch.from_numpy(linear))).detach().numpy(), atol=1e-6
    )


def test_unknown_layers():
    with pytest.raises(LayerError) as error:
        find_layers(SmallCNN((1, 8, 8), 4), ["conv1", "conv9", "fc"])
    assert str(error.value) == (
        "layers: conv9, fc is not in the model, which has conv1, bn1, conv2, bn2, conv3, bn3, pool, fc1, fc2, dropout"
    )


@pytest.mark.parametrize("names", [["conv1", "fc2"], ["conv1", "pool"], ["conv1", "conv9"]])
def test_no_hook_stays_behind(names):
    model = SmallCNN((1, 8, 8), 4)
    try:
        record(model, torch.zeros(3, 1, 8, 8), names, classes=4)
    except LayerError:
        assert names[1] != "fc2"
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_recording_counts_the_runs_of_each_pass():
    """In evaluation mode, without gradients and with torch's fast path off, which is on again afterwards."""
    model, noted = SmallCNN((1, 8, 8), 4).train(), []

    def note(name, inputs, output):
        noted.append((name, len(inputs[0]), tuple(output.shape)))
        assert output.is_inference() and not model.training
        assert not torch.backends.mha.get_fastpath_enabled()

    with ForwardPasses(model, find_layers(model, ["pool", "fc2"]), note) as recording:
        for size in (2, 5):
            assert recording.run(torch.zeros(size, 1, 8, 8)).shape == (size, 4)
            assert recording.runs == {"pool": 3, "fc2": 1}
    pools = [("pool", 5, (5, 32, 4, 4)), ("pool", 5, (5, 64, 2, 2)), ("pool", 5, (5, 128, 1, 1))]
    assert noted[4:] == [*pools, ("fc2", 5, (5, 4))]
    assert torch.backends.mha.get_fastpath_enabled()
    model(torch.zeros(2, 1, 8, 8))
    assert len(noted) == 8


def test_a_recording_that_fails_leaves_nothing():
    model = SmallCNN((1, 8, 8), 4)

    def fail(name, inputs, output):
        raise KeyError(name)

    with pytest.raises(KeyError, match="conv1"), ForwardPasses(model, find_layers(model, ["conv1"]), fail) as recording:
        recording.run(torch.zeros(2, 1, 8, 8))
    assert not model.conv1._forward_hooks and torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize("chunk", [250, 2])
def test_the_classifier_is_the_linear_layer_that_runs_last(chunk):
    """Not the one that was made last."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.head, self.body = nn.Linear(6, 3), nn.Linear(4, 6)

        def forward(self, x):
            return self.head(self.body(x))

    model, x = Model(), torch.rand(5, 4)
    for layers in ([], ["head", "body"]):
        classifier = record(model, x, layers, classes=3, chunk=chunk).classifier
        np.testing.assert_allclose(classifier.inputs, model.body(x).detach().numpy(), atol=1e-6)
        np.testing.assert_array_equal(classifier.weight, model.head.weight.detach().numpy())
    assert record(model, x, ["head"], chunk=chunk).classifier is None, "it is not asked for"


class Alternating(nn.Module):
    """Two classifiers, of which every pass takes the other."""

    def __init__(self):
        super().__init__()
        self.heads, self.passes = nn.ModuleList([nn.Linear(16, 3), nn.Linear(16, 3)]), 0

    def forward(self, x):
        self.passes += 1
        return self.heads[self.passes % 2](x.flatten(1))


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(16, 9), nn.Unflatten(1, (9, 1)), nn.Flatten()),
        nn.Sequential(nn.Flatten(2), nn.Linear(16, 3), nn.Flatten()),
        nn.Sequential(nn.Conv2d(1, 3, 4), nn.Flatten()),
        Alternating(),
    ],
    ids=["more follows", "tokens", "a convolution", "alternating"],
)
def test_models_without_a_classifier(model):
    outputs = record(model, torch.zeros(6, 1, 4, 4), [], classes=3, chunk=3)
    assert outputs.classifier is None and len(outputs.logits) == 6


class TwoViews(nn.Module):
    """Calls itself on mirrored images and averages, as test-time augmentation does."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 4)

    def forward(self, images, mirrored=False):
        logits = self.fc(images.flatten(1))
        return logits if mirrored else (logits + self(images.flip(3), mirrored=True)) / 2


def test_a_model_that_calls_itself_has_no_classifier():
    """The linear layer's last inputs are those of the mirrored images alone."""
    outputs = record_outputs(TwoViews(), torch.rand(6, 1, 8, 8), layers=[], pooling=Pooling(), classes=4)
    assert outputs.classifier is None


class Convolved(nn.Module):
    """Convolutions along the tokens of a text, or along the time of a signal."""

    def __init__(self, channels, vocabulary=None):
        super().__init__()
        self.embed = None if vocabulary is None else nn.Embedding(vocabulary, channels)
        self.conv = nn.Conv1d(channels, 5, 3, padding=1)
        self.strided = nn.Conv1d(5, 4, 3, padding=1, stride=2)
        self.mix = nn.Linear(4, 6)
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        x = x if self.embed is None else self.embed(x).transpose(1, 2)
        x = self.mix(self.strided(self.conv(x)).transpose(1, 2))
        return self.head(x.mean(1))


def recorded(model, inputs, kind, layers, **pooling):
    outputs = record_outputs(model, Inputs(inputs, kind=kind), layers=layers, pooling=Pooling(**pooling), chunk=4)
    return outputs.layers


def test_signals_are_maps_where_a_convolution_puts_them_out():
    torch.manual_seed(0)
    model, signals = Convolved(3), torch.randn(9, 3, 8)
    maps = model.conv(signals).detach().numpy()
    tokens = model.mix(model.strided(model.conv(signals)).transpose(1, 2)).detach().numpy()
    found = recorded(model, {"": signals}, "signals", ["conv", "mix"])
    np.testing.assert_allclose(found["conv"], maps.reshape(9, -1), atol=1e-6)
    np.testing.assert_allclose(found["mix"], tokens.mean(1), atol=1e-6)
    found = recorded(model, {"": signals}, "signals", ["conv"], maps="mean")
    np.testing.assert_allclose(found["conv"], maps.mean(2), atol=1e-6)


def test_tokens_are_pooled_without_their_padding(caplog):
    caplog.set_level("INFO", "evolution")
    torch.manual_seed(0)
    model = Convolved(3, vocabulary=11)
    tokens = torch.randint(1, 11, (9, 8)).numpy()
    tokens[np.arange(8) >= np.array([1, 8, 3, 4, 5, 6, 7, 2, 8])[:, None]] = 0
    given = torch.from_numpy(tokens)
    kept = tokens != 0
    embedded = model.embed(given).detach()
    maps = model.conv(embedded.transpose(1, 2))
    found = recorded(model, {"": tokens}, "tokens", ["embed", "conv", "strided"])
    for name, vectors in (("embed", embedded.numpy()), ("conv", maps.transpose(1, 2).detach().numpy())):
        expected = [rows[there].mean(0) for rows, there in zip(vectors, kept)]
        np.testing.assert_allclose(found[name], expected, atol=1e-6)
    np.testing.assert_allclose(found["strided"], model.strided(maps).detach().mean(2).numpy(), atol=1e-6)
    said = "Layer strided puts out 4 rows for 8 tokens, so its padding is not known, and all of them count"
    assert [record.message for record in caplog.records].count(said) == 1


class Masked(nn.Module):
    """Is called with tokens and their mask by name."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(11, 3), nn.Linear(3, 2)

    def forward(self, input_ids, attention_mask):
        return self.head((self.embed(input_ids) * attention_mask[:, :, None]).sum(1))


@pytest.mark.parametrize("kind", ["tokens", "images"])
def test_an_attention_mask_is_heeded_whatever_the_tokens_are(kind):
    model, tokens = Masked(), torch.randint(0, 11, (6, 5))
    mask = np.arange(5) < np.array([1, 2, 3, 4, 5, 5])[:, None]
    inputs = {"input_ids": tokens, "attention_mask": torch.from_numpy(mask.astype(np.int64))}
    vectors = model.embed(tokens).detach().numpy()
    found = recorded(model, inputs, kind, ["embed"])["embed"]
    np.testing.assert_allclose(found, [rows[there].mean(0) for rows, there in zip(vectors, mask)], atol=1e-6)
    found = recorded(model, inputs, kind, ["embed"], tokens="last")["embed"]
    np.testing.assert_array_equal(found, [rows[there][-1] for rows, there in zip(vectors, mask)])
    with pytest.raises(LayerError, match=r"2 is not allowed, as sample 0 has 1 tokens"):
        recorded(model, inputs, kind, ["embed"], tokens=2)


def test_outputs_without_a_dimension_of_their_own():
    """A model of a number may put out (N,)."""
    model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0))
    outputs = record_outputs(model, torch.ones(5, 3), layers=["0"], pooling=Pooling(), chunk=2)
    assert outputs.logits.shape == (5, 1)
