"""Confidence intervals against SciPy's, and by hand."""

import warnings

import numpy as np
import pytest
from scipy import stats

from evolution.measures.intervals import log_mean_interval, mean_interval


def test_the_interval_is_students():
    values = np.random.default_rng(0).normal(3, 2, (5, 4))
    mean, low, high = mean_interval(values)
    for index in range(4):
        sample = values[:, index]
        expected = stats.t.interval(0.95, len(sample) - 1, loc=sample.mean(), scale=stats.sem(sample))
        np.testing.assert_allclose([low[index], high[index]], expected)
        assert mean[index] == pytest.approx(sample.mean())


def test_the_interval_of_two_by_hand():
    # s = √2 / 2 · |a - b| = √2, s / √2 = 1, and t(0.975) with one degree of freedom is tan(0.475 π) = 12.706.
    mean, low, high = mean_interval(np.array([1.0, 3.0]))
    assert (mean, high - mean) == (2, pytest.approx(np.tan(0.475 * np.pi)))
    assert mean - low == pytest.approx(high - mean)


def test_what_is_missing_does_not_count():
    values = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [np.nan, np.nan, np.nan]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean, low, high = mean_interval(values)
    np.testing.assert_array_equal(mean, [2, 5, np.nan])
    assert np.isfinite(low).tolist() == np.isfinite(high).tolist() == [True, False, False]


def test_of_logarithms_the_interval_is_a_factor_about_the_geometric_mean():
    # √(1 · 100) = 10. The logarithms differ by ln 100, so s / √2 is ln 10, which is the factor 10 to the power t.
    mean, low, high = log_mean_interval(np.array([1.0, 100.0]))
    factor = 10 ** np.tan(0.475 * np.pi)
    assert (mean, low, high) == (pytest.approx(10), pytest.approx(10 / factor), pytest.approx(10 * factor))
    assert mean_interval(np.array([1.0, 100.0]))[1] < 0 < low


def test_of_logarithms_a_zero_leaves_no_mean():
    values = np.array([[0.0, np.nan, 4.0], [3.0, 5.0, 9.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean, low, high = log_mean_interval(values)
    np.testing.assert_allclose(mean, [np.nan, 5, 6])
    assert np.isfinite(low).tolist() == np.isfinite(high).tolist() == [False, False, True]
