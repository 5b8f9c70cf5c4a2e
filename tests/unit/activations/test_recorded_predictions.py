"""Predictions of recordings, of each kind of target."""

import math

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, log_loss, r2_score

from evolution.activations.predictions import UNKNOWN
from evolution.activations.recorded_predictions import evaluate_recorded
from evolution.data.targets import Targets
from evolution.errors import UserError

COUNT, PATH = 25, "rec/3/predictions.npy"
RANDOM = np.random.default_rng(0)
AGES = RANDOM.normal(50, 20, COUNT)
HELD = RANDOM.random((COUNT, 3)) < 0.5
CLASSES = np.arange(COUNT) % 3
NAMES = ("a", "b", "c")


def targets(target):
    values = {"classes": CLASSES, "number": AGES, "labels": HELD, "none": None}[target]
    return Targets(kind="table", target=target, values=values, names=() if target == "number" else NAMES, count=COUNT)


def evaluated(given, target):
    return evaluate_recorded(given, targets(target), path=PATH)


@pytest.mark.parametrize("shape", [(COUNT,), (COUNT, 1)])
def test_a_number(shape):
    given = (AGES + RANDOM.normal(0, 5, COUNT)).astype(np.float32)
    found, outputs = evaluated(given.reshape(shape), "number")
    assert outputs is None and np.isnan(found.confidence).all()
    np.testing.assert_array_equal(found.predicted, given)
    assert found.measures["eval_r2"] == pytest.approx(r2_score(AGES, given))
    assert found.measures["eval_loss"] == pytest.approx(((AGES - given) ** 2).mean())


def test_whole_numbers_are_numbers_too():
    given = np.rint(AGES).astype(np.int64)
    found, _ = evaluated(given, "number")
    assert found.measures["eval_r2"] == pytest.approx(r2_score(AGES, given))


@pytest.mark.parametrize("as_logits", [True, False])
def test_labels_as_logits_and_as_probabilities(as_logits):
    shares = expit(RANDOM.normal(size=(COUNT, 3)) + HELD).astype(np.float32)
    found, outputs = evaluated(logit(shares) if as_logits else shares, "labels")
    assert (outputs is not None) is as_logits
    np.testing.assert_allclose(found.predicted, shares, atol=1e-6)
    assert found.measures["eval_loss"] == pytest.approx(log_loss(HELD.ravel(), shares.ravel().astype(float)), rel=1e-5)
    assert found.measures["eval_average_precision"] == pytest.approx(average_precision_score(HELD, shares))


def test_outputs_of_samples_without_labels():
    given = RANDOM.normal(size=(COUNT, 3)).astype(np.float32)
    found, outputs = evaluated(given, "none")
    assert found.predicted.tolist() == given.argmax(1).tolist() and outputs is given and found.measures == {}
    found, _ = evaluated(CLASSES, "none")
    assert found.predicted.tolist() == CLASSES.tolist() and found.measures == {}
    unnamed = Targets(kind="table", target="none", values=None, names=(), count=COUNT)
    found, _ = evaluate_recorded(CLASSES, unnamed, path=PATH)
    assert (found.predicted == UNKNOWN).all()


@pytest.mark.parametrize(
    ("target", "dtype", "measures"),
    [
        ("classes", "i", {"eval_accuracy", "class_accuracy"}),
        ("number", "f", {"eval_r2"}),
        ("labels", "f", {"eval_average_precision", "class_average_precision"}),
        ("none", "i", set()),
    ],
)
def test_a_time_without_predictions(target, dtype, measures):
    found, outputs = evaluate_recorded(None, targets(target), path=None)
    assert outputs is None and np.isnan(found.confidence).all() and set(found.measures) == measures
    assert found.predicted.dtype.kind == dtype and len(found.predicted) == COUNT
    assert np.isnan(found.predicted).all() if dtype == "f" else (found.predicted == UNKNOWN).all()
    assert all(np.isnan(value).all() for value in found.measures.values())


@pytest.mark.parametrize(
    ("given", "target", "said"),
    [
        (np.zeros((COUNT, 2), np.float32), "number", r"predictions\.npy has 2 numbers for each sample, and the labels"),
        (np.zeros((COUNT, 2), np.float32), "labels", r"is \(25, 2\), and there are 3 labels; give a probability or"),
        (np.zeros(COUNT, np.float32), "classes", r"is float32 \(25,\); give the model's outputs, floats \(N, K\)"),
        (CLASSES + 1, "classes", r"has classes from 1 to 3, and there are 3 classes; count them from 0"),
    ],
)
def test_predictions_of_another_target(given, target, said):
    with pytest.raises(UserError, match=said):
        evaluated(given, target)


def test_a_probability_of_one_has_a_finite_loss():
    found, _ = evaluated(HELD.astype(np.float32), "labels")
    assert math.isfinite(found.measures["eval_loss"]) and found.measures["eval_average_precision"] == 1


def test_zeros_are_the_logits_of_a_head_that_starts_at_zero():
    found, outputs = evaluated(np.zeros((COUNT, 3), np.float32), "labels")
    assert outputs is not None and (found.predicted == 0.5).all()
    assert found.measures["eval_loss"] == pytest.approx(math.log(2))
