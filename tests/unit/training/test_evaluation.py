"""Predictions and accuracies of a network in evaluation mode, against counts by hand."""

import math

import pytest
import torch
from sklearn.metrics import average_precision_score, r2_score
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


def put_out_by(model, count=40):
    torch.manual_seed(1)
    images = torch.randn(count, 6)
    with torch.no_grad():
        return images, model(images).double().numpy()


def test_r2_of_a_number():
    torch.manual_seed(0)
    model = nn.Linear(6, 1)
    images, outputs = put_out_by(model)
    values = torch.randn(40)
    train, evaluation = Samples(images[:25], values[:25]), Samples(images[25:], values[25:])
    found = evaluate(model=model, train=train, evaluation=evaluation, classes=1, target="number")
    expected = [r2_score(values[part], outputs[part, 0]) for part in (slice(25), slice(25, None))]
    assert found == {"train_r2": pytest.approx(expected[0]), "eval_r2": pytest.approx(expected[1])}


def test_average_precision_of_labels():
    torch.manual_seed(0)
    model = nn.Linear(6, 3)
    images, outputs = put_out_by(model)
    held = torch.rand(40, 3) < 0.4
    held[25:, 2] = False
    train, evaluation = (Samples(images[part], held[part].float()) for part in (slice(25), slice(25, None)))
    found = evaluate(model=model, train=train, evaluation=evaluation, classes=3, target="labels")
    by_label = [average_precision_score(held[25:, label], outputs[25:, label]) for label in (0, 1)]
    assert found["class_average_precision"][:2] == pytest.approx(by_label)
    assert math.isnan(found["class_average_precision"][2])
    assert found["eval_average_precision"] == pytest.approx(sum(by_label) / 2)
    assert found["train_average_precision"] == pytest.approx(average_precision_score(held[:25], outputs[:25]))


def test_samples_without_labels_have_no_score():
    part = samples([0, 1], [-1, -1])
    assert evaluate(model=Copying(), train=part, evaluation=part, classes=None, target="none") == {}
