"""The state of a training as a checkpoint holds it: copies on the CPU, which can be read where there is no GPU."""

import copy
from collections.abc import Mapping

import torch

from evolution.errors import ModelError, first_line


def copy_state(state: Mapping[str, object]) -> dict[str, object]:
    """A copy of a state dict on the CPU, which training does not change any more.

    Its values are tensors, and what modules return from `get_extra_state`.

    Raises
    ------
    ModelError
        If something in it cannot be copied.
    """
    try:
        return {
            name: value.detach().to("cpu", copy=True) if isinstance(value, torch.Tensor) else copy.deepcopy(value)
            for name, value in state.items()
        }
    except Exception as error:  # What get_extra_state returns may be anything, and have a graph.
        raise ModelError(
            f"a state cannot be copied ({first_line(error)}): get_extra_state may return tensors without a graph "
            "(detach them), numbers, text, and lists and dicts of them",
            "model.name",
        ) from error
