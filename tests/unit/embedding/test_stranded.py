"""Jumps of stranded dots: against t-SNE's loss by its definition, dot by dot."""

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from scipy.sparse import csr_matrix
from scipy.spatial.distance import pdist, squareform
from sklearn.neighbors import NearestNeighbors

from evolution.activations.compaction import unit_rows
from evolution.embedding import stranded, tsne
from evolution.embedding.layout import lay_out
from evolution.embedding.stranded import relocate_stranded, repulsion

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {"perplexity": 10, "pca_components": 20}
SWAPPED = 30  # how many of the features' 200 rows are in a place of another


def loss(affinities, layout):
    """The divergence (van der Maaten and Hinton 2008); affinities dense (N, N)."""
    weights = squareform(1 / (1 + pdist(layout, "sqeuclidean")))
    some = affinities > 0
    return (affinities[some] * np.log(affinities[some] / (weights[some] / weights.sum()))).sum()


@pytest.fixture
def scrambled(features):
    """Affinities and neighbours of 200 rows, and a layout of theirs in which 30 have changed places."""
    rows = unit_rows(features[0])
    layout = lay_out("tsne", rows, SETTINGS, None, 17)[0].astype(np.float64)
    places = np.arange(200)
    places[:SWAPPED] = np.roll(places[:SWAPPED], 7)
    neighbors = NearestNeighbors(n_neighbors=30).fit(rows).kneighbors(return_distance=False)
    return PerplexityBasedNN(rows, perplexity=10, method="exact").P, neighbors, layout[places]


def test_a_jump_lowers_the_loss_and_who_stays_has_no_better_place(scrambled):
    affinities, neighbors, layout = scrambled
    relocated, number = relocate_stranded(layout, affinities, neighbors)
    jumped = (relocated != layout).any(axis=1)
    assert number == jumped.sum() > SWAPPED / 3
    dense = affinities.toarray()
    before = loss(dense, layout)
    least = stranded.GAIN / 200
    best = np.empty(200, int)
    for dot in range(200):
        changes = []
        for place in layout[neighbors[dot, :10]]:
            alone = layout.copy()
            alone[dot] = place
            changes.append(loss(dense, alone) - before)
        best[dot] = neighbors[dot, np.argmin(changes)] if min(changes) < -least else dot
    wants = best != np.arange(200)
    # To a dot that leaves as well nothing jumps.
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
    relocated, number = relocate_stranded(layout, csr_matrix(same / same.sum()), neighbors)
    assert number == 1
    home, away = layout[neighbors[3]], np.array([20.0, 0.0])
    # A hundredth of the way back from one of its own.
    distances = np.linalg.norm(home + 0.01 * (away - home) - relocated[3], axis=1)
    assert distances.min() == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(np.delete(relocated, 3, 0), np.delete(layout, 3, 0))


def test_dots_that_are_at_home_stay(features):
    rows = unit_rows(features[0])
    layout = lay_out("tsne", rows, SETTINGS, None, 17)[0]
    neighbors = NearestNeighbors(n_neighbors=30).fit(rows).kneighbors(return_distance=False)
    _, number = relocate_stranded(layout, PerplexityBasedNN(rows, perplexity=10).P, neighbors)
    assert number < 10


def test_the_size_of_the_blocks_does_not_matter(scrambled, monkeypatch):
    affinities, neighbors, layout = scrambled
    expected, number = relocate_stranded(layout, affinities, neighbors)
    monkeypatch.setattr(stranded, "BLOCK", 7)
    relocated, again = relocate_stranded(layout, affinities, neighbors)
    assert again == number
    np.testing.assert_allclose(relocated, expected, rtol=1e-12)


def test_repulsion_is_its_sum(scrambled):
    layout = scrambled[2]
    expected = squareform(1 / (1 + pdist(layout, "sqeuclidean"))).sum(axis=1)
    np.testing.assert_allclose(repulsion(layout), expected, rtol=1e-12)


def test_a_layout_that_goes_on_leaves_no_dot_behind(scrambled, features, monkeypatch):
    """From a start in which some dots are strangers, t-SNE ends lower than without jumps, and near a fresh start."""
    rows, start = unit_rows(features[0]), scrambled[2]
    # That it is not made afresh.
    monkeypatch.setattr(tsne, "KEPT", 0)
    fresh = lay_out("tsne", rows, SETTINGS, None, 17)[1]
    with_jumps = lay_out("tsne", rows, SETTINGS, start, 17)[1]
    monkeypatch.setattr(tsne, "relocate_stranded", lambda layout, *_: (layout, 0))
    without = lay_out("tsne", rows, SETTINGS, start, 17)[1]
    assert with_jumps < 1.1 * fresh
    assert with_jumps < without - 0.05
