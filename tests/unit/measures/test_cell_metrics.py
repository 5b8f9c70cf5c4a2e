"""All metrics of a cell: against scikit-learn, by hand, and of layers for which some are not defined."""

import logging
import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

from evolution.activations.compaction import compact
from evolution.measures import neighbors, probe, spectrum
from evolution.measures.attributes import read_attribute
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.products import Products
from evolution.measures.registry import OF_CLUSTERS, PER_CLASS
from evolution.seeds import integer_seed
from support.measured_by_sklearn import truth
from support.metrics_of_classes import BASIC_METRICS, MEASURES

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = MeasureSettings(clusters=10, n_init=3, neighbors=5, measures=(), seed=4)
ALL = tuple(MEASURES)


def layer(kind, features):
    """Activations of one kind, from 200 digits' 600 features."""
    rows, labels = features
    if kind == "narrow":
        return rows[:, :50], labels
    if kind == "square":
        return rows[:, :200], labels
    if kind == "tiny values":
        return rows * np.float32(1e-7), labels
    if kind == "large values":
        return rows * np.float32(6e4), labels
    if kind == "different norms":
        return rows * np.logspace(-3, 3, 200, dtype=np.float32)[:, None], labels
    if kind == "duplicates":
        return np.concatenate([rows[:120], rows[:80]]), np.concatenate([labels[:120], labels[:80]])
    return rows, labels


@pytest.mark.parametrize(
    "kind", ["wide", "narrow", "square", "tiny values", "large values", "different norms", "duplicates"]
)
@pytest.mark.parametrize("form", [compact, np.asarray], ids=["compact", "raw"])
def test_values_are_scikit_learns(features, kind, form):
    raw, labels = layer(kind, features)
    settings = replace(SETTINGS, n_init=10)
    values, assigned, _ = layer_metrics(form(raw), labels, settings)
    expected, expected_clusters = truth(raw, labels, settings)
    np.testing.assert_array_equal(assigned, expected_clusters)
    assert values == pytest.approx(expected, abs=1e-4)
    assert tuple(values) == BASIC_METRICS
    assert all(type(value) is float for value in values.values())
    assert assigned.dtype == np.int16


@pytest.mark.parametrize(("clusters", "n_init", "neighbors", "seed"), [(3, 10, 1, 0), (25, 2, 10, 1), (10, 1, 4, 2)])
def test_settings_reach_scikit_learn(features, clusters, n_init, neighbors, seed):
    raw, labels = features
    settings = MeasureSettings(clusters=clusters, n_init=n_init, neighbors=neighbors, measures=(), seed=seed)
    values, *_ = layer_metrics(compact(raw), labels, settings)
    assert values == pytest.approx(truth(raw, labels, settings)[0], abs=1e-4)


@pytest.mark.parametrize("kind", ["wide", "narrow", "different norms", "duplicates", "empty columns"])
@pytest.mark.parametrize("block", [1024, 60, 7])
def test_blocks_give_what_the_matrix_gives(features, kind, block):
    raw, labels = layer(kind, features)
    raw = np.pad(raw, ((0, 0), (0, 300))) if kind == "empty columns" else raw
    settings = replace(SETTINGS, measures=ALL)
    whole, clusters, votes = layer_metrics(raw, labels, settings, predicted=labels)
    found, same_clusters, same_votes = layer_metrics(
        raw, labels, settings, predicted=labels, matrix_samples=199, block=block
    )
    np.testing.assert_array_equal(same_clusters, clusters)
    np.testing.assert_array_equal(same_votes, votes)
    assert list(found) == list(whole)
    for name, value in whole.items():
        assert found[name] == pytest.approx(value, rel=1e-5, abs=1e-5), name


def test_attributes_in_blocks_are_what_they_are_in_the_matrix(features):
    raw, labels = features
    words = np.where(np.arange(200) % 7 > 1, np.array(["red", "green", "blue"])[np.arange(200) % 3], "")
    numbers = np.where(np.arange(200) % 5 > 0, raw.sum(1), np.nan)
    attributes = [read_attribute("word", words, "auto"), read_attribute("number", numbers, "auto")]
    whole, found = (
        layer_metrics(raw, labels, SETTINGS, attributes=attributes, matrix_samples=most, block=60)[0]
        for most in (5000, 100)
    )
    assert found == pytest.approx(whole, abs=1e-5)


