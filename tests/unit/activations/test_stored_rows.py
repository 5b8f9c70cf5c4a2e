"""Rows are stored exact, within a tolerance or projected, as the config and their number say."""

from functools import partial

import numpy as np
import pytest
from sklearn.metrics import euclidean_distances

from evolution.activations import stored_rows as module
from evolution.activations import tolerances
from evolution.activations.compaction import compact, unit_rows
from evolution.activations.pivoted_rows import pivoted_rows
from evolution.activations.spectra import samples_of_spectrum
from evolution.activations.stored_rows import NARROW, stored_rows
from evolution.activations.tolerances import AUTO
from evolution.seeds import generator

pytestmark = pytest.mark.usefixtures("one_thread")


def gaussian(samples=40, features=300, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, features)).astype(np.float32)


def decaying(samples=600, features=1500):
    """Rows whose spread falls from direction to direction."""
    return gaussian(samples, 60) * np.float32(0.9) ** np.arange(60) @ gaussian(60, features, seed=1)


def test_rows_of_many_samples_are_projected():
    rows = gaussian(200, 3000).astype(np.float32)
    kept = stored_rows(rows, seed=0, tolerance=0, exact_samples=100, projected=256).rows
    assert kept.shape == (200, 256)
    assert kept.dtype == np.float32
    pairs = np.triu_indices(200, 1)
    squared, squared_kept = (euclidean_distances(each, squared=True)[pairs] for each in (rows, kept))
    errors = squared_kept / squared - 1
    # Of a chi-squared variable with 256 degrees of freedom.
    assert errors.std() == pytest.approx(np.sqrt(2 / 256), rel=0.1)
    assert errors.mean() == pytest.approx(0, abs=0.02)
    np.testing.assert_array_equal(kept, stored_rows(rows, seed=0, tolerance=0, exact_samples=100, projected=256).rows)
    assert not np.allclose(kept, stored_rows(rows, seed=1, tolerance=0, exact_samples=100, projected=256).rows)


def test_rows_of_few_features_or_samples_are_not_projected():
    rows = gaussian(200, 150).astype(np.float32)
    assert stored_rows(rows, seed=0, tolerance=0, exact_samples=100, projected=256).rows is rows
    rows = gaussian(200, 3000).astype(np.float32)
    for limits in ({"exact_samples": 200, "projected": 256}, {}):
        np.testing.assert_array_equal(stored_rows(rows, seed=0, tolerance=0, **limits).rows, compact(rows))


def test_a_number_is_the_tolerance_and_0_is_exact():
    rows = decaying()
    np.testing.assert_array_equal(stored_rows(rows, seed=0, tolerance=0).rows, compact(rows))
    kept = stored_rows(rows, seed=5, tolerance=0.1).rows
    np.testing.assert_array_equal(kept, pivoted_rows(rows, tolerance=0.1, most=450, seed=5).coordinates)
    assert kept.shape[1] < 200


def test_auto_is_exact_for_few_samples_and_a_tolerance_for_many(monkeypatch):
    monkeypatch.setattr(tolerances, "AUTO_SAMPLES", 100)
    rows = decaying(101)
    np.testing.assert_array_equal(stored_rows(rows, seed=0).rows, stored_rows(rows, seed=0, tolerance=AUTO).rows)
    assert stored_rows(rows, seed=0).rows.shape[1] <= 75
    np.testing.assert_array_equal(stored_rows(rows[:100], seed=0).rows, compact(rows[:100]))


def test_a_narrow_layer_and_one_that_few_coordinates_do_not_describe_stay_exact(caplog):
    narrow = decaying(1500, NARROW)
    assert stored_rows(narrow, seed=0, tolerance=0.1).rows is narrow
    assert not caplog.records
    wide = gaussian(400, 2000)
    with caplog.at_level("INFO", "evolution"):
        np.testing.assert_array_equal(stored_rows(wide, seed=0, tolerance=0.04).rows, compact(wide))
    assert caplog.messages == ["2000 features: exact coordinates, as no few of them are within 0.04"]
    long = gaussian(2500, 1200)
    assert stored_rows(long, seed=0, tolerance=0.04).rows is long


