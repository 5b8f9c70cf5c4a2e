"""Compact rows have the geometry of the rows that they stand for."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from evolution.activations.compaction import compact, unit_rows

pytestmark = pytest.mark.usefixtures("one_thread")


def gaussian(samples=40, features=300, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, features))


def near_duplicates():
    return np.repeat(gaussian(20), 2, axis=0) * (1 + 1e-5 * gaussian(40, seed=1))


def low_rank():
    return gaussian(40, 5) @ gaussian(5, 300, seed=1)


def off_center():
    return 100 + gaussian()


def some_zero_rows():
    return gaussian() * (np.arange(40) % 3 > 0)[:, None]


def rows_without_variation():
    return np.repeat(gaussian(40, 1), 300, axis=1)


def mixed_norms():
    return gaussian() * np.logspace(-7, 7, 40)[:, None]


def one_huge_feature():
    return gaussian() + 1e4 * (np.arange(300) == 7)


MATRICES = {
    "Gaussian": gaussian(),
    "ReLU": np.maximum(gaussian(), 0),
    "several blocks": gaussian(30, 5000),
    "all alike": np.tile(gaussian(1), (40, 1)),
    "tiny": gaussian() * 1e-7,
    "float32's smallest": gaussian() * 1e-36,
    "large": gaussian() * 6e4,
    "a single row": gaussian(1),
    "all zero": np.zeros((40, 300)),
} | {
    make.__name__.replace("_", " "): make()
    for make in (
        near_duplicates,
        low_rank,
        off_center,
        some_zero_rows,
        rows_without_variation,
        mixed_norms,
        one_huge_feature,
    )
}


def normalized(rows):
    """Rows of unit length in float64; a row of zeros stays one. To scikit-learn norms below 2e-15 would be 0."""
    rows = rows.astype(np.float64)
    norms = np.sqrt((rows**2).sum(axis=1))
    return rows / np.where(norms > 0, norms, 1)[:, None]


def cosines(rows):
    return normalized(rows) @ normalized(rows).T


@pytest.mark.parametrize("rows", [pytest.param(rows.astype(np.float32), id=name) for name, rows in MATRICES.items()])
def test_geometry_is_kept(rows):
    coordinates = compact(rows)
    samples = len(rows)
    assert coordinates.shape == (samples, samples)
    assert coordinates.dtype == np.float32
    exact, kept = rows.astype(np.float64), coordinates.astype(np.float64)
    np.testing.assert_allclose(cosines(coordinates), cosines(rows), atol=1e-5)
    norms = np.linalg.norm(exact, axis=1)
    np.testing.assert_allclose(np.linalg.norm(kept, axis=1), norms, rtol=1e-5)
    # Squared distances, in units of the two rows' squared norms.
    squared = ((exact[:, None] - exact) ** 2).sum(axis=2)
    squared_kept = ((kept[:, None] - kept) ** 2).sum(axis=2)
    scale = np.maximum(norms[:, None] ** 2 + norms**2, np.finfo(float).tiny)
    np.testing.assert_allclose(squared_kept / scale, squared / scale, atol=1e-5)


@pytest.mark.parametrize("samples", [63, 64, 65])
def test_only_wide_matrices_are_compacted(samples):
    rows = gaussian(samples, 64).astype(np.float32)
    kept = compact(rows)
    if samples >= 64:
        assert kept is rows
    else:
        assert kept.shape == (63, 63)
    np.testing.assert_allclose(kept @ kept.T, rows @ rows.T, atol=1e-4)


def test_equal_rows_stay_equal():
    rows = gaussian().astype(np.float32)
    copies = [(0, 7), (0, 39), (3, 4)]
    for original, copy in copies:
        rows[copy] = rows[original]
    coordinates = compact(rows)
    for original, copy in copies:
        np.testing.assert_array_equal(coordinates[copy], coordinates[original])
    assert len(np.unique(coordinates, axis=0)) == 37


def test_minus_zero_is_zero():
    rows = np.maximum(gaussian(), 0).astype(np.float32)
    copies = [5, 20, 39]
    rows[copies] = np.where(rows[4] == 0, np.float32(-0.0), rows[4])
    coordinates = compact(rows)
    for copy in copies:
        np.testing.assert_array_equal(coordinates[copy], coordinates[4])


def test_zero_rows_stay_zero():
    coordinates = compact(some_zero_rows().astype(np.float32))
    assert np.flatnonzero((coordinates == 0).all(axis=1)).tolist() == list(range(0, 40, 3))


def test_the_same_rows_give_the_same_bytes():
    rows = gaussian().astype(np.float32)
    before = rows.copy()
    assert compact(rows).tobytes() == compact(rows.copy()).tobytes()
    np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize("scale", [1, 1e-7, 6e4])
def test_clustering_is_as_on_the_raw_matrix(features, scale):
    raw, labels = features
    raw = raw * np.float32(scale)
    exact = normalized(raw).astype(np.float32)
    kept = unit_rows(compact(raw))
    assert kept.shape == (200, 200)
    of_exact, of_kept = (KMeans(10, n_init=10, tol=0, random_state=3).fit_predict(rows) for rows in (exact, kept))
    np.testing.assert_array_equal(of_kept, of_exact)
    for groups in (of_exact, labels):
        assert silhouette_score(kept, groups) == pytest.approx(silhouette_score(exact, groups), abs=1e-5)
    assert adjusted_rand_score(labels, of_kept) == pytest.approx(adjusted_rand_score(labels, of_exact), abs=1e-12)
    vote = KNeighborsClassifier(10)
    of_kept, of_exact = (cross_val_score(vote, rows, labels, cv=LeaveOneOut()) for rows in (kept, exact))
    np.testing.assert_array_equal(of_kept, of_exact)


@pytest.mark.parametrize("rows", [mixed_norms(), some_zero_rows(), off_center(), 1e-30 * gaussian(), 1e30 * gaussian()])
def test_unit_rows(rows):
    unit = unit_rows(rows.astype(np.float32))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, normalized(rows), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), (rows != 0).any(axis=1), rtol=1e-6)


def test_rows_that_differ_in_a_few_features_alone_are_told_apart():
    rows = np.random.default_rng(7).normal(size=(6, 3000)).astype(np.float32)
    rows[1:4] = rows[0]
    # None of the features by which rows are first told apart.
    rows[2, 2999] += 40
    coordinates = compact(rows)
    assert np.array_equal(coordinates[0], coordinates[1])
    assert np.array_equal(coordinates[0], coordinates[3])
    assert np.linalg.norm(coordinates[0] - coordinates[2]) == pytest.approx(40, rel=1e-4)


def test_rows_of_one_feature_keep_their_order():
    rows = np.array([[-4], [0], [1], [2]], np.float32)
    assert unit_rows(rows).tolist() == [[-1], [0], [0.25], [0.5]]
    assert unit_rows(rows * np.float32(2**-40)).tolist() == unit_rows(rows).tolist()
    assert unit_rows(np.zeros((3, 1), np.float32)).tolist() == [[0]] * 3
