"""Layers' outputs of any form as rows."""

import numpy as np
import pytest
import torch
from torch import nn

from evolution.errors import LayerError, ModelError
from evolution.models.outputs import (
    Pooling,
    check_batch,
    check_position,
    logits_of,
    output_tensor,
    puts_channels_first,
    sample_rows,
)
from support.wrapped_logits import WRAPPED, Data

pytestmark = pytest.mark.usefixtures("one_thread")

MAPS = torch.randn(7, 3, 4, 5, generator=torch.Generator().manual_seed(0))
TOKENS = torch.randn(7, 6, 5, generator=torch.Generator().manual_seed(1))


def rows(tensor, **pooling):
    return sample_rows(tensor, Pooling(**pooling)).numpy()


def test_maps():
    images = MAPS.double().numpy()
    assert rows(MAPS).tobytes() == MAPS.numpy().tobytes(), "flattened unless asked for otherwise"
    np.testing.assert_array_equal(rows(MAPS, maps="flatten", tokens="cls"), images.reshape(7, 60))
    np.testing.assert_allclose(rows(MAPS, maps="mean"), images.mean(axis=(2, 3)), atol=1e-6)
    volumes = MAPS[..., None].expand(-1, -1, -1, -1, 2)
    np.testing.assert_allclose(rows(volumes, maps="mean"), images.mean((2, 3)), atol=1e-6)


def test_maps_in_another_layout():
    """The rows have the order of the numbers in the tensor, and not their order in memory."""
    assert rows(MAPS.contiguous(memory_format=torch.channels_last)).tobytes() == MAPS.numpy().tobytes()


def test_tokens():
    tokens = TOKENS.double().numpy()
    np.testing.assert_allclose(rows(TOKENS), tokens.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(rows(TOKENS, tokens="mean", maps="mean"), tokens.mean(axis=1), atol=1e-6)
    np.testing.assert_array_equal(rows(TOKENS, tokens="cls"), TOKENS[:, 0].numpy())
    np.testing.assert_array_equal(rows(TOKENS, tokens="flatten"), TOKENS.numpy().reshape(7, 30))


# Of seven samples, with the padding at the end and in one at the start.
MASK = np.arange(6) < np.array([1, 2, 3, 6, 5, 4, 6])[:, None]
MASK[6, :2] = False


def masked(**pooling):
    return sample_rows(TOKENS, Pooling(**pooling), mask=torch.from_numpy(MASK)).numpy()


def test_padding_is_left_out():
    tokens = TOKENS.double().numpy()
    means = [rows_of[kept].mean(0) for rows_of, kept in zip(tokens, MASK)]
    np.testing.assert_allclose(masked(), means, atol=1e-6)
    last = [rows_of[np.flatnonzero(kept)[-1]] for rows_of, kept in zip(tokens, MASK)]
    np.testing.assert_array_equal(masked(tokens="last"), np.float32(last))
    np.testing.assert_array_equal(masked(tokens="cls"), TOKENS[:, 0].numpy())
    np.testing.assert_array_equal(masked(tokens="flatten"), TOKENS.numpy().reshape(7, 30))
    np.testing.assert_array_equal(masked(tokens=4), TOKENS[:, 4].numpy())


def test_what_stands_at_the_padding_never_counts():
    broken = TOKENS.masked_fill(~torch.from_numpy(MASK)[:, :, None], float("nan"))
    found = sample_rows(broken, Pooling(), mask=torch.from_numpy(MASK))
    np.testing.assert_array_equal(found.numpy(), masked())


@pytest.mark.parametrize("tokens", ["mean", "last", 3])
def test_a_mask_of_other_tokens_is_not_read(tokens):
    """As where a class token was added, or every second token was left out."""
    mask = torch.from_numpy(MASK[:, :5])
    found = sample_rows(TOKENS, Pooling(tokens=tokens), mask=mask).numpy()
    np.testing.assert_array_equal(found, rows(TOKENS, tokens=tokens))


def test_tokens_without_a_mask():
    np.testing.assert_array_equal(rows(TOKENS, tokens="last"), TOKENS[:, -1].numpy())
    np.testing.assert_array_equal(rows(TOKENS, tokens=0), TOKENS[:, 0].numpy())
    with pytest.raises(LayerError, match=r"has no token at position 6: it puts out 6 tokens"):
        rows(TOKENS, tokens=6)


def test_positions_that_a_sample_lacks():
    check_position(MASK[3:6], Pooling(tokens=3))
    check_position(MASK, Pooling(tokens="last"))
    with pytest.raises(
        LayerError,
        match=r"activations\.pooling\.tokens: 2 is not allowed, as sample 0 has 1 tokens that are no padding",
    ):
        check_position(MASK, Pooling(tokens=2))
    with pytest.raises(LayerError, match=r"9 is not allowed, as sample 0 has 6 tokens"):
        check_position(MASK[3:4], Pooling(tokens=9))


def test_maps_along_time():
    signals = TOKENS.double().numpy()
    found = [sample_rows(TOKENS, Pooling(maps=maps), is_map=True).numpy() for maps in ("flatten", "mean")]
    np.testing.assert_array_equal(found[0], TOKENS.numpy().reshape(7, 30))
    np.testing.assert_allclose(found[1], signals.mean(axis=2), atol=1e-6)


@pytest.mark.parametrize("otherwise", [True, False])
def test_modules_that_put_channels_first(otherwise):
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    convolution = nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.ReLU())
    assert puts_channels_first(convolution, otherwise=otherwise)
    assert puts_channels_first(nn.Sequential(nn.Linear(3, 4), nn.Conv1d(2, 4, 3)), otherwise=otherwise)
    for module in (encoder, nn.LSTM(3, 4), nn.Sequential(convolution, nn.Linear(3, 4)), nn.Embedding(3, 4)):
        assert not puts_channels_first(module, otherwise=otherwise)
    assert puts_channels_first(nn.ReLU(), otherwise=otherwise) is otherwise


