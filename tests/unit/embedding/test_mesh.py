"""Repulsion by way of a mesh against sums over all pairs, and t-SNE's gradient against differences of its loss."""

import numpy as np
import pytest
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist, pdist, squareform

from evolution.activations.compaction import unit_rows
from evolution.embedding import mesh
from evolution.embedding.mesh import crowding_and_push, descent_on_mesh, divergence

pytestmark = pytest.mark.usefixtures("one_thread")


def clusters(samples=600, radius=20, seed=0):
    random = np.random.default_rng(seed)
    return radius * random.normal(size=(6, 2)).repeat(samples // 6, axis=0) + 2 * random.normal(size=(samples, 2))


def by_all_pairs(layout):
    away = layout[:, None] - layout
    kernel = 1 / (1 + np.square(away).sum(axis=2))
    return kernel.sum(axis=1) - 1, (away * kernel[:, :, None] ** 2).sum(axis=1)


@pytest.mark.parametrize(("spacing", "sums", "pushes"), [(0.5, 3e-3, 0.06), (0.35, 8e-4, 0.02), (0.2, 1e-4, 3e-3)])
@pytest.mark.parametrize("shape", [[1, 1], [1, 0], [0.1, 3]], ids=["", "a line", "stretched"])
def test_sums_are_near_those_over_all_pairs(spacing, sums, pushes, shape):
    layout = clusters() * shape
    crowding, push = crowding_and_push(layout, spacing=spacing)
    expected, wanted = by_all_pairs(layout)
    assert crowding.sum() == pytest.approx(expected.sum(), rel=sums)
    np.testing.assert_allclose(crowding, expected, atol=3 * sums * expected.max())
    assert np.linalg.norm(push - wanted) < pushes * np.linalg.norm(wanted)


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 0.1])
def test_a_small_layout_is_seen_as_sharply(scale):
    """t-SNE starts with a radius of 1e-4, where the pushes are proportional to the distances."""
    layout = clusters() / 20 * scale
    crowding, push = crowding_and_push(layout, spacing=0.5)
    expected, wanted = by_all_pairs(layout)
    np.testing.assert_allclose(crowding, expected, rtol=1e-4)
    assert np.linalg.norm(push - wanted) < 1e-3 * np.linalg.norm(wanted)


def test_dots_in_one_place_do_not_push():
    crowding, push = crowding_and_push(np.full((7, 2), 3.0), spacing=0.5)
    assert (crowding == 6).all() and (push == 0).all()


def test_dots_in_one_place_have_no_slope():
    """openTSNE's attraction would end the process."""
    layout = np.full((7, 2), 3.0)
    _, gradient = descent_on_mesh(0.5)(layout, csr_matrix(np.full((7, 7), 1 / 49)), dof=1)
    assert (gradient == 0).all()


def test_a_divergence_that_is_rough_is_said(affinities, caplog):
    layout = np.zeros((affinities.P.shape[0], 2))
    layout[0] = 1e4
    with caplog.at_level("WARNING", "evolution"):
        divergence(layout, affinities.P, spacing=0.2)
    assert "10000 wide" in caplog.text


def test_a_dot_far_out_makes_the_mesh_no_larger(monkeypatch):
    sizes = []
    kernel = mesh._kernel
    monkeypatch.setattr(mesh, "_kernel", lambda size, *rest: sizes.append(size) or kernel(size, *rest))
    layout = clusters()
    layout[0] = 1e5
    crowding, _ = crowding_and_push(layout, spacing=0.5)
    assert max(sizes) < 4500
    assert np.isfinite(crowding).all() and crowding[0] == pytest.approx(0, abs=0.1)


@pytest.fixture
def affinities(features):
    return PerplexityBasedNN(unit_rows(features[0]), perplexity=10, method="exact")


def loss(dense, layout):
    weights = squareform(1 / (1 + pdist(layout, "sqeuclidean")))
    some = dense > 0
    return (dense[some] * np.log(dense[some] / (weights[some] / weights.sum()))).sum()


def test_the_gradient_is_the_slope_of_the_loss(affinities):
    """A quarter of it; the affinities are left as they were."""
    layout = np.random.default_rng(0).normal(size=(200, 2)) * 5
    before = affinities.P.data.copy()
    dense = affinities.P.toarray()
    error, gradient = descent_on_mesh(0.1)(TSNEEmbedding(layout.copy(), affinities), affinities.P, dof=1, n_jobs=1)
    assert np.isnan(error)
    assert affinities.P.data.tobytes() == before.tobytes()
    slopes = np.empty((200, 2))
    for place in np.ndindex(200, 2):
        step = np.zeros((200, 2))
        step[place] = 1e-4
        slopes[place] = (loss(dense, layout + step) - loss(dense, layout - step)) / 2e-4
    assert np.linalg.norm(4 * gradient - slopes) < 2e-3 * np.linalg.norm(slopes)


@pytest.mark.parametrize("scale", [0.01, 1, 10])
def test_the_divergence_is_its_definition(affinities, scale):
    layout = np.random.default_rng(0).normal(size=(200, 2)) * scale
    expected = loss(affinities.P.toarray(), layout)
    assert divergence(layout, affinities.P, spacing=0.2) == pytest.approx(expected, abs=3e-4)


def test_dots_of_the_same_place_in_a_large_layout():
    """Copies push each other nowhere, and each counts the others in full."""
    layout = np.concatenate([np.zeros((50, 2)), clusters()])
    crowding, _ = crowding_and_push(layout, spacing=0.2)
    expected = (1 / (1 + cdist(layout, layout, "sqeuclidean"))).sum(axis=1) - 1
    np.testing.assert_allclose(crowding, expected, rtol=0.01, atol=0.01)
