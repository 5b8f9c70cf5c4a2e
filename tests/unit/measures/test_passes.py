"""Silhouettes and neighbours of many samples, with copies among them, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances, silhouette_samples
from sklearn.preprocessing import normalize

from evolution.measures.clustering import silhouettes_of_sums
from evolution.measures.passes import Foreseen, Passes

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def rows():
    return normalize(np.random.default_rng(0).normal(size=(70, 150))).astype(np.float32)


@pytest.mark.parametrize("foreseen", [True, False])
@pytest.mark.parametrize("copies", [True, False])
def test_groups_of_all_and_of_some(rows, foreseen, copies):
    rows = np.concatenate([rows[:50], rows[:20]]) if copies else rows
    everyone, some = np.ones(70, bool), np.arange(70) % 4 > 0
    of_all, of_some = np.arange(70) % 3, np.where(some, np.arange(70) % 5, -1)
    of_all[3] = 3
    ahead = Foreseen([of_all, of_some], [everyone, some], 4) if foreseen else Foreseen()
    passes = Passes(rows, ahead, block=16)
    for part, groups in ((everyone, of_all), (some, of_some)):
        found = silhouettes_of_sums(passes.sums(groups)[part], groups[part])
        np.testing.assert_allclose(found, silhouette_samples(rows[part], groups[part]), atol=1e-5)
        distances = pairwise_distances(rows[part].astype(float))
        np.fill_diagonal(distances, np.inf)
        near = passes.nearest(part, 4)
        positions = (np.cumsum(part) - 1)[near]
        assert part[near].all() and (near != np.flatnonzero(part)[:, None]).all()
        np.testing.assert_allclose(np.take_along_axis(distances, positions, 1), np.sort(distances, 1)[:, :4], atol=1e-6)


def test_neighbours_of_copies_are_copies_first(rows):
    passes = Passes(np.repeat(rows[:5], 3, axis=0), Foreseen(), block=4)
    near = passes.nearest(np.ones(15, bool), 3)
    np.testing.assert_array_equal(near[:3, :2], [[1, 2], [0, 2], [0, 1]])
    # Then the first copy of the nearest other row.
    assert (near[:, 2] % 3 == 0).all()
    all_alike = Passes(np.repeat(rows[:1], 6, axis=0), Foreseen())
    assert all_alike.nearest(np.ones(6, bool), 2).tolist() == [[1, 2], [0, 2], *[[0, 1]] * 4]
    assert not all_alike.sums(np.arange(6) % 2).any()


def test_which_copies_are_neighbours_is_told_in_float64():
    """Around each of ten rows are four others, which are as far from it but for what float32 rounds."""
    random = np.random.default_rng(1)
    bases = np.linalg.qr(random.normal(size=(10, 400, 5)))[0].transpose(0, 2, 1)
    around = 0.8 * bases[:, :1] + 0.6 * bases[:, 1:]
    rows = np.concatenate([bases[:, 0], *around]).astype(np.float32)
    exact = pairwise_distances(rows.astype(float))
    near = Passes(np.repeat(rows, 2, axis=0), Foreseen(), block=16).nearest(np.ones(100, bool), 4)
    for row, of_row in enumerate(near):
        others = np.delete(np.repeat(exact[row // 2], 2), row)
        np.testing.assert_allclose(exact[row // 2, of_row // 2], np.sort(others)[:4], rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [1e-2, 1e-3, 1e-4, 1e-5])
def test_groups_that_are_nearer_than_float32_tells(size):
    """Two far heaps of two groups each."""
    random = np.random.default_rng(2)
    heap, half = np.arange(80) % 2, np.arange(80) // 40
    directions, parts = random.normal(size=(2, 300)), random.normal(size=(2, 2, 300))
    raw = directions[heap] + size * (parts[heap, half] + random.normal(size=(80, 300)) / 2)
    rows = normalize(raw).astype(np.float32)
    groups = 2 * heap + half
    found = silhouettes_of_sums(Passes(rows, Foreseen(), block=16).sums(groups), groups)
    expected = silhouette_samples(rows.astype(float), groups)
    assert expected.mean() > 0.4
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_allclose(found.mean(), expected.mean(), atol=2e-5)


def two_nearest(raw):
    distances = np.sort(pairwise_distances(np.unique(raw, axis=0).astype(float)), 1)
    return np.sort(distances[:, 1:3], axis=0)


@pytest.mark.parametrize("copies", [True, False])
def test_two_nearest_before_rows_were_scaled(copies):
    raw = np.random.default_rng(3).gamma(2, size=(70, 200)).astype(np.float32)
    raw = np.concatenate([raw[:50], raw[:20]]) if copies else raw
    unit = normalize(raw.astype(float)).astype(np.float32)
    passes = Passes(unit, Foreseen(activations=raw), block=16)
    lengths = np.linalg.norm(raw, axis=1).max()
    np.testing.assert_allclose(np.sort(passes.two_nearest(), 0) * lengths, two_nearest(raw), rtol=1e-5)


def test_two_nearest_that_unit_rows_do_not_know(rows):
    """Two lengths of one direction are one unit row; unit rows of few features lack digits."""
    raw = np.concatenate([rows, 2 * rows[:3]])
    assert Passes(np.concatenate([rows, rows[:3]]), Foreseen(activations=raw)).two_nearest() is None
    assert Passes(rows[:, :40], Foreseen(activations=rows[:, :40])).two_nearest() is None
    assert Passes(rows, Foreseen()).two_nearest() is None
