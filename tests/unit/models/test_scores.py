"""Scores of predicted numbers and labels against scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, r2_score

from evolution.models.scores import average_precisions, mean_known, r2


@pytest.mark.parametrize("seed", range(5))
def test_r2_is_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    values = random.normal(50, 9, 40)
    predicted = values + random.normal(0, 1 + 5 * seed, 40)
    assert r2(predicted, values) == pytest.approx(r2_score(values, predicted), abs=1e-12)


def test_r2_by_hand():
    values = np.array([1.0, 2, 3])
    assert r2(values, values) == 1
    assert r2(np.full(3, 2.0), values) == 0
    assert r2(np.array([1.0, 2, 4]), values) == pytest.approx(1 - 1 / 2)
    assert np.isnan(r2(values, np.ones(3)))
    assert np.isnan(r2(np.array([1, np.nan, 3]), values))


@pytest.mark.parametrize("levels", [2, 5, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_average_precision_is_that_of_scikit_learn(levels, dtype):
    """Also with many equal scores."""
    random = np.random.default_rng(levels)
    scores = (random.integers(0, levels, (60, 7)) / levels).astype(dtype)
    held = random.random((60, 7)) < np.linspace(0.05, 0.9, 7)
    held[0] = True
    expected = [average_precision_score(held[:, label], scores[:, label]) for label in range(7)]
    np.testing.assert_allclose(average_precisions(scores, held), expected, atol=1e-12)


def test_average_precision_by_hand():
    held = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 0]], bool)
    scores = np.array([[3.0, 3, 3], [2, 2, 2], [1, 1, 1]])
    found = average_precisions(scores, held)
    np.testing.assert_allclose(found, [(1 + 2 / 3) / 2, 1, np.nan])
    assert mean_known(found) == pytest.approx((5 / 6 + 1) / 2)
    assert np.isnan(mean_known(np.array([np.nan])))
    scores[1, 0] = np.inf
    assert np.isnan(average_precisions(scores, held)[0])
