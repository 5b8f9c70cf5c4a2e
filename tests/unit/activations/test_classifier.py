"""The classifier's vectors and weights as rows."""

import logging

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from evolution.activations.classifier import classifier_rows, gives_outputs, no_classifier_rows
from evolution.models.hooks import Classifier


@pytest.fixture
def classifier():
    random = np.random.default_rng(0)
    inputs, weight, bias = (random.normal(size=shape).astype(np.float32) for shape in ((10, 60), (3, 60), 3))
    return Classifier(inputs, weight, bias)


@pytest.fixture
def logits(classifier):
    return classifier.inputs @ classifier.weight.T + classifier.bias


def test_vectors_come_first_and_weights_after_them(classifier, logits):
    rows = classifier_rows(classifier, outputs=logits, classes=3, compacted=False)
    np.testing.assert_array_equal(rows, np.vstack([classifier.inputs, classifier.weight]))
    assert rows.dtype == np.float32


def test_both_are_compacted_together(classifier, logits):
    rows = classifier_rows(classifier, outputs=logits, classes=3, compacted=True)
    exact = np.vstack([classifier.inputs, classifier.weight]).astype(np.float64)
    assert rows.shape == (13, 13)
    np.testing.assert_allclose(rows @ rows.T, exact @ exact.T, atol=1e-4)


def test_what_is_not_finite_stays_as_it_is(classifier, logits):
    logits[3] = np.nan
    classifier.inputs[3, 5] = np.nan
    rows = classifier_rows(classifier, outputs=logits, classes=3, compacted=True)
    np.testing.assert_array_equal(rows, np.vstack([classifier.inputs, classifier.weight]))


@pytest.mark.parametrize("compacted", [True, False])
def test_a_model_without_a_classifier(caplog, compacted):
    caplog.set_level(logging.INFO, logger="evolution")
    rows = classifier_rows(None, outputs=np.zeros((10, 3), np.float32), classes=3, compacted=compacted)
    assert rows.shape == (13, 1) and rows.dtype == np.float32 and np.isnan(rows).all()
    assert caplog.messages == ["No linear layer that the model ends in is known: its classifier is NaN"]


@pytest.mark.parametrize(
    "end",
    [
        lambda x: x,
        lambda x: x + np.arange(10)[:, None],
        lambda x: x / 0.07,
        lambda x: log_softmax(x, axis=1),
        lambda x: softmax(x / 10, axis=1),
        # So sure that the others round to 0.
        lambda x: softmax(np.float32(x * 1), axis=1).round(7),
        lambda x: torch.from_numpy(x).bfloat16().float().numpy(),
    ],
)
def test_outputs_that_are_the_classifiers(classifier, logits, end):
    assert gives_outputs(classifier, end(logits).astype(np.float32))


@pytest.mark.parametrize(
    "end",
    [
        lambda x: -x,
        lambda x: x[::-1],
        lambda x: x[:, ::-1],
        lambda x: np.maximum(x, 0),
        lambda x: x + np.array([0, 0, 9]),
        lambda x: np.zeros_like(x),
        lambda x: x + 3 * np.random.default_rng(1).normal(size=x.shape),
    ],
)
def test_outputs_that_are_not(classifier, logits, end):
    assert not gives_outputs(classifier, end(logits).astype(np.float32))


def test_a_classifier_that_is_only_a_part_of_the_outputs(classifier, logits, caplog):
    """Such as one of two heads whose mean is put out."""
    caplog.set_level(logging.INFO, logger="evolution")
    other = np.random.default_rng(1).normal(size=logits.shape).astype(np.float32)
    rows = classifier_rows(classifier, outputs=(logits + other) / 2, classes=3, compacted=False)
    assert rows.shape == (13, 1) and np.isnan(rows).all()
    assert "not those of the linear layer that runs last, such as a mean of two heads" in caplog.text


def test_a_classifier_that_begins_with_zeros(classifier):
    classifier.weight[:], classifier.bias[:] = 0, 0
    assert gives_outputs(classifier, np.zeros((10, 3), np.float32))
    assert not gives_outputs(classifier, np.eye(10, 3, dtype=np.float32))


def test_where_there_are_no_classes():
    rows = no_classifier_rows(10, 0)
    assert rows.shape == (10, 1) and rows.dtype == np.float32 and np.isnan(rows).all()