def test_with_blocks_no_matrix_of_all_distances_is_in_memory():
    rows = np.random.default_rng(0).normal(size=(2000, 4)).astype(np.float32)
    labels = np.arange(2000) % 3
    settings = MeasureSettings(clusters=3, n_init=1, neighbors=5, measures=(), seed=0)
    matrix, peaks = 4 * 2000**2, []
    for most in (1999, 2000):
        tracemalloc.start()
        layer_metrics(rows, labels, settings, matrix_samples=most, block=100)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < matrix / 2 < matrix <= peaks[1]


@pytest.mark.parametrize(
    ("rows", "distinct"),
    [
        (np.ones((30, 6)), 1),
        (np.zeros((30, 6)), 1),
        (np.tile(np.eye(9), (4, 1)), 9),
        (np.tile(np.eye(9)[:, :3], (4, 1)), 4),
        (np.outer(np.random.default_rng(0).uniform(0.1, 9, 30), np.random.default_rng(1).random(6)), 1),
    ],
    ids=["equal", "zero", "one too few", "three and zero", "one direction, other lengths"],
)
@pytest.mark.parametrize("width", [1, 20])
def test_few_directions_have_what_needs_no_clusters(rows, distinct, width, caplog):
    raw, labels = np.tile(rows, (1, width)).astype(np.float32), np.arange(len(rows)) % 10
    with caplog.at_level(logging.INFO, logger="evolution"):
        values, assigned, voted = layer_metrics(compact(raw), labels, SETTINGS)
    assert set(values) == set(BASIC_METRICS)
    undefined = [name for name, value in values.items() if math.isnan(value)]
    assert undefined == ["silhouette", "adjusted_rand_index", "normalized_mutual_information"]
    assert (assigned == -1).all() and assigned.dtype == np.int16
    # Where all rows are equal each sample is as near to its own class as to the next: 0 (Rousseeuw 1987).
    expected = metrics.silhouette_score(normalize(raw), labels) if distinct > 1 else 0
    assert values["label_silhouette"] == pytest.approx(expected, abs=1e-6)
    # Which of many equal neighbours vote is arbitrary, but the same each time.
    assert values["knn_accuracy"] == (voted == labels).mean() and set(voted) <= set(range(10))
    np.testing.assert_array_equal(layer_metrics(compact(raw), labels, SETTINGS)[2], voted)
    assert caplog.messages[0] == (
        f"Distinct directions: {distinct}, too few for k-means to find 10 clusters. So these are NaN: "
        "silhouette, adjusted_rand_index, normalized_mutual_information"
    )
    assert len(caplog.messages) == 2, "once a call"


@pytest.mark.parametrize("most", [5000, 50], ids=["matrix", "blocks"])
@pytest.mark.parametrize("form", [compact, np.asarray], ids=["compact", "raw"])
def test_copies_of_few_images(features, form, most):
    """Twelve images, ten copies of each, for fifteen clusters: all but the clusters' metrics are scikit-learn's."""
    raw, labels = (np.repeat(part[:12], 10, axis=0) for part in features)
    settings = replace(SETTINGS, clusters=15, measures=ALL)
    values, assigned, voted = layer_metrics(form(raw), labels, settings, predicted=labels, matrix_samples=most)
    rows = normalize(raw)
    assert values["label_silhouette"] == pytest.approx(metrics.silhouette_score(rows, labels), abs=1e-5)
    # Five neighbours are all copies of the image itself, whatever the order of equals.
    classifier = KNeighborsClassifier(5)
    assert cross_val_score(classifier, rows, labels, cv=LeaveOneOut()).mean() == values["knn_accuracy"] == 1
    assert values["knn_purity"] == 1
    np.testing.assert_array_equal(voted, labels)
    silhouettes = metrics.silhouette_samples(rows, labels)
    by_class = [silhouettes[labels == label].mean() for label in range(10)]
    assert values["class_silhouette"] == pytest.approx(by_class, abs=1e-5)
    assert values["label_davies_bouldin"] == pytest.approx(metrics.davies_bouldin_score(rows, labels), rel=1e-4)
    assert (assigned == -1).all()
    undefined = {name for name, value in values.items() if np.isnan(value).any()}
    assert undefined == OF_CLUSTERS
    assert undefined == {
        *("silhouette", "adjusted_rand_index", "normalized_mutual_information", "adjusted_mutual_information"),
        *(f"adjusted_rand_index_{name}" for name in ("min", "mean", "max", "sd")),
        *("homogeneity", "completeness", "v_measure", "davies_bouldin"),
    }


