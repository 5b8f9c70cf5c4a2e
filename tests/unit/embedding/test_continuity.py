"""Going on from a layout: by hand, and jumps of stranded dots against t-SNE's loss by its definition, dot by dot."""

from itertools import pairwise

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.spatial.distance import pdist, squareform
from sklearn.neighbors import NearestNeighbors

from evolution.activations.compaction import unit_rows
from evolution.embedding.continuity import (
    JUMP_GAIN,
    draw_back,
    kept_neighbors,
    relocate_stranded,
    repulsion,
    review_due,
)
from evolution.embedding.layout import EmbeddingSettings, lay_out
from support.embedding_methods import KEYS
from support.scrambled import SWAPPED, scramble

pytestmark = pytest.mark.usefixtures("one_thread")


def test_kept_neighbors_by_hand():
    """Two pairs of dots, and rows that are paired the same way, then the other. Two of three others count as near."""
    layout = np.array([[0, 0], [0, 1], [9, 0], [9, 1]])
    pairs = np.array([[0.0], [1], [8], [9]])
    near = np.ones((4, 2))
    assert kept_neighbors(layout, pairs, near) == pytest.approx(1)
    assert kept_neighbors(layout, pairs[[0, 2, 1, 3]], near) == pytest.approx((0 - 2 / 3) / (1 - 2 / 3))


def layout_from_scratch(rows):
    return lay_out(rows, settings=EmbeddingSettings("tsne", **KEYS), start=None, seed=17)[0]


def loss(affinities, layout):
    """The divergence (van der Maaten and Hinton 2008); affinities dense (N, N)."""
    weights = squareform(1 / (1 + pdist(layout, "sqeuclidean")))
    some = affinities > 0
    return (affinities[some] * np.log(affinities[some] / (weights[some] / weights.sum()))).sum()


@pytest.fixture
def scrambled(features):
    """Affinities and neighbours of 200 rows, and a layout of theirs in which 30 are in the positions of others."""
    rows = unit_rows(features[0])
    layout = scramble(layout_from_scratch(rows))
    neighbors = NearestNeighbors(n_neighbors=30).fit(rows).kneighbors(return_distance=False)
    return PerplexityBasedNN(rows, perplexity=10, method="exact").P, neighbors, layout


def test_a_jump_lowers_the_loss_and_a_dot_that_stays_has_no_better_position(scrambled):
    affinities, neighbors, layout = scrambled
    relocated, number = relocate_stranded(layout, affinities, neighbors, repulsion(layout))
    jumped = (relocated != layout).any(axis=1)
    assert number == jumped.sum() > SWAPPED / 3
    dense = affinities.toarray()
    before = loss(dense, layout)
    least = JUMP_GAIN / 200
    best = np.empty(200, int)
    for dot in range(200):
        changes = []
        for position in layout[neighbors[dot, :10]]:
            alone = layout.copy()
            alone[dot] = position
            changes.append(loss(dense, alone) - before)
        best[dot] = neighbors[dot, np.argmin(changes)] if min(changes) < -least else dot
    wants = best != np.arange(200)
    # No dot jumps to one that leaves as well.
    np.testing.assert_array_equal(jumped, wants & ~wants[best])
    landing = layout[best[jumped]]
    np.testing.assert_allclose(relocated[jumped], landing + 0.01 * (layout[jumped] - landing), rtol=1e-12)
    assert loss(dense, relocated) < before - 0.2


def test_a_dot_among_strangers_comes_home():
    """Two clusters of ten; one dot of the left one lies in the right one."""
    angles = np.arange(10) * 2 * np.pi / 10
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    layout = np.concatenate([ring - [20, 0], ring + [20, 0]])
    layout[3] = [20, 0]
    same = np.kron(np.eye(2), np.ones((10, 10))) - np.eye(20)
    neighbors = np.array([np.flatnonzero(row) for row in same])
    relocated, number = relocate_stranded(layout, csr_matrix(same / same.sum()), neighbors, repulsion(layout))
    assert number == 1
    home, away = layout[neighbors[3]], np.array([20.0, 0.0])
    # A hundredth of the way back from one of its own.
    distances = np.linalg.norm(home + 0.01 * (away - home) - relocated[3], axis=1)
    assert distances.min() == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(np.delete(relocated, 3, 0), np.delete(layout, 3, 0))


def test_dots_that_are_at_home_stay(features):
    rows = unit_rows(features[0])
    layout = layout_from_scratch(rows)
    neighbors = NearestNeighbors(n_neighbors=30).fit(rows).kneighbors(return_distance=False)
    affinities = PerplexityBasedNN(rows, perplexity=10).P
    _, number = relocate_stranded(layout, affinities, neighbors, repulsion(layout))
    assert number < 10


def test_the_size_of_the_blocks_does_not_matter(scrambled):
    affinities, neighbors, layout = scrambled
    expected, number = relocate_stranded(layout, affinities, neighbors, repulsion(layout))
    relocated, again = relocate_stranded(layout, affinities, neighbors, repulsion(layout), block=7)
    assert again == number
    np.testing.assert_allclose(relocated, expected, rtol=1e-12)


def test_repulsion_is_its_sum(scrambled):
    layout = scrambled[2]
    expected = squareform(1 / (1 + pdist(layout, "sqeuclidean"))).sum(axis=1)
    np.testing.assert_allclose(repulsion(layout), expected, rtol=1e-12)


def test_drawing_back_pays_for_movement():
    """Against a numerical minimum of squared distance to the layout and the price on the way from the start."""
    random = np.random.default_rng(3)
    start = random.normal(size=(6, 2))
    layout = start + random.normal(size=(6, 2)) * np.array([[0], [0.01], [0.1], [0.3], [1], [2]])
    distance = 0.2
    price = distance * np.sqrt(np.square(start - start.mean(0)).sum(1).mean())
    for share, cost in (
        (0, lambda way: price * np.linalg.norm(way)),
        (0.25, lambda way: 0.25 / 0.75 / 2 * way @ way),
    ):
        drawn = draw_back(layout, start, share=share, distance=0 if share else distance)
        for dot, begun, found in zip(layout, start, drawn):
            loss = lambda position: (position - dot) @ (position - dot) / 2 + cost(position - begun)  # noqa: E731, B023
            best = minimize(loss, dot, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).x
            np.testing.assert_allclose(found, best, atol=1e-4)
    still = draw_back(layout, start, share=0, distance=distance)
    np.testing.assert_array_equal(still[:2], start[:2])


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 2, 4, 6, 8, 10, 12, 14, 16, 18], [4, 16]),
        ([0, 1, 2, 3, 5, 10, 100], [5, 100]),
        ([0, 5, 7, 15, 16, 63, 64, 255], [5, 16, 64]),
        ([0, 1000], [1000]),
    ],
)
def test_reviews_are_at_the_first_snapshots_from_each_power_of_four_on(times, expected):
    assert [time for before, time in pairwise(times) if review_due(before, time)] == expected
