"""Layers' outputs as rows, through the hooks of the snapshot job."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

import snapshot
from evolution.errors import UserError
from evolution.models import hooks

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
    """What is kept of a layer that puts out `function` of the images; by default in chunks of 3, 3 and 1."""
    before, hooks.CHUNK = hooks.CHUNK, chunk
    try:
        return hooks.layer_outputs(Puts(function), ["layer"], images, **pooling)[0]["layer"]
    finally:
        hooks.CHUNK = before


def test_maps():
    images = MAPS.double().numpy()
    assert rows(lambda x: x, MAPS).tobytes() == MAPS.numpy().tobytes(), "flattened unless asked for otherwise"
    np.testing.assert_array_equal(rows(lambda x: x, MAPS, maps="flatten", tokens="cls"), images.reshape(7, 60))
    np.testing.assert_allclose(rows(lambda x: x, MAPS, maps="mean"), images.mean(axis=(2, 3)), atol=1e-6)
    np.testing.assert_allclose(
        rows(lambda x: x[..., None].expand(-1, -1, -1, -1, 2), MAPS, maps="mean"), images.mean((2, 3)), atol=1e-6
    )


def test_maps_in_another_layout():
    """The rows are those of the numbers' order in the tensor, and not in memory."""
    images = MAPS.contiguous(memory_format=torch.channels_last)
    assert rows(lambda x: x, images).tobytes() == MAPS.numpy().tobytes()


def test_tokens():
    tokens = TOKENS.double().numpy()
    np.testing.assert_allclose(rows(lambda x: x, TOKENS), tokens.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(rows(lambda x: x, TOKENS, tokens="mean", maps="mean"), tokens.mean(axis=1), atol=1e-6)
    np.testing.assert_array_equal(rows(lambda x: x, TOKENS, tokens="cls"), TOKENS[:, 0].numpy())
    np.testing.assert_array_equal(rows(lambda x: x, TOKENS, tokens="flatten"), TOKENS.numpy().reshape(7, 30))


@pytest.mark.parametrize("pooling", [{"maps": "flatten", "tokens": "flatten"}, {"maps": "mean", "tokens": "cls"}])
def test_rows_and_single_numbers_are_pooled_in_no_way(pooling):
    flat = MAPS.flatten(1)
    np.testing.assert_array_equal(rows(lambda x: x.flatten(1), MAPS, **pooling), flat.numpy())
    np.testing.assert_array_equal(rows(lambda x: x.flatten(1)[:, 0], MAPS, **pooling), flat[:, :1].numpy())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_floating_point_numbers(dtype):
    kept = rows(lambda x: x.to(dtype), MAPS, maps="mean")
    assert kept.dtype == np.float32
    np.testing.assert_allclose(kept, MAPS.to(dtype).double().numpy().mean(axis=(2, 3)), atol=1e-6)


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
        r"puts out \(60, 3\) for 3 images: .*not the batch.*batch_first=True",
    ),
    "one number": (lambda x: x.sum(), r"puts out \(\) for 3 images.*not the batch"),
    "whole numbers": (lambda x: x.long(), "puts out int64"),
    "truth": (lambda x: x > 0, "puts out bool"),
    "complex numbers": (lambda x: x.to(torch.complex64), "puts out complex64"),
    "nothing": (lambda x: None, "puts out no tensor but a NoneType"),
    "rows of different lengths": (lambda x: x.flatten(1)[:, : len(x)], "puts out rows of different lengths"),
}


@pytest.mark.parametrize(("function", "said"), ODD.values(), ids=ODD)
def test_outputs_that_cannot_be_followed(function, said):
    with pytest.raises(UserError, match=f"layers: layer {said}.*Leave it out"):
        rows(function, MAPS)


@pytest.mark.parametrize(("calls", "said"), [(0, "layer does not run"), (2, "layer runs more than once")])
def test_a_layer_that_does_not_run_once(calls, said):
    with pytest.raises(UserError, match=f"layers: {said}"):
        hooks.layer_outputs(Puts(lambda x: x, calls), ["layer"], MAPS)


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
        kept, logits = hooks.layer_outputs(Model(), ["attention"], TOKENS, tokens="flatten")
        np.testing.assert_array_equal(kept["attention"], logits)
    else:
        with pytest.raises(UserError, match=r"puts out \(6, 7, 5\) for 7 images: .*batch_first=True"):
            hooks.layer_outputs(Model(), ["attention"], TOKENS)


def test_modules_within_an_encoder_layer_are_followed():
    """Torch's short cut through one would pass them by; its setting is as before afterwards."""
    encoder = nn.TransformerEncoderLayer(5, 1, 8, batch_first=True)
    model = nn.Sequential(encoder, nn.Flatten())
    kept, logits = hooks.layer_outputs(model, ["0", "0.norm2", "0.linear1"], TOKENS, tokens="flatten")
    assert kept["0.linear1"].shape == (7, 48)
    np.testing.assert_array_equal(kept["0"], kept["0.norm2"])
    np.testing.assert_array_equal(kept["0"], logits)
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ({"a": 4, "b": 3, "c": 3, "d": 1}, [["a", "b", "c"], ["d"]]),
        ({"a": 11, "b": 1, "c": 1}, [["a"], ["b", "c"]]),
        ({"a": 1, "b": 30, "c": 1}, [["a"], ["b"], ["c"]]),
        ({"a": 1}, [["a"]]),
    ],
)
def test_layers_that_are_held_at_once(sizes, groups):
    assert snapshot.layer_groups(sizes, limit=10) == groups
