"""k-means and its clusters against the classes: against scikit-learn, closed forms, and formulas written out."""

import math

import numpy as np
import pytest
from scipy.special import comb
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.preprocessing import normalize

from evolution.measures import clustering

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("together", [5000, 100], ids=["one by one", "side by side"])
@pytest.mark.parametrize(("clusters", "n_init", "seed"), [(10, 10, 3), (4, 1, 0), (30, 5, 8), (2, 20, 1)])
def test_restarts_end_where_scikit_learn_ends(features, clusters, n_init, seed, together):
    rows = normalize(features[0])
    best, restarts = clustering.kmeans_restarts(rows, clusters=clusters, n_init=n_init, seed=seed, together=together)
    np.testing.assert_array_equal(best, KMeans(clusters, n_init=n_init, random_state=seed).fit(rows).labels_)
    assert len(restarts) == n_init


def test_restarts_that_find_the_same_clusters_keep_the_first_ones_numbers():
    """Two blobs: every restart finds them, by rounding with other inertias and under other numbers."""
    random = np.random.default_rng(0)
    rows = (random.normal(size=(300, 20)) + 10 * (np.arange(300) % 2)[:, None]).astype(np.float32)
    for seed in range(10):
        best, restarts = clustering.kmeans_restarts(rows, clusters=2, n_init=8, seed=seed)
        np.testing.assert_array_equal(best, KMeans(2, n_init=8, random_state=seed).fit(rows).labels_)
        np.testing.assert_array_equal(best, restarts[0])


def rand_index(labels, clusters):
    """Hubert and Arabie's formula on the table of counts."""
    table = metrics.cluster.contingency_matrix(labels, clusters)
    both, ours, theirs = (comb(counts, 2).sum() for counts in (table, table.sum(0), table.sum(1)))
    expected = ours * theirs / comb(len(labels), 2)
    return (both - expected) / ((ours + theirs) / 2 - expected)


def test_rand_index_spread():
    labels = np.array([0, 0, 0, 1, 1, 1])
    restarts = [labels, np.array([0, 0, 1, 1, 1, 1]), np.array([0, 1, 0, 1, 0, 1])]
    indices = [rand_index(labels, restart) for restart in restarts]
    assert clustering.rand_index_spread(labels, restarts) == pytest.approx(
        {
            "adjusted_rand_index_min": min(indices),
            "adjusted_rand_index_mean": sum(indices) / 3,
            "adjusted_rand_index_max": 1,
            "adjusted_rand_index_sd": np.std(indices),
        }
    )


def entropy(*groups):
    """Of the joint distribution of labels, in nats."""
    _, counts = np.unique(np.stack(groups), axis=1, return_counts=True)
    shares = counts / counts.sum()
    return -(shares * np.log(shares)).sum()


def test_information_of_partitions():
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 60)
    clusters = np.where(random.random(60) < 0.6, labels, random.integers(0, 5, 60))
    shared = entropy(labels) + entropy(clusters) - entropy(labels, clusters)
    values = clustering.v_measure(labels, clusters)
    homogeneity, completeness = shared / entropy(labels), shared / entropy(clusters)
    assert values == pytest.approx(
        {
            "homogeneity": homogeneity,
            "completeness": completeness,
            "v_measure": 2 * homogeneity * completeness / (homogeneity + completeness),
        }
    )
    # Chance, by drawing: what is shared once the clusters are shuffled.
    shuffled = (random.permutation(clusters) for _ in range(4000))
    by_chance = np.mean([entropy(labels) + entropy(mixed) - entropy(labels, mixed) for mixed in shuffled])
    mean = (entropy(labels) + entropy(clusters)) / 2
    (adjusted,) = clustering.adjusted_mutual_information(labels, clusters).values()
    assert adjusted == pytest.approx((shared - by_chance) / (mean - by_chance), abs=0.005)
    assert adjusted < values["v_measure"] - 0.03


def test_davies_bouldin_by_hand():
    # Two pairs, each 2 wide, 10 apart; read across, the groups' centres are 2 apart and each is 10 wide.
    rows = np.array([[0, 0], [0, 2], [10, 0], [10, 2]], float)
    assert clustering.davies_bouldin(rows, np.array([0, 0, 1, 1])) == pytest.approx((1 + 1) / 10)
    assert clustering.davies_bouldin(rows, np.array([0, 1, 0, 1])) == pytest.approx((5 + 5) / 2)


def test_groups_with_one_centre_have_no_davies_bouldin():
    rows = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], float)
    assert math.isnan(clustering.davies_bouldin(rows, np.array([0, 0, 1, 1])))
    # Centres (1/2, 1/2) and (-1/2, -1/2), 1.414 apart; each radius 0.707.
    assert clustering.davies_bouldin(rows, np.array([0, 1, 0, 1])) == pytest.approx(1)


def test_silhouettes_of_sums_are_scikit_learns():
    """Of groups of several sizes, one of them of one sample."""
    rows, groups = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 5
    groups[0] = 5
    distances = metrics.pairwise_distances(rows)
    found = clustering.silhouettes_of_sums(distances @ np.eye(6)[groups], groups)
    np.testing.assert_allclose(found, metrics.silhouette_samples(rows, groups), atol=1e-12)
    assert found[0] == 0 and not clustering.silhouettes_of_sums(np.zeros((4, 2)), np.array([0, 0, 1, 1])).any()


def test_class_means():
    labels = np.array([0, 0, 1, 3, 3])
    means = clustering.class_means(np.array([1, 0, 5, -0.5, 0]), labels, 5)
    assert means == pytest.approx([0.5, math.nan, math.nan, -0.25, math.nan], nan_ok=True)
    assert clustering.class_means(None, labels, 2) == pytest.approx([math.nan] * 2, nan_ok=True)
