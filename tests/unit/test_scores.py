"""R² and average precision against scikit-learn, and by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, r2_score

from evolution.scores import average_precisions, mean_of_known, r_squared


def test_r_squared_is_scikit_learns():
    random = np.random.default_rng(0)
    values = random.normal(5, 3, 200)
    for predicted in (values, values + random.normal(size=200), random.normal(5, 3, 200), np.full(200, values.mean())):
        assert r_squared(values, predicted) == pytest.approx(r2_score(values, predicted), abs=1e-12)


def test_r_squared_by_hand():
    assert r_squared(np.array([1, 2, 3]), np.array([1, 2, 4])) == pytest.approx(1 - 1 / 2)
    assert math.isnan(r_squared(np.full(5, 0.1), np.zeros(5)))
    assert math.isnan(r_squared(np.array([1, 2, 3]), np.array([1, math.nan, 3])))


@pytest.mark.parametrize("ties", [1, 3, 10, 10_000])
def test_average_precision_is_scikit_learns(ties):
    """Scores of few values tie, as the shares of some neighbours do."""
    random = np.random.default_rng(ties)
    held = random.random((300, 6)) < [0.01, 0.1, 0.3, 0.5, 0.9, 0.99]
    held[:2] = [[True], [False]]
    scores = random.integers(0, ties, held.shape) / ties + 0.2 * (held & (ties > 1))
    expected = [average_precision_score(held[:, label], scores[:, label]) for label in range(6)]
    assert average_precisions(held, scores) == pytest.approx(expected, abs=1e-12)


def test_scores_that_say_nothing_have_the_labels_share():
    held = np.arange(40)[:, None] < [4, 30]
    assert average_precisions(held, np.zeros((40, 2))) == pytest.approx([0.1, 0.75])


def test_labels_of_no_sample_or_all_have_no_precision_and_are_left_out_of_the_mean():
    held = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 0]], bool)
    precisions = average_precisions(held, np.array([[3, 3, 2], [2, 2, 3], [1, 1, 1]], float))
    assert np.isnan(precisions[:2]).all() and precisions[2] == 0.5
    assert mean_of_known(precisions) == 0.5
    assert math.isnan(mean_of_known(precisions[:2]))


def test_a_label_with_a_score_that_is_not_finite_has_no_precision():
    held = np.array([[1, 0], [0, 1], [1, 0]], bool)
    precisions = average_precisions(held, np.array([[3, 1], [math.nan, 2], [1, 3]]))
    assert math.isnan(precisions[0]) and precisions[1] == 0.5
