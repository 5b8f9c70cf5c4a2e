import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn import manifold

from evolution.embedding.quality import trustworthiness
from evolution.seeds import generator

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def layout(features):
    """200 rows, and a layout that keeps some of their neighbours."""
    rows = features[0]
    return rows, (rows @ np.random.default_rng(5).normal(size=(rows.shape[1], 2))).astype(np.float32)


@pytest.mark.parametrize("judged", [200, 5000])
def test_few_samples_are_all_judged(layout, judged):
    expected = manifold.trustworthiness(*layout, n_neighbors=7)
    assert 0.5 < expected < 0.99
    assert trustworthiness(*layout, 7, seed=3, judged=judged) == pytest.approx(expected, abs=1e-12)


def test_a_drawn_sample_is_judged_among_all_others(layout):
    rows, plane = layout
    chosen = generator(3, "trustworthiness").choice(200, 150, replace=False)
    by_rows, by_plane = (cdist(points[chosen], points) for points in (rows.astype(float), plane.astype(float)))
    excess = 0
    for sample, wide, flat in zip(chosen, by_rows, by_plane):
        wide, flat = (np.delete(distances, sample).argsort().tolist() for distances in (wide, flat))
        excess += sum(max(wide.index(other) + 1 - 7, 0) for other in flat[:7])
    expected = 1 - 2 * excess / (150 * 7 * (2 * 200 - 3 * 7 - 1))
    assert trustworthiness(rows, plane, 7, seed=3, judged=150) == pytest.approx(expected, abs=1e-12)


def test_the_estimate_is_unbiased(layout):
    estimates = [trustworthiness(*layout, 7, seed=seed, judged=60) for seed in range(100)]
    expected = manifold.trustworthiness(*layout, n_neighbors=7)
    error = np.std(estimates) / 10
    assert 0 < error < 0.01
    assert np.mean(estimates) == pytest.approx(expected, abs=4 * error)


def test_copies_in_the_layout_are_no_fault():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    same = np.repeat(rows, 4, axis=0)
    assert trustworthiness(same, same, 3, seed=0, judged=200) == 1
