"""Predictions and accuracies of a network in evaluation mode, against counts by hand."""

import math

import pytest
import torch
from torch import nn

from evolution.training.evaluation import Samples, evaluate, predict

pytestmark = pytest.mark.usefixtures("one_thread")


def test_predictions_in_chunks():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.9))
    images = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    for chunk in (7, 20, None):
        assert predict(model, images, chunk=chunk).tolist() == model[0](images).argmax(1).tolist()


class Copying(nn.Module):
    """Its logits are its images; in training mode they are those of the next class."""

    def forward(self, images):
        return images.roll(1, dims=1) if self.training else images


def samples(predicted, labels):
    """Images of which `Copying` predicts these classes of three."""
    return Samples(torch.eye(3)[predicted], torch.tensor(labels))


def test_accuracies_by_hand():
    model = Copying().train()
    found = evaluate(
        model=model,
        train=samples([0, 1, 2, 0], [0, 1, 2, 2]),
        evaluation=samples([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]),
        classes=3,
    )
    assert found["train_accuracy"] == 3 / 4 and found["eval_accuracy"] == 3 / 5
    *by_class, without_images = found["class_accuracy"]
    assert by_class == [1 / 2, 2 / 3] and math.isnan(without_images)
    assert not model.training


def test_an_evaluation_changes_no_weights_and_no_statistics():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    part = samples([0, 1, 2], [0, 1, 2])
    evaluate(model=model, train=part, evaluation=part, classes=3)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


class WithFeatures(Copying):
    """Puts out a mapping, as some models do."""

    def forward(self, images):
        return {"logits": images, "features": images * 0}


def test_logits_in_a_mapping():
    assert predict(WithFeatures(), torch.eye(3)[[2, 0]]).tolist() == [2, 0]
