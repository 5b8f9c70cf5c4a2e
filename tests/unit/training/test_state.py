"""A copy of a state dict, which training does not change any more."""

import pytest
import torch
from torch import nn

from evolution.training.state import copy_state


class Counting(nn.Module):
    """Keeps something in its extra state, and a buffer."""

    def __init__(self):
        super().__init__()
        self.linear, self.seen = nn.Linear(2, 2), {"steps": [1]}
        self.register_buffer("steps", torch.tensor(1))

    def get_extra_state(self):
        return self.seen

    def set_extra_state(self, state):
        self.seen = state


def test_what_happens_later_does_not_reach_the_copy():
    model = Counting()
    before = model.linear.weight.tolist()
    copied = copy_state(model.state_dict())
    assert list(copied) == list(model.state_dict())
    with torch.no_grad():
        model.linear.weight += 1
        model.steps += 1
    model.seen["steps"].append(2)
    assert copied["linear.weight"].tolist() == before
    assert copied["steps"] == 1 and copied["_extra_state"] == {"steps": [1]}


def test_the_copy_holds_no_gradients_and_no_memory_of_the_network():
    weight = nn.Parameter(torch.ones(2))
    (copied,) = copy_state({"w": weight}).values()
    assert type(copied) is torch.Tensor and not copied.requires_grad
    assert copied.data_ptr() != weight.data_ptr()


def test_the_layout_in_memory_stays():
    """What goes on from it computes in the same order."""
    weight = torch.rand(3, 2, 4, 4).to(memory_format=torch.channels_last)
    copied = copy_state({"w": weight})["w"]
    assert copied.stride() == weight.stride() and torch.equal(copied, weight)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use")
def test_it_lies_on_the_cpu():
    assert copy_state({"w": torch.ones(2, device="cuda")})["w"].device.type == "cpu"
