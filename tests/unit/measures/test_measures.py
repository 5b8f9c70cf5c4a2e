"""Each measure against a closed form, or against a formula written out on raw matrices."""

import math

import numpy as np
import pytest
import yaml
from scipy.special import comb
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import normalize

from evolution.activations.compaction import compact
from evolution.config.resolve import SCHEMA
from evolution.measures import clustering as partitions
from evolution.measures import neighbors, probe, spectrum
from evolution.measures.registry import MEASURES

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_config_names_the_measures():
    measures = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["metrics"]["properties"]["measures"]
    assert measures["items"]["enum"] == list(MEASURES)
    assert set(measures["default"]) <= set(MEASURES)


# k-means and partitions


@pytest.mark.parametrize(("clusters", "n_init", "seed"), [(10, 10, 3), (4, 1, 0), (30, 5, 8), (2, 20, 1)])
def test_restarts_end_where_scikit_learn_ends(features, clusters, n_init, seed):
    rows = normalize(features[0])
    best, restarts = partitions.kmeans_restarts(rows, clusters, n_init, seed)
    np.testing.assert_array_equal(best, KMeans(clusters, n_init=n_init, random_state=seed).fit(rows).labels_)
    assert len(restarts) == n_init


def test_restarts_that_find_the_same_clusters_keep_the_first_ones_numbers():
    """Two blobs: every restart finds them, by rounding with other inertias and under other numbers."""
    random = np.random.default_rng(0)
    rows = (random.normal(size=(300, 20)) + 10 * (np.arange(300) % 2)[:, None]).astype(np.float32)
    for seed in range(10):
        best, restarts = partitions.kmeans_restarts(rows, 2, 8, seed)
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
    assert partitions.rand_index_spread(labels, restarts) == pytest.approx(
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
    values = partitions.v_measure(labels, clusters)
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
    (adjusted,) = partitions.adjusted_mutual_information(labels, clusters).values()
    assert adjusted == pytest.approx((shared - by_chance) / (mean - by_chance), abs=0.005)
    assert adjusted < values["v_measure"] - 0.03


def test_davies_bouldin_by_hand():
    # Two pairs, each 2 wide, 10 apart; read across, the groups' centres are 2 apart and each is 10 wide.
    rows = np.array([[0, 0], [0, 2], [10, 0], [10, 2]], float)
    values = partitions.davies_bouldin(rows, np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    assert values == pytest.approx({"davies_bouldin": (1 + 1) / 10, "label_davies_bouldin": (5 + 5) / 2})


def test_groups_with_one_centre_have_no_davies_bouldin():
    rows = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], float)
    scores = partitions.davies_bouldin(rows, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert math.isnan(scores["label_davies_bouldin"])
    # Centres (1/2, 1/2) and (-1/2, -1/2), 1.414 apart; each radius 0.707.
    assert scores["davies_bouldin"] == pytest.approx(1)


def test_class_means():
    labels = np.array([0, 0, 1, 3, 3])
    means = partitions.class_means(np.array([1, 0, 5, -0.5, 0]), labels, 5)
    assert means == pytest.approx([0.5, math.nan, math.nan, -0.25, math.nan], nan_ok=True)
    assert partitions.class_means(None, labels, 2) == pytest.approx([math.nan] * 2, nan_ok=True)


# Neighbours


def test_purity_by_hand():
    rows = np.array([[0.0], [1], [3], [7], [15]])
    nearest = neighbors.nearest(rows, 2, "euclidean")
    assert nearest.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1], [3, 2]]
    labels = np.array([0, 0, 1, 1, 1])
    assert neighbors.purity(nearest, labels) == pytest.approx((1 + 1 + 0 + 1 + 2) / 10)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_intrinsic_dimension_of_a_cube(dimension):
    """A cube of that dimension, bent and turned into 40 dimensions."""
    random = np.random.default_rng(dimension)
    cube = random.random((2000, dimension))
    turned, _ = np.linalg.qr(random.normal(size=(40, 40)))
    found = neighbors.intrinsic_dimension((np.pad(cube, ((0, 0), (0, 40 - dimension))) @ turned).astype(np.float32))
    assert found == pytest.approx(dimension, rel=0.06)


def test_intrinsic_dimension_is_the_papers_fit():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    distances = np.sort(np.linalg.norm(rows[:, None] - rows, axis=2), 1)
    x = np.log(np.sort(distances[:, 2] / distances[:, 1]))[:45]
    y = -np.log(1 - np.arange(1, 46) / 50)
    slope = np.linalg.lstsq(x[:, None], y, rcond=None)[0][0]
    assert neighbors.intrinsic_dimension(rows) == pytest.approx(slope, rel=1e-9)
    # Copies change nothing, and a common part little.
    copied = np.vstack([rows, rows[:20]])[np.random.default_rng(1).permutation(70)]
    assert neighbors.intrinsic_dimension(copied) == pytest.approx(slope, rel=1e-9)
    assert neighbors.intrinsic_dimension((copied + 100).astype(np.float32)) == pytest.approx(slope, rel=1e-3)


