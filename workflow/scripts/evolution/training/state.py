"""The state of a training as a checkpoint holds it: copies on the CPU, which can be read where there is no GPU."""

import copy
from collections.abc import Mapping

import torch


def copy_state(state: Mapping[str, object]) -> dict[str, object]:
    """A copy of a state dict on the CPU, which training does not change any more.

    Its values are tensors, and what modules return from `get_extra_state`.
    """
    return {
        name: value.detach().to("cpu", copy=True) if isinstance(value, torch.Tensor) else copy.deepcopy(value)
        for name, value in state.items()
    }
