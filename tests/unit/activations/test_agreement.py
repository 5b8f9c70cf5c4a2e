"""Predictions of a snapshot against what the training counted."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, r2_score

from evolution.activations.agreement import check_agreement, check_outputs
from evolution.data.targets import Targets
from evolution.errors import ModelError

# Of three images of class 0 two are right, of two of class 1 one, and of one of class 2 none.
LABELS = np.array([0, 0, 0, 1, 1, 2])
LOGITS = np.array([[3, 0, 0], [2, 0, 1], [0, 4, 0], [0, 5, 0], [6, 0, 0], [0, 2, 1]], np.float32)


def test_equal_counts():
    check_agreement(LOGITS, LABELS, class_accuracy=[2 / 3, 1 / 2, 0], when="epoch 3", device="cuda")
    check_agreement(LOGITS, LABELS, class_accuracy=[2 / 3, 1 / 2, 0, math.nan], when="epoch 3", device="cuda")
    check_agreement(LOGITS, LABELS, class_accuracy=[2 / 3, 1 / 2, 0, None], when="epoch 3", device="cuda")


@pytest.mark.parametrize("accuracy", [[1, 1 / 2, 0], [2 / 3, 0, 0], [1 / 3, 1 / 2, 1]])
def test_one_image_more_or_less(accuracy):
    counted = round(np.dot(accuracy, [3, 2, 1]))
    with pytest.raises(
        ModelError, match=rf"epoch 3 is not .* predicts 3 of 6 .* right, and the training counted {counted}"
    ):
        check_agreement(LOGITS, LABELS, class_accuracy=accuracy, when="epoch 3", device="cuda")


def test_the_same_accuracy_in_other_classes():
    with pytest.raises(ModelError, match=r"predicts 3 of 6 .* counted 3"):
        check_agreement(LOGITS, LABELS, class_accuracy=[1 / 3, 1, 0], when="epoch 3", device="cuda")


def test_an_image_between_two_classes_may_be_either_on_another_device():
    """One image of class 0 is right by a thousandth: another device may round it to the other side."""
    close = LOGITS.copy()
    close[0] = [3, 2.999, 0]
    for accuracy in (2 / 3, 1 / 3):
        check_agreement(close, LABELS, class_accuracy=[accuracy, 1 / 2, 0], when="epoch 3", device="cuda")
    with pytest.raises(ModelError):
        check_agreement(close, LABELS, class_accuracy=[0, 1 / 2, 0], when="epoch 3", device="cuda")
    with pytest.raises(ModelError):
        check_agreement(close, LABELS, class_accuracy=[2 / 3, 1, 0], when="epoch 3", device="cuda")


def test_on_the_same_device_only_rounding_counts():
    close = LOGITS.copy()
    close[0] = [3, 2.999, 0]
    check_agreement(close, LABELS, class_accuracy=[2 / 3, 1 / 2, 0], when="epoch 3", device="cpu")
    with pytest.raises(ModelError):
        check_agreement(close, LABELS, class_accuracy=[1 / 3, 1 / 2, 0], when="epoch 3", device="cpu")
    close[0] = [3, np.nextafter(np.float32(3), np.float32(0)), 0]
    check_agreement(close, LABELS, class_accuracy=[1 / 3, 1 / 2, 0], when="epoch 3", device="cpu")


def number(seed=0, count=30):
    random = np.random.default_rng(seed)
    ages = random.normal(50, 20, count)
    targets = Targets(kind="table", target="number", values=ages, names=(), count=count, scale=(50.0, 20.0))
    return targets, ((ages - 50) / 20 + random.normal(0, 0.5, count)).astype(np.float32)[:, None]


def labels(seed=0, count=30):
    random = np.random.default_rng(seed)
    held = random.random((count, 3)) < 0.4
    held[:, 2] = False
    targets = Targets(kind="table", target="labels", values=held, names=("a", "b", "c"), count=count)
    return targets, (2.0 * held + random.normal(0, 2, held.shape)).astype(np.float32)


def scores(targets, outputs):
    if targets.target == "number":
        return [r2_score(targets.values, 50 + 20 * outputs[:, 0])]
    return [average_precision_score(targets.values[:, label], outputs[:, label]) for label in (0, 1)] + [None]


@pytest.mark.parametrize("make", [number, labels])
@pytest.mark.parametrize(("device", "moved"), [("cpu", 0), ("cpu", 5e-5), ("cuda", 1e-2)])
@pytest.mark.parametrize("seed", range(5))
def test_the_scores_of_a_network_that_rounds_otherwise(make, device, moved, seed):
    targets, outputs = make(seed)
    noise = np.random.default_rng(seed).uniform(-moved, moved, outputs.shape) * np.abs(outputs).max()
    check_outputs(outputs, targets, scores=scores(targets, outputs + noise), when="epoch 3", device=device)


@pytest.mark.parametrize(("make", "what"), [(number, "R²"), (labels, "average precision")])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_scores_of_another_network(make, what, device):
    targets, outputs = make()
    others = outputs[::-1]
    expected = scores(targets, others)
    said = np.mean([score for score in expected if score is not None])
    with pytest.raises(ModelError, match=rf"epoch 3 is not .*: its {what} on .*, and the training found {said:.6f}\."):
        check_outputs(outputs, targets, scores=expected, when="epoch 3", device=device)


def test_a_score_that_is_not_known():
    targets, outputs = number()
    with pytest.raises(ModelError):
        check_outputs(outputs, targets, scores=[None], when="epoch 3", device="cpu")
    outputs[4] = np.nan
    check_outputs(outputs, targets, scores=[float("nan")], when="epoch 3", device="cpu")


@pytest.mark.parametrize("value", np.random.default_rng(0).normal(50, 20, 5))
def test_equal_numbers_have_no_score(value):
    """Such as those of a few evaluation samples, drawn from many zeros."""
    _, outputs = number(count=10)
    targets = Targets("table", "number", np.full(10, value), (), count=10, scale=(50.0, 20.0))
    check_outputs(outputs, targets, scores=[math.nan], when="epoch 3", device="cpu")


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_outputs_that_are_not_finite_are_those_of_their_label_alone(odd):
    targets, outputs = labels()
    expected = scores(targets, outputs)
    outputs[4, 1] = odd
    check_outputs(outputs, targets, scores=[expected[0], math.nan, None], when="epoch 3", device="cpu")
    with pytest.raises(ModelError):
        check_outputs(outputs, targets, scores=[expected[0] / 2, math.nan, None], when="epoch 3", device="cpu")


def test_classes_are_counted():
    targets = Targets(kind="images", target="classes", values=LABELS, names=("a", "b", "c"), count=6)
    check_outputs(LOGITS, targets, scores=[2 / 3, 1 / 2, 0], when="epoch 3", device="cpu")
    with pytest.raises(ModelError, match="predicts 3 of 6"):
        check_outputs(LOGITS, targets, scores=[1, 1 / 2, 0], when="epoch 3", device="cpu")