def test_no_intrinsic_dimension_without_neighbours(recwarn):
    assert math.isnan(neighbors.intrinsic_dimension(np.zeros((30, 4))))
    # All distances alike, but for rounding.
    assert math.isnan(neighbors.intrinsic_dimension(0.1 * np.eye(30) + 3))
    assert math.isnan(neighbors.intrinsic_dimension(np.tile(np.eye(9), (5, 1))))
    assert not recwarn.list


# Spectrum


def spread_rows(variances, samples, features, random, middle=0.01):
    """Rows whose covariance has just these eigenvalues, up to a factor, about a mean that is not 0."""
    left = random.normal(size=(samples, len(variances)))
    left, _ = np.linalg.qr(left - left.mean(0))
    right, _ = np.linalg.qr(random.normal(size=(features, len(variances))))
    return left * np.sqrt(variances) @ right.T + middle


@pytest.mark.parametrize("features", [30, 200])
def test_spectra_with_closed_forms(features):
    random = np.random.default_rng(0)
    for variances, rank, ratio in (
        (np.ones(8), 8, 8),
        ([1], 1, 1),
        # Singular values 3 and 1: shares 3/4 and 1/4.
        ([9, 1], math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)), 100 / 82),
    ):
        singular = spectrum.singular_values(spread_rows(np.array(variances, float), 60, features, random))
        assert spectrum.effective_rank(singular) == pytest.approx(rank, rel=1e-6)
        assert spectrum.participation_ratio(singular) == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize(
    ("variances", "middle"),
    [(np.ones(250), 0.01), (np.ones(5), 0.01), (np.ones(5), 0.5), (1 / np.arange(1, 250) ** 2, 0.001)],
    ids=["full", "low rank", "low rank, far off", "long tail"],
)
def test_spectra_of_compact_rows(variances, middle):
    """What compaction's rounding adds is too faint to count, and raw rows lose as little."""
    rows = spread_rows(variances, 300, 900, np.random.default_rng(1), middle).astype(np.float32)
    shares = np.sqrt(variances) / np.sqrt(variances).sum()
    for form in (rows, compact(rows)):
        singular = spectrum.singular_values(form)
        assert spectrum.effective_rank(singular) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()), rel=2e-3)
        assert spectrum.participation_ratio(singular) == pytest.approx(
            variances.sum() ** 2 / (variances**2).sum(), rel=2e-3
        )


def test_a_constant_layer_has_no_spectrum(recwarn):
    for rows in (np.full((20, 5), 0.1, np.float32), np.zeros((20, 50))):
        singular = spectrum.singular_values(rows)
        assert math.isnan(spectrum.effective_rank(singular)) and math.isnan(spectrum.participation_ratio(singular))
    assert not recwarn.list


# Probe


@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
@pytest.mark.parametrize("scale", [1, 1e-6])
def test_probe_is_ridge_on_one_hot_classes(features, form, scale):
    rows, labels = features
    exact = rows.astype(float) - rows.astype(float).mean(0)
    penalty = 1e-3 * 160 * np.square(exact).sum(1).mean()
    right = []
    for fit, held in StratifiedKFold(5, shuffle=True, random_state=7).split(rows, labels):
        ridge = Ridge(penalty, solver="svd").fit(exact[fit], np.eye(10)[labels[fit]])
        right += list(ridge.predict(exact[held]).argmax(1) == labels[held])
    assert probe.linear_probe(form(rows * np.float32(scale)), labels, 7) == pytest.approx(np.mean(right), abs=0.011)
    assert 0.8 < np.mean(right) < 1


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("width", [100, 200, 600])
def test_probe_predicts_what_scikit_learns_ridge_classifier_does(features, classes, width):
    """By features or by inner products, whichever are fewer: the same sample for sample."""
    rows, labels = probe.centred(features[0][:, :width]), 3 * (features[1] % classes)
    right = []
    for fit, held in StratifiedKFold(5, shuffle=True, random_state=7).split(rows, labels):
        ridge = RidgeClassifier(probe.PENALTY * len(fit), solver="svd").fit(rows[fit], labels[fit])
        right += list(ridge.predict(rows[held]) == labels[held])
    assert probe.linear_probe(features[0][:, :width], labels, 7) == np.mean(right)


def test_probe_sees_what_is_linear_and_no_more():
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 2))
    assert probe.linear_probe(rows, (rows[:, 0] > 0).astype(int), 0) > 0.95
    # Held out, a class that no line separates (XOR), and labels that mean nothing, are chance.
    assert probe.linear_probe(rows, (rows[:, 0] * rows[:, 1] > 0).astype(int), 0) < 0.6
    assert probe.linear_probe(random.normal(size=(400, 800)), np.arange(400) % 2, 0) == pytest.approx(0.5, abs=0.1)


def test_no_probe_without_classes_to_tell_apart(recwarn):
    rows = np.random.default_rng(0).normal(size=(20, 3))
    assert math.isnan(probe.linear_probe(rows, np.zeros(20, int), 0))
    assert math.isnan(probe.linear_probe(rows, np.array([1] + [0] * 19), 0))
    assert math.isnan(probe.linear_probe(np.ones((20, 3)), np.arange(20) % 2, 0))
    assert probe.linear_probe(rows, np.array([1, 1, 1] + [0] * 17), 0) >= 0
    assert not recwarn.list
