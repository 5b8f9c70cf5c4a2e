"""What a pass could change is put back."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from activation_recorder.untouched import untouched


class Restless(nn.Module):
    """A module that changes whatever a module can hold when it runs, also in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(2))
        self.register_buffer("replaced", torch.ones(2))
        self.calls, self.history, self.cache, self.kinds = 0, [1], {"a": 1}, {1, 2}
        self.average = torch.ones(3)
        self.hidden = torch.zeros(3)
        self.generator, self.numpy, self.python = torch.Generator(), np.random.default_rng(0), random.Random(0)

    def forward(self, x):
        self.seen += 1
        self.replaced = self.replaced * 2
        self.calls += 1
        self.history.append(x)
        self.cache["b"] = x
        self.kinds.add(3)
        self.average.mul_(0.5)
        self.hidden.data.add_(1)
        self.made = x
        self.training = not self.training
        draws = [torch.rand(1, generator=self.generator), self.numpy.random(), self.python.random()]
        return x + sum(map(float, draws)) + float(torch.rand(1)) + random.random() + float(np.random.rand())


def held(model):
    """All that a module holds, in a form that can be compared."""
    return {
        "buffers": {name: value.tolist() for name, value in model.named_buffers()},
        "names": sorted(model.__dict__),
        "plain": [model.calls, list(model.history), dict(model.cache), set(model.kinds), model.training],
        "tensors": [model.average.tolist(), model.hidden.tolist()],
        "generators": [
            model.generator.get_state().tolist(),
            model.numpy.bit_generator.state,
            model.python.getstate(),
            torch.get_rng_state().tolist(),
            random.getstate(),
            str(np.random.get_state()),
        ],
    }


@pytest.mark.parametrize("fails", [False, True])
def test_whatever_a_module_changes_is_put_back(fails):
    model = Restless()
    before, buffer, dictionary = held(model), model.replaced, model.__dict__
    try:
        with untouched(model):
            model(torch.zeros(1))
            assert held(model) != before
            if fails:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert held(model) == before
    assert model.replaced is buffer and model.__dict__ is dictionary


def test_what_did_not_change_is_not_written():
    """Autograd would refuse a graph that holds a buffer which was written since."""
    model = nn.BatchNorm1d(3).eval()
    x = torch.randn(4, 3, requires_grad=True)
    out = model(x).sum()
    version = model.running_mean._version
    with untouched(model):
        model(x)
    assert model.running_mean._version == version
    out.backward()


def test_modes_of_torch():
    fast = torch.backends.mha.get_fastpath_enabled()
    with torch.autocast("cpu", torch.bfloat16):
        with untouched(nn.Linear(2, 2)):
            assert not torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
            assert not torch.backends.mha.get_fastpath_enabled()
        assert torch.is_grad_enabled() and torch.is_autocast_enabled("cpu")
    assert torch.backends.mha.get_fastpath_enabled() == fast
    with torch.inference_mode():
        with untouched():
            assert not torch.is_inference_mode_enabled()
        assert torch.is_inference_mode_enabled()


def test_hooks_that_the_block_leaves_are_removed():
    model = nn.Linear(2, 2)
    with untouched(model):
        model.register_forward_hook(print)
    assert not model._forward_hooks


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_generator_of_a_gpu():
    model = nn.Linear(2, 2).cuda()
    before = torch.cuda.get_rng_state()
    with untouched(model):
        torch.rand(3, device="cuda")
    assert torch.equal(torch.cuda.get_rng_state(), before)
