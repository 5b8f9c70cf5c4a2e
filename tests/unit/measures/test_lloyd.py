"""k-means side by side, against scikit-learn's, restart by restart."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.preprocessing import normalize

from evolution.measures.devices import place
from evolution.measures.lloyd import side_by_side

pytestmark = pytest.mark.usefixtures("one_thread")


def by_scikit_learn(rows, clusters, n_init, seed):
    random = np.random.RandomState(seed)
    return [KMeans(clusters, n_init=1, random_state=random).fit(rows) for _ in range(n_init)]


@pytest.mark.parametrize(("clusters", "n_init", "seed"), [(10, 10, 3), (4, 1, 0), (30, 5, 8), (2, 20, 1)])
def test_restarts_end_where_scikit_learn_ends(features, clusters, n_init, seed, device):
    rows = normalize(features[0]).astype(np.float32)
    found = side_by_side(place(rows, device), clusters=clusters, n_init=n_init, seed=seed)
    for (labels, inertia), fit in zip(found, by_scikit_learn(rows, clusters, n_init, seed), strict=True):
        np.testing.assert_array_equal(labels, fit.labels_)
        assert inertia == pytest.approx(fit.inertia_, rel=1e-5)
        assert labels.dtype == np.int32


def test_more_rows_than_a_block(device):
    random = np.random.default_rng(5)
    middles = random.normal(size=(6, 12))[random.integers(0, 6, 5000)]
    rows = (middles + random.normal(size=(5000, 12))).astype(np.float32)
    found = side_by_side(place(rows, device), clusters=6, n_init=3, seed=1)
    for (labels, _), fit in zip(found, by_scikit_learn(rows, 6, 3, 1), strict=True):
        # Rows on the border of two clusters may go to either.
        assert (labels == fit.labels_).mean() > 0.999


def test_rows_of_zeros(device):
    """All unit rows that a restart begins with are as far from them, so rounding says where they go first.

    Whichever centre takes them, scikit-learn goes on from there to some end. That of each restart is among these ends,
    here and in scikit-learn: the two differ by this tie alone.
    """
    random = np.random.default_rng(2)
    rows = normalize(random.normal(size=(3000, 200)) + 3 * random.normal(size=(8, 200))[np.arange(3000) % 8])
    rows[:50] = 0
    rows = rows.astype(np.float32)
    found = side_by_side(place(rows, device), clusters=8, n_init=4, seed=0)
    centred, draws, ties = rows - rows.mean(0), np.random.RandomState(0), 0
    for (labels, inertia), fit in zip(found, by_scikit_learn(rows, 8, 4, 0), strict=True):
        starts, _ = kmeans_plusplus(centred, 8, random_state=draws)
        squares = cdist(centred, starts, "sqeuclidean")
        if squares[:50].min() < 0.5:
            # A restart that begins with a row of zeros: the others are nearest to it.
            np.testing.assert_array_equal(labels, fit.labels_)
            continue
        ties += 1
        assert np.ptp(squares[:50]) < 1e-5
        nearest, ends = squares.argmin(1), []
        for taker in range(8):
            nearest[:50] = taker
            centres = np.stack([centred[nearest == cluster].mean(0) for cluster in range(8)])
            ends.append(KMeans(8, init=centres, n_init=1).fit(centred))
        same = [end for end in ends if np.array_equal(labels, end.labels_)]
        assert same and inertia == pytest.approx(same[0].inertia_, rel=1e-5)
        assert any(np.array_equal(fit.labels_, end.labels_) for end in ends)
    assert ties >= 2


def test_a_cluster_that_loses_its_rows_is_found_again(features, device):
    """Copies of few rows: a start may be drawn twice, and its cluster stays empty."""
    rows = np.repeat(normalize(features[0][:6]), 30, axis=0).astype(np.float32)
    for labels, inertia in side_by_side(place(rows, device), clusters=6, n_init=4, seed=0):
        assert len(np.unique(labels)) == 6 and inertia == pytest.approx(0, abs=1e-4)
