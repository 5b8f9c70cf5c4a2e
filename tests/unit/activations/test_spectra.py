"""The spectrum of raw rows, against NumPy's singular values in float64."""

import numpy as np
import pytest

from evolution.activations import spectra
from evolution.activations.spectra import samples_of_spectrum, singular_values

pytestmark = pytest.mark.usefixtures("one_thread")


def decaying(samples=120, features=700, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(samples, features)) * 0.98 ** np.arange(features)


@pytest.mark.parametrize("columns", [2048, 100])
@pytest.mark.parametrize(("scale", "middle"), [(1, 0), (1, 3), (1e-30, 0), (1e30, 2e30)])
def test_singular_values_are_numpys(monkeypatch, columns, scale, middle):
    """In several blocks of columns too, and whatever the rows' size."""
    monkeypatch.setattr(spectra, "COLUMNS", columns)
    rows = (decaying() * scale + middle).astype(np.float32)
    exact = rows.astype(np.float64) - rows.astype(np.float64).mean(0)
    exact /= np.abs(exact).max()
    expected = np.linalg.svd(exact / np.sqrt((exact**2).sum(1).mean()), compute_uv=False)
    found = singular_values(rows)
    assert found.shape == (120,)
    # The last one is that of the mean, and is rounding.
    np.testing.assert_allclose(found**2, expected**2, rtol=1e-5, atol=4e-6)


@pytest.mark.parametrize("rows", [np.zeros((9, 40)), np.full((9, 40), 0.1), np.tile(np.arange(40), (9, 1))])
def test_equal_rows_have_none(rows):
    assert not singular_values(rows.astype(np.float32)).any()


@pytest.mark.parametrize("columns", [2048, 100])
@pytest.mark.parametrize("size", [1, 1e4, 1e24, 1e38])
def test_rows_that_are_not_taken_change_nothing(monkeypatch, columns, size):
    """Whatever they hold."""
    monkeypatch.setattr(spectra, "COLUMNS", columns)
    rows = decaying().astype(np.float32)
    taken = samples_of_spectrum(120, 3, most=40)
    others = np.setdiff1d(np.arange(120), taken)
    rows[others[::2]] *= np.float32(size / np.abs(rows).max())
    found = singular_values(rows, taken)
    assert found.shape == (40,) and found[0] > 0
    np.testing.assert_array_equal(found, singular_values(rows[taken]))


def test_rows_without_features_have_none():
    assert not singular_values(np.zeros((9, 0), np.float32)).any()


def test_the_same_samples_are_drawn_for_every_layer():
    drawn = samples_of_spectrum(50, 3, most=20)
    assert len(np.unique(drawn)) == 20 and (np.diff(drawn) > 0).all() and drawn.max() < 50
    np.testing.assert_array_equal(drawn, samples_of_spectrum(50, 3, most=20))
    assert not np.array_equal(drawn, samples_of_spectrum(50, 4, most=20))
    np.testing.assert_array_equal(samples_of_spectrum(20, 3, most=20), np.arange(20))
