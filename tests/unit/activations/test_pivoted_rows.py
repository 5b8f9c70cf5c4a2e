"""Few coordinates keep lengths, and every distance within what the tolerance says, as computed from the raw rows."""

import numpy as np
import pytest
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from evolution.activations.pivoted_rows import pivoted_rows, shared_neighbors

pytestmark = pytest.mark.usefixtures("one_thread")


def decaying(samples=600, features=1500, power=1.0, seed=0):
    """Rows about a mean, whose spread along the k-th of all directions falls as k to minus this power."""
    random = np.random.default_rng(seed)
    scales = np.arange(1, 401) ** -power
    rows = random.normal(size=(samples, 400)) * scales @ random.normal(size=(400, features)) / np.sqrt(features)
    return rows + 0.5 * random.normal(size=features) / np.sqrt(features)


def of_different_lengths():
    return decaying() * np.logspace(-4, 4, 600)[:, None]


def with_outliers():
    """A few rows that are orthogonal to all others, of which a mean over rows shows nothing."""
    rows = decaying()
    rows[::100] = np.random.default_rng(1).normal(size=(6, 1500))
    return rows


def after_relu():
    return np.maximum(decaying(power=2.0), 0)


def with_zero_rows():
    return decaying() * (np.arange(600) % 7 > 0)[:, None]


def about_a_far_mean():
    """The spread is a thousandth of the squared length."""
    return decaying() + 2


MATRICES = {
    make.__name__.replace("_", " "): make().astype(np.float32)
    for make in (decaying, of_different_lengths, with_outliers, after_relu, with_zero_rows, about_a_far_mean)
}


def unit(rows):
    rows = rows.astype(np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


@pytest.mark.parametrize("tolerance", [0.2, 0.04, 0.01])
@pytest.mark.parametrize("rows", [pytest.param(rows, id=name) for name, rows in MATRICES.items()])
def test_every_distance_is_within_the_tolerance(rows, tolerance):
    kept = pivoted_rows(rows, tolerance=tolerance, most=500, seed=3)
    assert kept.coordinates.dtype == np.float32
    assert kept.left <= tolerance
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    np.testing.assert_allclose(np.linalg.norm(kept.coordinates.astype(np.float64), axis=1), norms, rtol=1e-5)
    raw, stored = unit(rows), unit(kept.coordinates)
    spread = ((raw - raw.mean(0)) ** 2).sum(1).mean()
    squared, of_stored = (euclidean_distances(each, squared=True) for each in (raw, stored))
    # The mean squared distance of two rows is twice the spread.
    errors = np.abs(of_stored - squared) / (2 * spread)
    assert errors.max() <= 2 * tolerance + 1e-5 / spread
    pairs = np.triu_indices(len(rows), 1)
    assert np.sqrt((errors[pairs] ** 2).mean()) <= tolerance / 5 + 1e-6 / spread


def test_what_is_left_of_orthogonal_rows():
    """In closed form. N of them have the spread 1 - 1/N about their mean.

    Their mean and k of them span the mean of the N - k others. Each of these has a projection on it, of squared length
    1/(N - k).
    """
    rows = 3 * np.eye(200, 1500, dtype=np.float32)
    kept = pivoted_rows(rows, tolerance=0.04, most=80, seed=0)
    # 20 coordinates are for what is left, and one is along the mean.
    assert kept.left == pytest.approx((1 - 1 / (200 - 59)) / (1 - 1 / 200), abs=1e-6)


def test_a_smaller_tolerance_needs_more_coordinates():
    rows = decaying().astype(np.float32)
    widths = [pivoted_rows(rows, tolerance=each, most=500, seed=0).coordinates.shape[1] for each in (0.2, 0.05, 0.01)]
    assert widths == sorted(set(widths))
    assert widths[-1] < 500


def test_rows_of_low_rank_need_no_more_than_it():
    random = np.random.default_rng(0)
    rows = (random.normal(size=(500, 12)) @ random.normal(size=(12, 2000))).astype(np.float32)
    kept = pivoted_rows(rows, tolerance=0.001, most=400, seed=0)
    # One more is along the mean. As many stand for what is left, which is rounding.
    assert kept.coordinates.shape[1] <= 2 * 13
    assert kept.left < 1e-4
    np.testing.assert_allclose(unit(kept.coordinates) @ unit(kept.coordinates).T, unit(rows) @ unit(rows).T, atol=1e-4)


def test_it_ends_with_the_most_coordinates_and_says_what_is_left():
    rows = np.random.default_rng(0).normal(size=(300, 2000)).astype(np.float32)
    kept = pivoted_rows(rows, tolerance=0.01, most=100, seed=0)
    assert kept.coordinates.shape == (300, 100)
    assert 0.5 < kept.left <= 1.5


def test_the_same_rows_and_seed_give_the_same_bytes():
    rows = decaying().astype(np.float32)
    before = rows.copy()
    first, again, other = (pivoted_rows(rows, tolerance=0.1, most=500, seed=seed).coordinates for seed in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert first.shape != other.shape or not np.allclose(first, other)
    np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((50, 2000)),
        np.ones((50, 2000)),
        1 + 1e-3 * np.random.default_rng(0).normal(size=(50, 2000)),
        1e-20 * np.random.default_rng(0).normal(size=(50, 2000)),
        1e20 * np.random.default_rng(0).normal(size=(50, 2000)),
    ],
    ids=["all zero", "all alike", "nearly alike", "tiny", "huge"],
)
def test_rows_that_float32_does_not_tell_apart_are_refused(rows):
    assert pivoted_rows(rows.astype(np.float32), tolerance=0.04, most=100, seed=0) is None