@pytest.mark.parametrize("rows", [np.zeros((50, 2000)), np.full((50, 2000), 3.0)], ids=["dead", "constant"])
def test_a_dead_and_a_constant_layer_stay_exact(rows):
    rows = rows.astype(np.float32)
    np.testing.assert_array_equal(stored_rows(rows, seed=0, tolerance=0.04).rows, compact(rows))


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_a_few_samples_keep_their_distances(samples):
    rows = gaussian(samples, 2000)
    kept = stored_rows(rows, seed=0, tolerance=0.04).rows
    np.testing.assert_allclose(kept @ kept.T, rows @ rows.T, rtol=1e-4, atol=1e-2)


def test_where_no_exact_form_is_the_most_coordinates_hold_what_they_can(caplog):
    rows = gaussian(300, 3000)
    with caplog.at_level("INFO", "evolution"):
        kept = stored_rows(rows, seed=0, tolerance=0.04, exact_samples=100, projected=200).rows
    assert kept.shape == (300, 200)
    assert "3000 features: 200 coordinates, which leave of each row at most 0.9" in caplog.text
    raw, stored = (euclidean_distances(unit_rows(each), squared=True)[np.triu_indices(300, 1)] for each in (rows, kept))
    projected = stored_rows(rows, seed=0, tolerance=0, exact_samples=100, projected=200).rows
    of_projected = euclidean_distances(unit_rows(projected), squared=True)[np.triu_indices(300, 1)]
    assert np.abs(stored - raw).mean() < np.abs(of_projected - raw).mean()


def test_equal_rows_stay_equal_within_a_tolerance():
    rows = decaying()
    rows[[3, 77, 599]] = rows[0]
    rows[41] = rows[40]
    kept = stored_rows(rows, seed=0, tolerance=0.05).rows
    assert kept.shape[1] < 300
    assert len(np.unique(kept, axis=0)) == 596
    for row in (3, 77, 599):
        np.testing.assert_array_equal(kept[row], kept[0])


@pytest.mark.parametrize("tolerance", [0.05, 0])
def test_what_is_not_exact_comes_with_the_spectrum_of_the_raw_rows(monkeypatch, tolerance):
    monkeypatch.setattr(module, "samples_of_spectrum", partial(samples_of_spectrum, most=500))
    rows = decaying()
    kept = stored_rows(rows, seed=7, tolerance=tolerance, exact_samples=100, projected=200)
    assert kept.rows.shape[1] <= 200
    drawn = np.sort(generator(7, "spectrum").choice(600, 500, replace=False))
    some = rows[drawn].astype(np.float64)
    some -= some.mean(0)
    expected = np.linalg.svd(some / np.sqrt((some**2).sum(1).mean()), compute_uv=False)
    np.testing.assert_allclose(kept.singular, expected, atol=3e-3)
    assert np.abs(kept.singular - expected)[expected > 0.1].max() < 1e-4
    assert stored_rows(rows, seed=7, tolerance=0).singular is None


def test_auto_takes_no_coordinates_that_keep_too_few_neighbours(caplog, monkeypatch):
    rows = gaussian(2400, 60) @ gaussian(60, 1500, seed=1)
    within = stored_rows(rows, seed=1)
    assert within.rows.shape[1] < 300 and within.singular is not None
    # No layer keeps more than all of them.
    monkeypatch.setattr("evolution.activations.stored_rows.FEWEST_SHARED", 1.1)
    with caplog.at_level("INFO", "evolution"):
        exact, asked = stored_rows(rows, seed=1), stored_rows(rows, seed=1, tolerance=0.04)
    assert "exact coordinates, as those within 0.04 keep 10.0 of 10 neighbours" in caplog.text
    assert exact.singular is None
    np.testing.assert_allclose(exact.rows @ exact.rows.T, rows @ rows.T, rtol=1e-3, atol=1)
    np.testing.assert_array_equal(asked.rows, within.rows)
