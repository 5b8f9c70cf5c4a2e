"""Layers' outputs of any form as rows."""

import numpy as np
import pytest
import torch

from evolution.errors import LayerError, ModelError
from evolution.models.outputs import Pooling, check_batch, logits_of, output_tensor, sample_rows
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
