"""Passes of a few samples: what modules do, and messages of models that cannot be run."""

import pytest
import torch
from torch import nn

from activation_recorder import RecorderError
from activation_recorder.passes import evaluated, trace
from activation_recorder.samples import Samples
from support.recorded import Net, images

SAMPLES = Samples({"": images(5)[0]})


def test_the_network_is_in_evaluation_mode_and_no_method_of_the_users_is_called():
    class Frozen(Net):
        def train(self, mode=True):
            raise AssertionError

    model = Frozen()
    model.bn.training = False
    modes = []
    with evaluated(
        model, {"bn": model.bn}, lambda *_: modes.extend(module.training for module in model.modules())
    ) as run:
        run(SAMPLES)
    assert len(modes) == 6 and not any(modes)
    assert [module.training for module in model.modules()] == [True, True, False, True, True, True]


def test_a_model_that_cannot_be_run():
    with pytest.raises(
        RecorderError, match=r"cannot be run on the first samples of inputs \(RuntimeError: .* Give inputs"
    ):
        trace(Net(), Samples({"": torch.zeros(5, 7)}))


def test_how_many_logits():
    assert trace(Net(), SAMPLES)[1] == 3
    assert trace(nn.Conv2d(1, 2, 3), SAMPLES)[1] is None


def test_outputs_that_change_with_the_batch_are_faults():
    class Batch(nn.Module):
        def __init__(self):
            super().__init__()
            self.turned, self.grows, self.fine = (nn.Identity() for _ in range(3))
            self.turned.forward = lambda x: x.flatten(1).T
            self.grows.forward = lambda x: x.flatten(1)[:, : len(x)]

        def forward(self, x):
            self.turned(x)
            self.grows(x)
            return self.fine(x).flatten(1)

    faults = {module.name: module.fault for module in trace(Batch(), SAMPLES)[0]}
    assert faults["fine"] is None
    assert faults["turned"].startswith("puts out (36, 2) for 2 samples")
    assert faults["grows"] == "puts out another shape for other batches"
