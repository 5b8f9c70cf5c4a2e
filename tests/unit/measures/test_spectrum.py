"""Measures of the spectrum against closed forms."""

import math

import numpy as np
import pytest

from evolution.activations.compaction import compact
from evolution.activations.spectra import singular_values
from evolution.measures import spectrum
from evolution.measures.products import Products

pytestmark = pytest.mark.usefixtures("one_thread")


def spread_rows(variances, samples, features, random, middle=0.01):
    """Rows whose covariance has just these eigenvalues, up to a factor, about a mean that is not 0."""
    left = random.normal(size=(samples, len(variances)))
    left, _ = np.linalg.qr(left - left.mean(0))
    right, _ = np.linalg.qr(random.normal(size=(features, len(variances))))
    return left * np.sqrt(variances) @ right.T + middle


@pytest.mark.parametrize("features", [30, 200])
def test_spectra_with_closed_forms(features, device):
    random = np.random.default_rng(0)
    for variances, rank, ratio in (
        (np.ones(8), 8, 8),
        ([1], 1, 1),
        # Singular values 3 and 1: shares 3/4 and 1/4.
        ([9, 1], math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)), 100 / 82),
    ):
        rows = spread_rows(np.array(variances, float), 60, features, random)
        singular = spectrum.singular_values(Products(rows, device=device))
        assert spectrum.effective_rank(singular) == pytest.approx(rank, rel=1e-6)
        assert spectrum.participation_ratio(singular) == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize(
    ("variances", "middle"),
    [(np.ones(250), 0.01), (np.ones(5), 0.01), (np.ones(5), 0.5), (1 / np.arange(1, 250) ** 2, 0.001)],
    ids=["full", "low rank", "low rank, far off", "long tail"],
)
def test_spectra_of_compact_rows(variances, middle):
    """What compaction's rounding adds is too faint to count, and raw rows lose as little."""
    rows = spread_rows(variances, 300, 900, np.random.default_rng(1), middle).astype(np.float32)
    shares = np.sqrt(variances) / np.sqrt(variances).sum()
    found = [spectrum.singular_values(Products(form)) for form in (rows, compact(rows))]
    for singular in (*found, spectrum.without_faint(singular_values(rows))):
        assert spectrum.effective_rank(singular) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()), rel=2e-3)
        assert spectrum.participation_ratio(singular) == pytest.approx(
            variances.sum() ** 2 / (variances**2).sum(), rel=2e-3
        )


def test_a_constant_layer_has_no_spectrum(recwarn):
    for rows in (np.full((20, 5), 0.1, np.float32), np.zeros((20, 50))):
        singular = spectrum.singular_values(Products(rows))
        assert math.isnan(spectrum.effective_rank(singular)) and math.isnan(spectrum.participation_ratio(singular))
    assert not recwarn.list