def test_two_opposite_rows():
    rows = np.zeros((2, 2000), np.float32)
    rows[0, 5], rows[1, 5] = 3, -4
    kept = pivoted_rows(rows, tolerance=0.04, most=2, seed=0)
    assert np.linalg.norm(kept.coordinates[0] - kept.coordinates[1]) == pytest.approx(7, rel=1e-5)


def test_near_copies_keep_their_distance():
    """Rows that differ by far less than the tolerance become no copies: what is left of both is projected alike."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(600, 1500)) * 0.99 ** np.arange(1500)
    step = random.normal(size=(100, 1500)) * 0.99 ** np.arange(1500)
    rows[100:200] = rows[:100] + 0.03 * step
    rows = rows.astype(np.float32)
    kept = pivoted_rows(rows, tolerance=0.1, most=500, seed=0).coordinates
    assert kept.shape[1] < 450
    raw, stored = (np.linalg.norm(form[:100] - form[100:200], axis=1) for form in (rows, kept))
    # 30 times nearer than others are, and 70 times nearer in squares than the tolerance.
    assert raw.max() < 0.05 * np.linalg.norm(rows[0] - rows[1])
    np.testing.assert_allclose(stored / raw, 1, atol=0.1)
    _, nearest = NearestNeighbors(n_neighbors=2).fit(kept[:200]).kneighbors(kept[:100])
    np.testing.assert_array_equal(nearest[:, 1], np.arange(100, 200))


def test_neighbours_within_far_classes_are_kept():
    """One direction of two values makes up the spread; ten classes lie in what is left, in thirty directions."""
    random = np.random.default_rng(2)
    centres = 3 * random.normal(size=(10, 30))
    within = centres[np.arange(1200) % 10] + random.normal(size=(1200, 30))
    faint = 0.01 * random.normal(size=(1200, 1500))
    rows = within @ np.linalg.qr(random.normal(size=(1500, 30)))[0].T + faint
    axis = random.normal(size=1500)
    rows += 60 * np.where(random.random(1200) < 0.5, 1, -1)[:, None] * axis / np.linalg.norm(axis)
    rows = rows.astype(np.float32)
    kept = pivoted_rows(rows, tolerance=0.04, most=800, seed=1)
    assert kept.left <= 0.04
    found, true = (
        NearestNeighbors(n_neighbors=10).fit(each).kneighbors(return_distance=False)
        for each in (unit(kept.coordinates), unit(rows))
    )
    shared = np.mean([len(np.intersect1d(*pair)) for pair in zip(found, true)])
    assert shared > 9.7


@pytest.mark.parametrize("noise", [0, 0.1, 0.5, 3])
def test_shared_neighbours_are_scikit_learns(noise):
    random = np.random.default_rng(4)
    rows = random.normal(size=(700, 40)).astype(np.float32) + 2
    others = (rows + noise * random.normal(size=rows.shape)).astype(np.float32)
    first, second = (
        NearestNeighbors(n_neighbors=10).fit(unit(each)).kneighbors(return_distance=False) for each in (rows, others)
    )
    expected = np.mean([len(np.intersect1d(*pair)) for pair in zip(first, second)]) / 10
    assert shared_neighbors(rows, others, seed=1) == pytest.approx(expected, abs=5e-3)