@pytest.mark.parametrize("most", [5000, 50], ids=["matrix", "blocks"])
def test_copies_that_have_other_labels(features, most):
    """Each class lies on every image alike, so that no class is apart from another."""
    raw, labels = np.repeat(features[0][:6], 20, axis=0), np.tile(np.arange(4), 30)
    values, *_ = layer_metrics(raw, labels, replace(SETTINGS, measures=ALL), predicted=labels, matrix_samples=most)
    assert values["label_silhouette"] == pytest.approx(metrics.silhouette_score(normalize(raw), labels), abs=1e-5)
    assert math.isnan(values["label_davies_bouldin"]), "the classes have one centre"
    assert 0 <= values["knn_purity"] <= 1 and 0 <= values["knn_accuracy"] <= 1


@pytest.mark.parametrize("most", [5000, 50], ids=["matrix", "blocks"])
@pytest.mark.parametrize("lengths", ["one", "many", "dead"])
def test_one_direction_has_silhouettes_of_exactly_0(features, lengths, most, recwarn):
    """The rows' inner products round differently in different places, and this must not tell the rows apart."""
    scale = {"one": np.ones(120), "many": 2.0 ** (np.arange(120) % 7), "dead": np.zeros(120)}[lengths]
    raw = (scale[:, None] * features[0][0]).astype(np.float32)
    labels = np.arange(120) % 4
    settings = replace(SETTINGS, measures=["class_silhouette", "knn_purity"])
    values, _, voted = layer_metrics(raw, labels, settings, matrix_samples=most)
    assert values["label_silhouette"] == 0 and values["class_silhouette"] == [0, 0, 0, 0]
    # Any images are neighbours: about chance, which is 0.25.
    assert values["knn_accuracy"] == (voted == labels).mean() and 0.15 < values["knn_accuracy"] < 0.35
    assert 0.15 < values["knn_purity"] < 0.35
    assert not recwarn.list


def test_as_many_distinct_rows_as_clusters():
    rows = np.tile(np.eye(10, dtype=np.float32), (3, 1))
    values, *_ = layer_metrics(rows, np.arange(30) % 10, replace(SETTINGS, neighbors=2))
    assert values == pytest.approx(dict.fromkeys(BASIC_METRICS, 1))


def test_one_class_has_no_silhouette(features):
    values, *_ = layer_metrics(features[0], np.zeros(200, int), SETTINGS)
    assert math.isnan(values["label_silhouette"])
    assert math.isfinite(values["silhouette"])
    assert values["knn_accuracy"] == 1


def test_all_measures_of_a_layer(features):
    raw, labels = features
    predicted = np.where(np.arange(200) % 10 == 0, 0, labels)
    values, assigned, voted = layer_metrics(compact(raw), labels, replace(SETTINGS, measures=ALL), predicted=predicted)
    basic, same_assigned, same_voted = layer_metrics(compact(raw), labels, SETTINGS)
    names = [metric for of_measure in MEASURES.values() for metric in of_measure]
    assert list(values) == [*BASIC_METRICS, *names]
    assert {name: values[name] for name in BASIC_METRICS} == basic
    np.testing.assert_array_equal(assigned, same_assigned)
    np.testing.assert_array_equal(voted, same_voted)
    rows = normalize(raw)
    silhouettes = metrics.silhouette_samples(rows, labels)
    assert values["class_silhouette"] == pytest.approx(
        [silhouettes[labels == label].mean() for label in range(10)], abs=1e-4
    )
    nearest = np.argsort(metrics.pairwise_distances(rows), 1)[:, 1:6]
    assert values["knn_purity"] == pytest.approx((labels[nearest] == labels[:, None]).mean(), abs=2e-3)
    assert values["v_measure"] == pytest.approx(values["normalized_mutual_information"])
    assert values["label_davies_bouldin"] == pytest.approx(metrics.davies_bouldin_score(rows, labels), rel=1e-4)
    assert values["adjusted_rand_index_min"] <= values["adjusted_rand_index"] <= values["adjusted_rand_index_max"]
    # These see lengths: unit rows would give others.
    assert values["intrinsic_dimension"] == pytest.approx(neighbors.intrinsic_dimension(raw), rel=1e-4)
    assert values["intrinsic_dimension"] != pytest.approx(neighbors.intrinsic_dimension(rows), rel=1e-2)
    assert values["linear_probe_accuracy"] == probe.linear_probe(raw, labels, integer_seed(4, "probe"))
    for name in ("effective_rank", "participation_ratio"):
        assert values[name] == pytest.approx(getattr(spectrum, name)(spectrum.singular_values(Products(raw))), rel=1e-3)


