"""Rows of outputs are those of the workflow."""

from dataclasses import dataclass

import pytest
import torch

from activation_recorder import outputs as mine
from activation_recorder.planning import pooled_width
from evolution.errors import LayerError
from evolution.models import outputs as theirs

TENSOR = torch.randn(4, 3)


@dataclass
class Named:
    last_hidden_state: torch.Tensor
    pooler_output: torch.Tensor | None = None


OUTPUTS = {
    "tensor": TENSOR,
    "tuple": (TENSOR, TENSOR + 1),
    "list that begins with another thing": [None, TENSOR],
    "dict": {"out": TENSOR},
    "hidden state": {"last_hidden_state": TENSOR, "pooler_output": TENSOR + 1},
    "dataclass": Named(TENSOR),
    "two by name": {"one": TENSOR, "two": TENSOR},
    "none": None,
    "integers": TENSOR.long(),
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_the_tensor_of_an_output(output):
    try:
        expected, _ = theirs.output_tensor(output)
    except LayerError as error:
        with pytest.raises(mine.LayerFault) as fault:
            mine.output_tensor(output)
        assert str(fault.value) == error.problem
    else:
        assert mine.output_tensor(output) is expected


@pytest.mark.parametrize("maps", ["flatten", "mean"])
@pytest.mark.parametrize("tokens", ["flatten", "mean", "last", "cls", 1])
@pytest.mark.parametrize("shape", [(5,), (5, 7), (5, 7, 3), (5, 7, 3, 2), (5, 7, 3, 2, 2)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows(shape, maps, tokens, dtype):
    tensor = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    rows = mine.sample_rows(tensor, mine.Pooling(maps, tokens))
    assert torch.equal(rows, theirs.sample_rows(tensor, theirs.Pooling(maps, tokens)))
    assert rows.shape == (5, pooled_width(shape[1:], mine.Pooling(maps, tokens))) and rows.dtype == torch.float32


@pytest.mark.parametrize("tokens", ["flatten", "mean", "last", "cls", 1])
def test_padding_does_not_count(tokens):
    tensor = torch.randn((3, 4, 2), generator=torch.Generator().manual_seed(0))
    tensor[0, 2:] = torch.nan
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]], dtype=torch.bool)
    rows = mine.sample_rows(tensor, mine.Pooling(tokens=tokens), mask=mask)
    expected = theirs.sample_rows(tensor, theirs.Pooling(tokens=tokens), mask=mask)
    assert torch.equal(rows.nan_to_num(), expected.nan_to_num())
    if tokens == "mean":
        assert torch.allclose(rows, torch.stack([tensor[0, :2].mean(0), tensor[1].mean(0), tensor[2, 2:].mean(0)]))
    if tokens == "last":
        assert torch.equal(rows, torch.stack([tensor[0, 1], tensor[1, 3], tensor[2, 3]]))
    # Of a layer with another number of rows nobody knows which are padding.
    assert torch.equal(
        mine.sample_rows(tensor[1:, :3], mine.Pooling(tokens=tokens), mask=mask[1:]),
        mine.sample_rows(tensor[1:, :3], mine.Pooling(tokens=tokens)),
    )


def test_a_position_that_a_layer_lacks():
    with pytest.raises(mine.LayerFault, match="has no token at position 4: it puts out 4 tokens"):
        mine.sample_rows(torch.zeros(3, 4, 2), mine.Pooling.of({"tokens": 4}))


def test_logits():
    assert mine.logits_of({"loss": TENSOR.sum(), "logits": TENSOR}) is TENSOR
    assert mine.logits_of((TENSOR, None)) is TENSOR
    assert mine.logits_of(torch.zeros(4, 3, 2)) is None
    assert mine.logits_of("nothing") is None


def test_the_batch_comes_first():
    with pytest.raises(mine.LayerFault, match=r"puts out \(7, 4\) for 4 samples"):
        mine.check_batch((7, 4), 4)
