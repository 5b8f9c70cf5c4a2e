"""The moving average of a network's weights against its closed form and torch's own."""

import copy

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from evolution.training.average import AveragedWeights
from support.same_bits import assert_same_bits

pytestmark = pytest.mark.usefixtures("one_thread")

DECAY = 0.75
STATISTICS = ("weight", "bias", "running_mean", "running_var")


class Counting(nn.Module):
    """A network with all that a state dict may hold: parameters, buffers of both kinds, and an extra state."""

    def __init__(self):
        super().__init__()
        self.linear, self.norm, self.seen = nn.Linear(3, 2), nn.BatchNorm1d(2), {"images": 0, "losses": []}
        self.register_buffer("coarse", torch.zeros(2, dtype=torch.float16))
        self.register_buffer("mask", torch.tensor([True, False]))

    def get_extra_state(self):
        return self.seen

    def set_extra_state(self, state):
        self.seen = state

    def forward(self, images):
        return self.norm(self.linear(images))


def changed(model, number):
    """The network after one more step, all of its state moved."""
    generator = torch.Generator().manual_seed(number)
    for name, value in model.state_dict().items():
        if name == "_extra_state":
            model.seen["images"] += 10
            model.seen["losses"].append(number)
        elif value.is_floating_point():
            value.copy_(torch.randn(value.shape, generator=generator))
        else:
            value.copy_(~value if value.dtype == torch.bool else value + 1)
    return model


@pytest.fixture
def model():
    torch.manual_seed(3)
    return Counting()


def test_the_closed_form(model):
    """After n steps: d^(n-1) of the first step's network, and (1 - d) d^(n-k) of the k-th."""
    average = AveragedWeights(model, DECAY)
    assert_same_bits(average.model.state_dict(), model.state_dict())
    seen = []
    for number in range(1, 6):
        average.update(changed(model, number))
        seen.append(copy.deepcopy(model.state_dict()))
    for name, value in average.model.state_dict().items():
        if name == "_extra_state" or not value.is_floating_point():
            continue
        expected = DECAY**4 * seen[0][name].double()
        for step, weights in enumerate(seen[1:], start=2):
            expected += (1 - DECAY) * DECAY ** (5 - step) * weights[name].double()
        # Half precision has three digits.
        tolerance = 2e-3 if value.dtype == torch.float16 else 1e-6
        torch.testing.assert_close(value.double(), expected, rtol=tolerance, atol=tolerance)


def test_real_numbers_are_averaged_as_torch_does(model):
    average, theirs = (
        AveragedWeights(model, 0.9),
        AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True),
    )
    for number in range(4):
        changed(model, number)
        average.update(model), theirs.update_parameters(model)
        found, expected = average.model.state_dict(), theirs.module.state_dict()
        names = [name for name, value in found.items() if name != "_extra_state" and value.is_floating_point()]
        assert set(names) == {"linear.weight", "linear.bias", "coarse", *(f"norm.{part}" for part in STATISTICS)}
        assert_same_bits({name: found[name] for name in names}, {name: expected[name] for name in names})


def test_what_cannot_be_averaged_is_copied(model):
    average = AveragedWeights(model, DECAY)
    for number in range(1, 4):
        average.update(changed(model, number))
        found = average.model.state_dict()
        assert found["norm.num_batches_tracked"] == number
        assert found["mask"].tolist() == [number % 2 == 0, number % 2 == 1]
        assert found["_extra_state"] == {"images": 10 * number, "losses": list(range(1, number + 1))}
    # It has a copy of its own, which the network does not change.
    changed(model, 9)
    assert average.model.seen == {"images": 30, "losses": [1, 2, 3]}


def test_the_first_step_replaces_the_initial_network(model):
    average = AveragedWeights(model, 0.999)
    average.update(changed(model, 1))
    assert_same_bits(average.model.state_dict(), model.state_dict())


def test_going_on_from_a_state(model):
    uncut, first = AveragedWeights(model, DECAY), AveragedWeights(model, DECAY)
    for number in (1, 2):
        changed(model, number)
        uncut.update(model), first.update(model)
    second = AveragedWeights(Counting(), DECAY)
    second.restore(copy.deepcopy(first.state()))
    for number in (3, 4):
        changed(model, number)
        uncut.update(model), second.update(model)
    assert_same_bits(second.state(), uncut.state())


def test_the_average_evaluates_as_its_weights_say_and_leaves_the_network_alone(model):
    average = AveragedWeights(model, DECAY)
    for number in (1, 2):
        average.update(changed(model, number))
    before = copy.deepcopy(model.state_dict())
    images = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    weights = average.model.state_dict()
    outputs = average.model.train()(images)
    hidden = images @ weights["linear.weight"].T + weights["linear.bias"]
    scaled = (hidden - hidden.mean(0)) / torch.sqrt(hidden.var(0, unbiased=False) + 1e-5)
    torch.testing.assert_close(outputs, scaled * weights["norm.weight"] + weights["norm.bias"], rtol=1e-4, atol=1e-5)
    assert_same_bits(model.state_dict(), before)
