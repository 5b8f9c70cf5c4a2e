"""Loss and accuracies from logits."""

import math

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import average_precision_score, r2_score

from evolution.activations.evaluation import evaluate_logits, evaluate_outputs
from evolution.activations.predictions import UNKNOWN
from evolution.data.targets import Targets


def test_by_hand():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], np.float32))
    found = evaluate_logits(logits, np.array([0, 1, 1]))
    assert math.isclose(found["eval_loss"], -(math.log(0.5) + math.log(0.7) + math.log(0.3)) / 3, rel_tol=1e-6)
    assert found["eval_accuracy"] == 2 / 3
    assert found["class_accuracy"][:2] == [1, 0.5] and math.isnan(found["class_accuracy"][2])


def targets(target, values, names=(), scale=(0.0, 1.0), count=20):
    return Targets(kind="table", target=target, values=values, names=names, count=count, scale=scale)


def test_a_number_in_its_own_units():
    random = np.random.default_rng(0)
    ages, outputs = random.normal(50, 20, 20), random.normal(size=(20, 1)).astype(np.float32)
    found = evaluate_outputs(outputs, targets("number", ages, scale=(48.0, 19.0)))
    np.testing.assert_allclose(found.predicted, 48 + 19 * outputs[:, 0].astype(float), rtol=1e-12)
    assert np.isnan(found.confidence).all()
    assert found.measures["eval_loss"] == pytest.approx((((ages - 48) / 19 - outputs[:, 0]) ** 2).mean())
    assert found.measures["eval_r2"] == pytest.approx(r2_score(ages, found.predicted))
    assert set(found.measures) == {"eval_loss", "eval_r2"}


def test_labels():
    random = np.random.default_rng(1)
    held, outputs = random.random((20, 3)) < 0.4, 3 * random.normal(size=(20, 3)).astype(np.float32)
    held[:, 2] = False
    found = evaluate_outputs(outputs, targets("labels", held, names=("a", "b", "c")))
    np.testing.assert_allclose(found.predicted, expit(outputs.astype(float)), rtol=1e-6)
    assert found.predicted.dtype == np.float32 and np.isnan(found.confidence).all()
    shares = expit(outputs.astype(float))
    loss = -np.where(held, np.log(shares), np.log(1 - shares)).mean()
    assert found.measures["eval_loss"] == pytest.approx(loss)
    by_label = [average_precision_score(held[:, label], outputs[:, label]) for label in (0, 1)]
    assert found.measures["eval_average_precision"] == pytest.approx(np.mean(by_label))
    assert found.measures["class_average_precision"][:2] == pytest.approx(by_label)
    assert math.isnan(found.measures["class_average_precision"][2])


def test_classes_are_as_ever():
    random = np.random.default_rng(2)
    labels, outputs = random.integers(0, 3, 20), random.normal(size=(20, 3)).astype(np.float32)
    found = evaluate_outputs(outputs, targets("classes", labels, names=("a", "b", "c")))
    assert found.predicted.tolist() == outputs.argmax(1).tolist()
    np.testing.assert_allclose(found.confidence, softmax(outputs, axis=1).max(1), rtol=1e-6)
    assert found.measures == evaluate_logits(outputs, labels)


def test_samples_without_labels():
    outputs = np.random.default_rng(3).normal(size=(20, 3)).astype(np.float32)
    found = evaluate_outputs(outputs, targets("none", None, names=("a", "b", "c")))
    assert found.predicted.tolist() == outputs.argmax(1).tolist() and found.measures == {}
    np.testing.assert_allclose(found.confidence, softmax(outputs, axis=1).max(1), rtol=1e-6)
    for names in ((), ("a", "b")):
        unknown = evaluate_outputs(outputs, targets("none", None, names=names))
        assert (unknown.predicted == UNKNOWN).all() and np.isnan(unknown.confidence).all()
