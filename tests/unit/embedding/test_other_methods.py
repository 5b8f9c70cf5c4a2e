"""PCA against scikit-learn's; UMAP and PaCMAP have their tests with all methods in test_layout."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from evolution.activations.compaction import compact, unit_rows
from evolution.embedding.other_methods import plane

pytestmark = pytest.mark.usefixtures("one_thread")


TURN = np.array([[0.6, -0.8], [0.8, 0.6]])


@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
def test_pca_is_scikit_learns(features, form):
    rows = unit_rows(features[0])
    scores = PCA(2, svd_solver="full").fit_transform(rows)
    layout = plane(form(rows), start=None, seed=17)
    for axis in (0, 1):
        sign = np.sign(scores[np.abs(scores[:, axis]).argmax(), axis])
        np.testing.assert_allclose(layout[:, axis], sign * scores[:, axis], atol=1e-5)


def test_pca_signs_do_not_depend_on_the_features_signs(features):
    """Where the data are mirrored about their centre, so is the layout; the furthest image is on the positive side."""
    rows = unit_rows(features[0][:, :30])
    layout = plane(rows, start=None, seed=17)
    assert (layout[np.abs(layout).argmax(axis=0), [0, 1]] > 0).all()
    mirrored = plane(rows * np.where(np.arange(30) % 2, 1, -1).astype(np.float32), start=None, seed=17)
    np.testing.assert_allclose(mirrored, layout, atol=1e-5)


@pytest.mark.parametrize("turn", [TURN, TURN @ np.diag([1, -1]), -np.eye(2)], ids=["turned", "mirrored", "half a turn"])
def test_pca_is_turned_to_the_epoch_before_and_never_scaled(features, turn):
    rows = unit_rows(features[0])
    alone = plane(rows, start=None, seed=17)
    before = 3 * alone @ turn + [5, -7]
    fitted = plane(rows, start=before, seed=17)
    np.testing.assert_allclose(fitted, alone @ turn, atol=1e-4)
    np.testing.assert_allclose(pdist(fitted), pdist(alone), atol=1e-4)


def test_pca_of_a_single_feature(features):
    layout = plane(features[0][:, :1], start=None, seed=17)
    np.testing.assert_allclose(np.abs(layout[:, 0]), np.abs(features[0][:, 0] - features[0][:, 0].mean()), atol=1e-5)
    assert not layout[:, 1].any()
