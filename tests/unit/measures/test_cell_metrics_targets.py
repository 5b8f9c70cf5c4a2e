"""All metrics of a cell whose samples have a number, labels or nothing, and of their attributes."""

import logging
import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import normalize

from evolution.activations.compaction import compact
from evolution.measures import neighbors, spectrum
from evolution.measures.attributes import read_attribute
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.products import Products
from evolution.measures.registry import MEASURE_NAMES, OF_CLUSTERS, PER_CLASS, metrics_of
from evolution.seeds import integer_seed

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = MeasureSettings(clusters=7, n_init=3, neighbors=5, measures=MEASURE_NAMES, seed=4)
SHAPE = {"effective_rank", "participation_ratio", "intrinsic_dimension", "davies_bouldin", "silhouette"}


def numbers_of(features):
    """A number that the first features say in part."""
    return features[0][:, :3].sum(1).astype(float) + np.random.default_rng(0).normal(size=200)


def labels_of(features):
    """Four labels: of even digits, of digits above 6, of few samples, and one that none has."""
    digits = features[1]
    return np.stack([digits % 2 == 0, digits > 6, np.arange(200) % 50 == 0, np.zeros(200)], 1).astype(bool)


def ridge_by_scikit_learn(raw, values):
    """What ridge predicts of the samples that it was not fitted to, on the raw activations."""
    exact = raw.astype(float) - raw.astype(float).mean(0)
    penalty, predicted = 1e-3 * 160 * np.square(exact).sum(1).mean(), np.empty(values.shape)
    for fit, held in KFold(5, shuffle=True, random_state=integer_seed(4, "probe")).split(raw):
        predicted[held] = Ridge(penalty, solver="svd").fit(exact[fit], values[fit]).predict(exact[held])
    return predicted


def neighbours_by_scikit_learn(raw, values):
    return cross_val_predict(KNeighborsRegressor(5), normalize(raw), values.astype(float), cv=LeaveOneOut())


@pytest.mark.parametrize("form", [compact, np.asarray], ids=["compact", "raw"])
@pytest.mark.parametrize("most", [5000, 50], ids=["matrix", "chunks"])
def test_a_number(features, form, most):
    raw, numbers = features[0], numbers_of(features)
    values, assigned, voted = layer_metrics(form(raw), numbers, SETTINGS, target="number", matrix_samples=most)
    assert set(values) == SHAPE | {"knn_r2", "linear_probe_r2"}
    means = neighbours_by_scikit_learn(raw, numbers)
    np.testing.assert_allclose(voted, means, rtol=1e-5)
    assert voted.dtype == np.float32
    assert values["knn_r2"] == pytest.approx(metrics.r2_score(numbers, means), abs=1e-6)
    linear = ridge_by_scikit_learn(raw, numbers)
    assert values["linear_probe_r2"] == pytest.approx(metrics.r2_score(numbers, linear), abs=2e-3)
    assert 0.3 < values["linear_probe_r2"] < 1
    check_what_needs_no_target(values, assigned, raw)


def check_what_needs_no_target(values, assigned, raw):
    clusters = KMeans(7, n_init=3, random_state=integer_seed(4, "k-means")).fit_predict(normalize(raw))
    np.testing.assert_array_equal(assigned, clusters)
    assert values["silhouette"] == pytest.approx(metrics.silhouette_score(normalize(raw), clusters), abs=1e-4)
    davies_bouldin = metrics.davies_bouldin_score(normalize(raw), clusters)
    assert values["davies_bouldin"] == pytest.approx(davies_bouldin, rel=1e-4)
    assert values["intrinsic_dimension"] == pytest.approx(neighbors.intrinsic_dimension(raw), rel=1e-4)
    assert values["effective_rank"] == pytest.approx(
        spectrum.effective_rank(spectrum.singular_values(Products(raw))), rel=1e-3
    )


@pytest.mark.parametrize("form", [compact, np.asarray], ids=["compact", "raw"])
def test_labels(features, form, caplog):
    raw, labels = features[0], labels_of(features)
    values, assigned, voted = layer_metrics(form(raw), labels, SETTINGS, target="labels")
    names = {f"{name}_average_precision" for name in ("knn", "linear_probe", "class_knn", "class_linear_probe")}
    assert set(values) == SHAPE | names
    shares = neighbours_by_scikit_learn(raw, labels)
    np.testing.assert_allclose(voted, shares, atol=1e-6)
    assert voted.dtype == np.float32 and voted.shape == labels.shape
    for name, scores, exact in (
        ("knn", shares, 1e-6),
        ("linear_probe", ridge_by_scikit_learn(raw, labels.astype(float)), 5e-3),
    ):
        each = [metrics.average_precision_score(labels[:, label], scores[:, label]) for label in range(3)]
        found = values[f"class_{name}_average_precision"]
        assert found[:3] == pytest.approx(each, abs=exact) and math.isnan(found[3])
        assert values[f"{name}_average_precision"] == pytest.approx(np.mean(each), abs=exact)
    assert values["class_linear_probe_average_precision"][0] > 0.9
    check_what_needs_no_target(values, assigned, raw)
    assert caplog.messages == [
        "Not defined here, and NaN: class_knn_average_precision, class_linear_probe_average_precision"
    ]