@pytest.mark.parametrize("name", MEASURES)
def test_one_measure_alone(name, features):
    values, *_ = layer_metrics(*features, replace(SETTINGS, measures=[name]), predicted=features[1])
    assert list(values) == [*BASIC_METRICS, *MEASURES[name]]


SHAPE = ("intrinsic_dimension", "linear_probe_accuracy", "effective_rank", "participation_ratio", "nc1")


@pytest.mark.parametrize("rows", [np.zeros((40, 6)), np.ones((40, 60)), np.tile(np.eye(4), (10, 1))])
def test_degenerate_layers(rows, recwarn):
    labels = np.arange(40) % 5
    values, *_ = layer_metrics(rows.astype(np.float32), labels, replace(SETTINGS, measures=ALL), predicted=labels)
    neighbours = ("label_silhouette", "knn_accuracy", "class_silhouette", "knn_purity")
    for name, value in values.items():
        assert np.size(value) == (5 if name in PER_CLASS else 1), name
        if name in neighbours:
            assert np.isfinite(value).all(), name
        elif rows.shape[1] != 4 or name not in (*SHAPE, "nc4_agreement", "nc2_equinorm", "nc2_equiangular"):
            assert np.isnan(value).all(), name
    if rows.shape[1] == 4:
        # Four points at equal distances spread in three directions alike.
        assert values["effective_rank"] == pytest.approx(3) and values["participation_ratio"] == pytest.approx(3)
    assert not recwarn.list


def test_a_degenerate_layer_has_the_columns_of_any_other(features):
    for measures in (["effective_rank"], ["knn_purity", "participation_ratio"]):
        settings = replace(SETTINGS, measures=measures)
        columns = [list(layer_metrics(rows, features[1], settings)[0]) for rows in (features[0], np.ones((200, 9)))]
        assert columns[0] == columns[1] == [*BASIC_METRICS, *measures]


def test_a_layer_of_one_unit_is_clustered_by_its_value(features):
    raw, labels = features
    column = np.ascontiguousarray(raw[:, :1])
    values, *_ = layer_metrics(column, labels, replace(SETTINGS, measures=ALL), predicted=labels)
    kmeans = KMeans(SETTINGS.clusters, n_init=SETTINGS.n_init, random_state=integer_seed(SETTINGS.seed, "k-means"))
    truth = metrics.silhouette_score(column, kmeans.fit_predict(column / np.abs(column).max()))
    assert values["silhouette"] == pytest.approx(truth, abs=1e-4) and 0 <= values["knn_purity"] <= 1
    assert values["effective_rank"] == pytest.approx(1)
    assert values["linear_probe_accuracy"] == probe.linear_probe(column, labels, integer_seed(4, "probe"))


@pytest.mark.parametrize("width", [2, 9, 300])
def test_a_layer_with_one_live_unit_is_clustered_by_direction_in_blocks_too(features, width):
    """Its first feature is not the only one, so that lengths do not count."""
    raw, labels = features
    rows = np.zeros((200, width), np.float32)
    rows[:, 0] = raw[:, 0] - np.median(raw[:, 0])
    settings = replace(SETTINGS, clusters=2, measures=["intrinsic_dimension", "effective_rank"])
    whole, found = (layer_metrics(rows, labels, settings, matrix_samples=most, block=60)[0] for most in (5000, 100))
    # All neighbours are copies, and none is nearer than another.
    assert found.pop("knn_accuracy") <= 1 and whole.pop("knn_accuracy") <= 1
    assert found == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("kind", ["a class of one", "one class", "few distinct"])
def test_odd_classes_warn_of_nothing(kind, features, recwarn, caplog):
    raw, labels = features[0][:60], features[1][:60].copy()
    if kind == "a class of one":
        labels = np.array([0] * 30 + [1] * 29 + [2])
    elif kind == "one class":
        labels = np.zeros(60, int)
    else:
        raw = np.tile(raw[:10], (6, 1))
    values, *_ = layer_metrics(raw, labels, replace(SETTINGS, measures=ALL), predicted=labels)
    if kind != "few distinct":
        assert math.isnan(values["nc1"]) and math.isnan(values["linear_probe_accuracy"])
        assert math.isnan(values["class_silhouette"][-1])
        (said,) = (message for message in caplog.messages if message.startswith("Not defined here"))
        assert "class_silhouette" in said and "linear_probe_accuracy" in said and "knn_purity" not in said
    assert values["intrinsic_dimension"] > 1 and values["effective_rank"] > 1
    assert not recwarn.list
