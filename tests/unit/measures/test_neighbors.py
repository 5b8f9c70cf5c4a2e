"""Nearest neighbours and TwoNN: by hand, and against the paper's fit."""

import math

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from evolution.measures import neighbors

pytestmark = pytest.mark.usefixtures("one_thread")


def test_purity_by_hand():
    rows = np.array([[0.0], [1], [3], [7], [15]])
    nearest = neighbors.nearest(rows, 2, "euclidean")
    assert nearest.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1], [3, 2]]
    labels = np.array([0, 0, 1, 1, 1])
    assert neighbors.purity(nearest, labels) == pytest.approx((1 + 1 + 0 + 1 + 2) / 10)


@pytest.mark.parametrize("classes", [2, 10, 55])
def test_votes_are_scikit_learns(classes):
    """Of classes with as many votes the smallest; by the classifier on all other samples."""
    random = np.random.default_rng(classes)
    labels, rows = random.integers(0, classes, 120), random.normal(size=(120, 3))
    voted = neighbors.votes(neighbors.nearest(rows, 6, "euclidean"), labels)
    expected = cross_val_predict(KNeighborsClassifier(6), rows, labels, cv=LeaveOneOut())
    np.testing.assert_array_equal(voted, expected)


def test_means_are_scikit_learns():
    random = np.random.default_rng(0)
    rows, values, held = random.normal(size=(80, 3)), random.normal(size=80), random.random((80, 4)) < 0.3
    nearest = neighbors.nearest(rows, 7, "euclidean")
    for known in (values, held):
        expected = cross_val_predict(KNeighborsRegressor(7), rows, known.astype(float), cv=LeaveOneOut())
        np.testing.assert_allclose(neighbors.means(nearest, known), expected, atol=1e-12)


@pytest.mark.parametrize("most", [5000, 100], ids=["whole", "blocks"])
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_intrinsic_dimension_of_a_cube(dimension, most):
    """A cube of that dimension, bent and turned into 40 dimensions."""
    random = np.random.default_rng(dimension)
    cube = random.random((2000, dimension))
    turned, _ = np.linalg.qr(random.normal(size=(40, 40)))
    rows = (np.pad(cube, ((0, 0), (0, 40 - dimension))) @ turned).astype(np.float32)
    found = neighbors.intrinsic_dimension(rows, matrix_samples=most)
    assert found == pytest.approx(dimension, rel=0.06)


@pytest.mark.parametrize("most", [5000, 10], ids=["whole", "blocks"])
def test_intrinsic_dimension_is_the_papers_fit(most):
    rows = np.random.default_rng(0).normal(size=(50, 3))
    distances = np.sort(np.linalg.norm(rows[:, None] - rows, axis=2), 1)
    x = np.log(np.sort(distances[:, 2] / distances[:, 1]))[:45]
    y = -np.log(1 - np.arange(1, 46) / 50)
    slope = np.linalg.lstsq(x[:, None], y, rcond=None)[0][0]
    assert neighbors.intrinsic_dimension(rows, matrix_samples=most) == pytest.approx(slope, rel=1e-9)
    # Copies change nothing, and a common part little.
    copied = np.vstack([rows, rows[:20]])[np.random.default_rng(1).permutation(70)]
    assert neighbors.intrinsic_dimension(copied, matrix_samples=most) == pytest.approx(slope, rel=1e-9)
    far = (copied + 100).astype(np.float32)
    assert neighbors.intrinsic_dimension(far, matrix_samples=most) == pytest.approx(slope, rel=1e-3)
    known = distances[:, 1:3]
    assert neighbors.intrinsic_dimension(rows, two_nearest=known) == pytest.approx(slope, rel=1e-9)


@pytest.mark.parametrize("most", [5000, 10], ids=["whole", "blocks"])
def test_no_intrinsic_dimension_without_neighbours(most, recwarn):
    # Copies; all distances alike, but for rounding; too few that are no copies.
    for rows in (np.zeros((30, 4)), 0.1 * np.eye(30) + 3, np.tile(np.eye(9), (5, 1))):
        assert math.isnan(neighbors.intrinsic_dimension(rows, matrix_samples=most))
    assert not recwarn.list
