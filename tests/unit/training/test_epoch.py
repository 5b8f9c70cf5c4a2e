"""One pass over the training images: which of them pass, what is drawn, and going on between two steps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from evolution.training.epoch import Epoch
from evolution.training.epoch_length import steps_an_epoch
from evolution.training.evaluation import Samples
from evolution.training.learner import Learner, Task
from support.tiny_training import SETTINGS

pytestmark = pytest.mark.usefixtures("one_thread")


class Recorder(nn.Module):
    """A linear model that remembers the images of each training step."""

    def __init__(self):
        super().__init__()
        self.linear, self.seen = nn.Linear(1, 3), []

    def forward(self, images):
        assert self.training
        self.seen.append(images.flatten().tolist())
        return self.linear(images)


def learner_of(model, labels, **changes):
    """A learner that leaves the model's weights as they are."""
    task = Task(
        shape=(1,),
        classes=3,
        labels=labels.numpy(),
        mean=np.zeros(1, np.float32),
        std=np.ones(1, np.float32),
        steps=None,
        device=torch.device("cpu"),
    )
    still = {"optimizer": "sgd", "learning_rate": 0.0, "weight_decay": 0.0}
    return Learner(model, replace(SETTINGS, **still, **changes), task)


@pytest.mark.parametrize(
    ("batch_size", "accumulate", "steps"),
    [
        (None, 1, [[20]]),
        (20, 1, [[20]]),
        (100, 1, [[20]]),
        (100, 3, [[20]]),
        (8, 1, [[8], [8], [4]]),
        (19, 1, [[19], [1]]),
        (1, 1, [[1]] * 20),
        (8, 2, [[8, 8], [4]]),
        (3, 2, [[3, 3], [3, 3], [3, 3], [2]]),
        (7, 5, [[7, 7, 6]]),
    ],
)
def test_an_epoch_shows_every_image_once(batch_size, accumulate, steps):
    images, labels = torch.arange(20.0)[:, None], torch.arange(20) % 3
    orders = {}
    for number, seed in ((1, 0), (2, 0), (1, 1), (1, 0)):
        model = Recorder().eval()
        learner = learner_of(model, labels, batch_size=batch_size, accumulate=accumulate, seed=seed)
        epoch = Epoch(number, learner, Samples(images, labels))
        assert epoch.length == len(steps) == steps_an_epoch(20, batch_size=batch_size, accumulate=accumulate)
        for step, sizes in enumerate(steps, start=1):
            assert not epoch.is_over
            before = len(model.seen)
            epoch.step()
            assert [len(batch) for batch in model.seen[before:]] == sizes and epoch.done == step
            # The mean loss is that of the images so far.
            so_far = torch.tensor([image for batch in model.seen for image in batch])
            expected = functional.cross_entropy(model.linear(so_far[:, None]), so_far.long() % 3)
            assert epoch.mean_loss() == pytest.approx(expected.item(), rel=1e-5)
        assert epoch.is_over
        order = [image for batch in model.seen for image in batch]
        assert sorted(order) == list(range(20))
        assert orders.setdefault((number, seed), order) == order, "the same epoch and seed, the same order"
    is_shuffled = batch_size is not None and batch_size < 20
    assert len(set(map(tuple, orders.values()))) == (3 if is_shuffled else 1)


class Dropping(Recorder):
    def forward(self, images):
        return self.linear(super().forward(functional.dropout(images, 0.5))[:, :1])


def dropping(number, seed, batch_size=None):
    """An epoch of a network with dropout, on images that are all 1, and what its steps see."""
    model, labels = Dropping(), torch.zeros(50).long()
    learner = learner_of(model, labels, batch_size=batch_size, seed=seed)
    return Epoch(number, learner, Samples(torch.ones(50, 1), labels)), model.seen


def test_each_epoch_has_its_own_draws_of_dropout():
    drawn = {}
    for number, seed in ((1, 0), (2, 0), (1, 1), (1, 0)):
        torch.rand(3)
        epoch, seen = dropping(number, seed)
        epoch.step()
        assert drawn.setdefault((number, seed), seen) == seen
    assert len({str(seen) for seen in drawn.values()}) == 3


def test_an_epoch_that_is_taken_up_again_draws_on():
    whole, whole_seen = dropping(3, 0, batch_size=10)
    for _ in range(5):
        whole.step()
    assert len({str(batch) for batch in whole_seen}) == 5, "each step has its own draws"
    first, first_seen = dropping(3, 0, batch_size=10)
    first.step()
    first.step()
    state = first.state()
    torch.rand(3)
    model, labels = Dropping(), torch.zeros(50).long()
    learner = learner_of(model, labels, batch_size=10, seed=0)
    second = Epoch(3, learner, Samples(torch.ones(50, 1), labels), began=state)
    assert second.done == 2 and second.mean_loss() == first.mean_loss()
    while not second.is_over:
        second.step()
    assert first_seen + model.seen == whole_seen
