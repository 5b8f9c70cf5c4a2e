"""Directions: the distances between unit rows, of all samples and of some."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples
from sklearn.preprocessing import normalize

from evolution.measures.directions import find_directions

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def rows():
    return normalize(np.random.default_rng(0).normal(size=(60, 7))).astype(np.float32)


@pytest.mark.parametrize("most", [60, 59], ids=["matrix", "chunks"])
def test_neighbours_and_silhouettes(rows, most):
    directions = find_directions(rows, matrix_samples=most)
    distances = cdist(rows.astype(float), rows.astype(float)) + np.diag(np.full(60, 9))
    np.testing.assert_array_equal(directions.nearest(4), distances.argsort(1)[:, :4])
    groups = np.arange(60) % 3
    np.testing.assert_allclose(directions.silhouettes(groups), silhouette_samples(rows, groups), atol=1e-5)
    assert directions.silhouettes(np.zeros(60, int)) is None


@pytest.mark.parametrize("most", [60, 50], ids=["matrix", "chunks"])
def test_some_samples_are_as_if_there_were_no_others(rows, most):
    chosen = np.arange(60) % 4 != 1
    part, alone = find_directions(rows, matrix_samples=most).of(chosen), find_directions(rows[chosen])
    np.testing.assert_array_equal(part.rows, alone.rows)
    np.testing.assert_array_equal(part.nearest(5), alone.nearest(5))
    whole = find_directions(rows)
    assert whole.of(np.ones(60, bool)) is whole


def test_neighbours_are_searched_for_once(rows):
    """Target and attributes of the same samples share them: of many samples a search takes seconds."""
    directions = find_directions(rows)
    found = directions.nearest(4)
    assert directions.of(np.ones(60, bool)).nearest(4) is found
    assert directions.nearest(5).shape == (60, 5)
    np.testing.assert_array_equal(directions.nearest(5)[:, :4], found)


def test_copies_are_exactly_0_apart(rows):
    copied = np.repeat(rows[:6], 10, axis=0)
    directions = find_directions(copied, of_copies=True)
    same = np.repeat(np.arange(6), 10)
    assert ((directions.distances == 0) == (same[:, None] == same)).all()
