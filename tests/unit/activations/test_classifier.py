"""The classifier's vectors and weights as rows."""

import logging

import numpy as np
import pytest

from evolution.activations.classifier import classifier_rows
from evolution.models.hooks import Classifier


@pytest.fixture
def classifier():
    random = np.random.default_rng(0)
    inputs, weight = (random.normal(size=shape).astype(np.float32) for shape in ((10, 60), (3, 60)))
    return Classifier(inputs, weight)


def test_vectors_come_first_and_weights_after_them(classifier):
    rows = classifier_rows(classifier, samples=10, classes=3, compacted=False)
    np.testing.assert_array_equal(rows, np.vstack([classifier.inputs, classifier.weight]))
    assert rows.dtype == np.float32


def test_both_are_compacted_together(classifier):
    rows = classifier_rows(classifier, samples=10, classes=3, compacted=True)
    exact = np.vstack([classifier.inputs, classifier.weight]).astype(np.float64)
    assert rows.shape == (13, 13)
    np.testing.assert_allclose(rows @ rows.T, exact @ exact.T, atol=1e-4)


def test_what_is_not_finite_stays_as_it_is(classifier):
    classifier.inputs[3, 5] = np.nan
    rows = classifier_rows(classifier, samples=10, classes=3, compacted=True)
    np.testing.assert_array_equal(rows, np.vstack([classifier.inputs, classifier.weight]))


@pytest.mark.parametrize("compacted", [True, False])
def test_a_model_without_a_classifier(caplog, compacted):
    caplog.set_level(logging.INFO, logger="evolution")
    rows = classifier_rows(None, samples=10, classes=3, compacted=compacted)
    assert rows.shape == (13, 1) and rows.dtype == np.float32 and np.isnan(rows).all()
    assert caplog.messages == ["The model does not end in a linear layer: its classifier is NaN"]
