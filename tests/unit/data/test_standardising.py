"""Standardising: against scikit-learn, and by hand where a column has one value."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from evolution.data.standardising import mean_and_deviation, standardised_columns


def test_columns_as_by_scikit_learn():
    rows = np.random.default_rng(0).normal([0, 1e6, -3], [1, 100, 1e-9], (40, 3))
    np.testing.assert_allclose(standardised_columns(rows), StandardScaler().fit_transform(rows), atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e30, -7.3])
def test_a_constant_column_is_exactly_zero(value):
    """Whatever rounding leaves of its mean and deviation."""
    rows = np.stack([np.full(37, value), np.linspace(-1, 1, 37)], axis=1)
    found = standardised_columns(rows)
    assert found.dtype == np.float64 and not found[:, 0].any() and found[:, 1].std() == pytest.approx(1)
    mean, std = mean_and_deviation(rows)
    assert (mean[0], std[0]) == (value, 1)


def test_channels_over_samples_and_time():
    signals = np.random.default_rng(0).normal(3, 2, (20, 4, 7))
    mean, std = mean_and_deviation(signals, (0, 2))
    together = signals.transpose(1, 0, 2).reshape(4, -1)
    np.testing.assert_allclose(mean, together.mean(axis=1))
    np.testing.assert_allclose(std, together.std(axis=1))