def test_nothing(features):
    values, assigned, voted = layer_metrics(features[0], None, SETTINGS, target="none")
    assert set(values) == SHAPE
    assert (voted == -1).all() and voted.dtype == np.int16 and voted.shape == (200,)
    check_what_needs_no_target(values, assigned, features[0])


@pytest.mark.parametrize("target", ["number", "labels", "none"])
@pytest.mark.parametrize("rows", [np.zeros((40, 6)), np.ones((40, 60)), np.tile(np.eye(4), (10, 1))])
def test_degenerate_layers(rows, target, recwarn):
    labels = {"number": np.arange(40.0), "labels": np.arange(120).reshape(40, 3) % 4 == 0, "none": None}[target]
    values, assigned, _ = layer_metrics(rows.astype(np.float32), labels, SETTINGS, target=target)
    assert tuple(values) == metrics_of(target, MEASURE_NAMES)
    assert (assigned == -1).all()
    for name, value in values.items():
        assert np.size(value) == (3 if name in PER_CLASS else 1), name
        # All that neighbours say is as defined as anywhere; which of many equal ones they are is arbitrary.
        if name in OF_CLUSTERS or (name.startswith("linear") and rows.shape[1] != 4):
            assert np.isnan(value).all(), name
        if "knn" in name:
            assert np.isfinite(value).all(), name
    assert not recwarn.list


def test_a_constant_number_has_no_r2(features, recwarn):
    values, *_ = layer_metrics(features[0], np.full(200, 0.1), SETTINGS, target="number")
    assert math.isnan(values["knn_r2"]) and math.isnan(values["linear_probe_r2"])
    assert not recwarn.list


def test_of_many_samples_some_are_drawn_for_spectrum_and_probe(features):
    numbers = numbers_of(features)
    some, whole = (
        layer_metrics(features[0], numbers, SETTINGS, target="number", probe_samples=most, spectrum_samples=most)[0]
        for most in (150, 200)
    )
    changed = {name for name in some if some[name] != whole[name]}
    assert changed == {"linear_probe_r2", "effective_rank", "participation_ratio"}


@pytest.mark.parametrize("target", ["classes", "number", "labels", "none"])
def test_attributes_of_samples_of_any_target(features, target, caplog):
    """What is measured against an attribute does not depend on the target, and changes nothing of it."""
    raw, digits = features
    labels = {"classes": digits, "number": numbers_of(features), "labels": labels_of(features), "none": None}[target]
    words = np.array([f"digit {digit}" for digit in digits])
    columns = [read_attribute("as a word", words, "auto"), read_attribute("as a number", digits.astype(float), "auto")]
    alone, *rest = layer_metrics(raw, labels, SETTINGS, target=target)
    values, *same = layer_metrics(raw, labels, SETTINGS, target=target, attributes=columns)
    assert repr({name: value for name, value in values.items() if ":" not in name}) == repr(alone)
    for one, other in zip(rest, same):
        np.testing.assert_array_equal(one, other)
    of_classes, *_ = layer_metrics(raw, digits, replace(SETTINGS, clusters=10))
    for name in ("adjusted_rand_index", "label_silhouette", "knn_accuracy", "linear_probe_accuracy"):
        assert values[f"{name}:as a word"] == of_classes[name]
    of_numbers, *_ = layer_metrics(raw, digits.astype(float), SETTINGS, target="number")
    for name in ("knn_r2", "linear_probe_r2"):
        assert values[f"{name}:as a number"] == of_numbers[name]


def test_an_attribute_of_a_layer_with_few_directions(features, caplog):
    words = np.array(["ab"[index % 2] for index in range(40)])
    rows = np.tile(np.eye(4, dtype=np.float32), (10, 1))
    with caplog.at_level(logging.INFO, logger="evolution"):
        values, *_ = layer_metrics(
            rows, None, SETTINGS, target="none", attributes=[read_attribute("side", words, "auto")]
        )
    # Four directions are enough for two clusters. Each holds one word alone.
    assert values["label_silhouette:side"] > 0 and values["knn_accuracy:side"] == 1
    assert np.isfinite(values["adjusted_rand_index:side"])
