"""Trustworthiness against scikit-learn's and its formula; drift by hand."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn import manifold

from evolution.embedding.quality import drift, trustworthiness
from evolution.seeds import generator

pytestmark = pytest.mark.usefixtures("one_thread")

TURN = np.array([[0.6, -0.8], [0.8, 0.6]])
MIRROR = np.array([[1, 0], [0, -1]])


@pytest.fixture
def layout(features):
    """200 rows, and a layout that keeps some of their neighbours."""
    rows = features[0]
    return rows, (rows @ np.random.default_rng(5).normal(size=(rows.shape[1], 2))).astype(np.float32)


@pytest.mark.parametrize("limits", [{"all_judged": 200}, {}, {"all_judged": 0, "judged": 200}])
def test_few_samples_are_all_judged(layout, limits):
    expected = manifold.trustworthiness(*layout, n_neighbors=7)
    assert 0.5 < expected < 0.99
    assert trustworthiness(*layout, neighbors=7, seed=3, **limits) == pytest.approx(expected, abs=1e-12)


def test_a_drawn_sample_is_judged_among_all_others(layout):
    rows, plane = layout
    chosen = generator(3, "trustworthiness").choice(200, 150, replace=False)
    by_rows, by_plane = (cdist(points[chosen], points) for points in (rows.astype(float), plane.astype(float)))
    excess = 0
    for sample, wide, flat in zip(chosen, by_rows, by_plane):
        wide, flat = (np.delete(distances, sample).argsort().tolist() for distances in (wide, flat))
        excess += sum(max(wide.index(other) + 1 - 7, 0) for other in flat[:7])
    expected = 1 - 2 * excess / (150 * 7 * (2 * 200 - 3 * 7 - 1))
    found = trustworthiness(rows, plane, neighbors=7, seed=3, all_judged=0, judged=150)
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_size_of_the_blocks_does_not_matter(layout):
    expected = trustworthiness(*layout, neighbors=7, seed=3, all_judged=0, judged=150)
    assert trustworthiness(*layout, neighbors=7, seed=3, all_judged=0, judged=150, block=7) == expected


def test_the_estimate_is_unbiased(layout):
    estimates = [trustworthiness(*layout, neighbors=7, seed=seed, all_judged=0, judged=60) for seed in range(100)]
    expected = manifold.trustworthiness(*layout, n_neighbors=7)
    error = np.std(estimates) / 10
    assert 0 < error < 0.01
    assert np.mean(estimates) == pytest.approx(expected, abs=4 * error)


def test_the_standard_error_is_that_of_the_estimate(layout, caplog):
    with caplog.at_level("INFO", logger="evolution"):
        estimates = [trustworthiness(*layout, neighbors=7, seed=seed, all_judged=0, judged=60) for seed in range(100)]
    said = [float(message.split()[-1]) for message in caplog.messages]
    assert np.mean(said) == pytest.approx(np.std(estimates), rel=0.25)


def test_rows_that_are_close_together_are_told_apart(layout):
    """In float32 the products of such rows differ by rounding alone."""
    rows, plane = layout
    rows = (10 + rows / np.abs(rows).max() * 1e-2).astype(np.float32)
    chosen = {"seed": 3, "all_judged": 0, "judged": 150}
    precise = trustworthiness(rows.astype(np.float64), plane, neighbors=7, **chosen)
    assert trustworthiness(rows, plane, neighbors=7, **chosen) == pytest.approx(precise, abs=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_a_few_rows_that_are_close_together_are_told_apart_too(layout, share):
    rows, plane = layout
    few = np.arange(200) < share * 200
    rows = np.where(few[:, None], rows[0] + 1e-4 * rows, rows).astype(np.float32)
    precise, found = (
        trustworthiness(form, plane, neighbors=7, seed=3, all_judged=0, judged=150)
        for form in (rows.astype(np.float64), rows)
    )
    assert found == pytest.approx(precise, abs=1e-4)


def test_copies_in_the_layout_are_no_fault():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    same = np.repeat(rows, 4, axis=0)
    assert trustworthiness(same, same, neighbors=3, seed=0) == 1


def test_drift_of_points_that_are_all_the_same_is_not_defined():
    layout = np.random.default_rng(0).normal(size=(30, 2))
    assert np.isnan(drift(np.zeros((30, 2)), layout)) and np.isnan(drift(layout, np.ones((30, 2))))


@pytest.mark.parametrize("turn", [np.eye(2), TURN, MIRROR, TURN @ MIRROR, -TURN])
def test_drift_ignores_turn_scale_and_shift(turn):
    layout = np.random.default_rng(0).normal(size=(30, 2))
    assert drift(layout, 3 * layout @ turn + [5, -7]) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("turn", [np.eye(2), TURN, TURN @ MIRROR])
@pytest.mark.parametrize("scale", [1e-3, 1, 50])
def test_drift_by_hand(turn, scale):
    """A square, with two points at the left and right corners, becomes a rhombus twice as wide as high.

    Both have their centre in 0. With unit root mean square radius the square's corners are at 1 and the rhombus' at
    2 t and t, with t = 1 / sqrt(3). Procrustes scales the rhombus by 5 t / 3 to bring it nearest, which puts them at
    10 / 9 and 5 / 9: four points have moved by 1 / 9 and two by 4 / 9.
    """
    square = np.array([[1, 0], [1, 0], [0, 1], [-1, 0], [-1, 0], [0, -1]], float)
    rhombus = square * [2, 1]
    assert drift(square, scale * rhombus @ turn + 3) == pytest.approx(1 / 9)