@pytest.mark.parametrize("pooling", [{"maps": "flatten", "tokens": "flatten"}, {"maps": "mean", "tokens": "cls"}])
def test_rows_and_single_numbers_are_not_pooled(pooling):
    flat = MAPS.flatten(1)
    np.testing.assert_array_equal(rows(flat, **pooling), flat.numpy())
    np.testing.assert_array_equal(rows(flat[:, 0], **pooling), flat[:, :1].numpy())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_floating_point_numbers(dtype):
    found = rows(MAPS.to(dtype), maps="mean")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, MAPS.to(dtype).double().numpy().mean(axis=(2, 3)), atol=1e-6)


@pytest.mark.parametrize(
    ("output", "others"),
    [
        (MAPS, 0),
        ((MAPS, None), 0),
        ([3, MAPS], 0),
        ({"hidden": MAPS, "sizes": [1, 2]}, 0),
        (Data(MAPS, None), 0),
        ({"pooled": TOKENS, "last_hidden_state": MAPS}, 0),
        ((MAPS, TOKENS), 1),
        ([MAPS, TOKENS, TOKENS], 2),
    ],
)
def test_the_tensor_of_an_output(output, others):
    tensor, found = output_tensor(output)
    assert tensor is MAPS and found == others


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ({"a": MAPS, "b": MAPS}, "puts out several tensors by name (a, b)"),
        (Data(MAPS, TOKENS), "puts out several tensors by name (hidden, logits)"),
        (Data, "puts out no tensor but a type"),
        (None, "puts out no tensor but a NoneType"),
        ((None, 3), "puts out no tensor but a tuple"),
        (MAPS.long(), "puts out int64, which is no floating point number"),
        (MAPS > 0, "puts out bool, which is no floating point number"),
        (MAPS.to(torch.complex64), "puts out complex64, which is no floating point number"),
    ],
)
def test_outputs_without_a_tensor_to_follow(output, problem):
    with pytest.raises(LayerError) as error:
        output_tensor(output)
    assert error.value.problem == problem and error.value.key is None


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_the_logits_of_a_model(wrap):
    assert logits_of(wrap(MAPS, TOKENS)) is MAPS


@pytest.mark.parametrize("output", [{"a": MAPS, "b": MAPS}, None, (), {"logits": 3}, Data(MAPS, None).__class__])
def test_a_model_without_logits(output):
    with pytest.raises(
        ModelError, match=r"^model\.name: the model puts out .*; it must put out its logits, as a tensor"
    ):
        logits_of(output)


def test_the_first_dimension_is_the_batch():
    check_batch((7, 3), 7)
    for shape in ((6, 7, 5), ()):
        with pytest.raises(LayerError) as error:
            check_batch(shape, 7)
        assert error.value.problem.startswith(f"puts out {shape} for 7 samples: its first dimension is not the batch")
        assert "batch_first=True" in error.value.problem
