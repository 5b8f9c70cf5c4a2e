"""Scores of predictions over time, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, r2_score

from evolution.explorer.scores import score_over_time


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_classes_are_scored_by_accuracy(random):
    values, predicted = random.integers(0, 3, 50), random.integers(0, 3, (4, 50))
    expected = [accuracy_score(values, each) for each in predicted]
    np.testing.assert_allclose(score_over_time("classes", values, predicted), expected)


def test_numbers_are_scored_by_r2(random):
    values, predicted = random.normal(5, 2, 50), random.normal(5, 2, (4, 50)).astype(np.float32)
    expected = [r2_score(values, each) for each in predicted]
    np.testing.assert_allclose(score_over_time("number", values, predicted), expected)
    assert np.isnan(score_over_time("number", np.full(50, 3.0), predicted)).all()


def test_labels_that_no_sample_has_are_left_out_of_the_mean(random):
    held, predicted = random.random((60, 4)) < 0.4, random.random((3, 60, 4)).astype(np.float32)
    held[:, 2] = False
    kept = [0, 1, 3]
    expected = [average_precision_score(held[:, kept], each[:, kept], average="macro") for each in predicted]
    np.testing.assert_allclose(score_over_time("labels", held, predicted), expected)
    assert np.isnan(score_over_time("labels", np.zeros_like(held), predicted)).all()
