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
@pytest.mark.parametrize("tokens", ["flatten", "mean", "cls"])
@pytest.mark.parametrize("shape", [(5,), (5, 7), (5, 7, 3), (5, 7, 3, 2), (5, 7, 3, 2, 2)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows(shape, maps, tokens, dtype):
    tensor = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    rows = mine.sample_rows(tensor, mine.Pooling(maps, tokens))
    assert torch.equal(rows, theirs.sample_rows(tensor, theirs.Pooling(maps, tokens)))
    assert rows.shape == (5, pooled_width(shape[1:], mine.Pooling(maps, tokens))) and rows.dtype == torch.float32


def test_logits():
    assert mine.logits_of({"loss": TENSOR.sum(), "logits": TENSOR}) is TENSOR
    assert mine.logits_of((TENSOR, None)) is TENSOR
    assert mine.logits_of(torch.zeros(4, 3, 2)) is None
    assert mine.logits_of("nothing") is None


def test_the_batch_comes_first():
    with pytest.raises(mine.LayerFault, match=r"puts out \(7, 4\) for 4 samples"):
        mine.check_batch((7, 4), 4)
