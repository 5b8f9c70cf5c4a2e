"""All measures of a layer together, and of layers for which some are not defined."""

import logging
import math

import numpy as np
import pytest
from sklearn import metrics
from sklearn.preprocessing import normalize

from evolution.activations.compaction import compact
from evolution.measures import cell_metrics, neighbors, probe, spectrum
from evolution.measures.registry import MEASURES, PER_CLASS
from evolution.seeds import generator, integer_seed

pytestmark = pytest.mark.usefixtures("one_thread")


def test_all_measures_of_a_layer(features):
    raw, labels = features
    predicted = np.where(np.arange(200) % 10 == 0, 0, labels)
    values, assigned, voted = cell_metrics.layer_metrics(compact(raw), labels, 10, 3, 5, 4, list(MEASURES), predicted)
    five, same_assigned, same_voted = cell_metrics.layer_metrics(compact(raw), labels, 10, 3, 5, 4)
    names = [metric for of_measure in MEASURES.values() for metric in of_measure]
    assert list(values) == [*cell_metrics.METRICS, *names]
    assert {name: values[name] for name in cell_metrics.METRICS} == five
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
        assert values[name] == pytest.approx(getattr(spectrum, name)(spectrum.singular_values(raw)), rel=1e-3)


@pytest.mark.parametrize("name", MEASURES)
def test_one_measure_alone(name, features):
    values, *_ = cell_metrics.layer_metrics(features[0], features[1], 10, 1, 5, 4, [name], features[1])
    assert list(values) == [*cell_metrics.METRICS, *MEASURES[name]]


def test_many_samples_are_thinned_for_spectrum_and_probe(features, monkeypatch, caplog):
    monkeypatch.setattr(cell_metrics, "SPECTRUM_SAMPLES", 150)
    with caplog.at_level(logging.INFO, logger="evolution"):
        values = cell_metrics.shape_metrics(*features, ["effective_rank", "linear_probe"], None, 3)
    assert caplog.messages == ["Spectrum and probe take 150 of 200 samples"]
    drawn = np.sort(generator(3, "spectrum").choice(200, 150, replace=False))
    of_all, of_drawn = (
        (
            spectrum.effective_rank(spectrum.singular_values(rows)),
            probe.linear_probe(rows, labels, integer_seed(3, "probe")),
        )
        for rows, labels in (features, (features[0][drawn], features[1][drawn]))
    )
    assert (values["effective_rank"], values["linear_probe_accuracy"]) == of_drawn
    assert not np.isclose(of_all, of_drawn, rtol=1e-3).any()


SHAPE = ("intrinsic_dimension", "linear_probe_accuracy", "effective_rank", "participation_ratio", "nc1")


@pytest.mark.parametrize("rows", [np.zeros((40, 6)), np.ones((40, 60)), np.tile(np.eye(4), (10, 1))])
def test_degenerate_layers(rows, recwarn):
    labels = np.arange(40) % 5
    values, *_ = cell_metrics.layer_metrics(rows.astype(np.float32), labels, 10, 2, 3, 0, list(MEASURES), labels)
    for name, value in values.items():
        if rows.shape[1] != 4 or name not in (*SHAPE, "nc4_agreement", "nc2_equinorm", "nc2_equiangular"):
            assert np.isnan(value).all() and np.size(value) == (5 if name in PER_CLASS else 1), name
    if rows.shape[1] == 4:
        # Four points at equal distances spread in three directions alike.
        assert values["effective_rank"] == pytest.approx(3) and values["participation_ratio"] == pytest.approx(3)
    assert not recwarn.list


def test_a_layer_of_one_unit_has_a_shape_though_no_clusters(features):
    raw, labels = features
    column = np.ascontiguousarray(raw[:, :1])
    values, *_ = cell_metrics.layer_metrics(column, labels, 10, 2, 3, 0, list(MEASURES), labels)
    assert math.isnan(values["silhouette"]) and math.isnan(values["knn_purity"])
    assert values["effective_rank"] == pytest.approx(1)
    assert values["linear_probe_accuracy"] == probe.linear_probe(column, labels, integer_seed(0, "probe"))


@pytest.mark.parametrize("offset", [0, 3, 30, 100])
def test_a_large_common_part_hides_nothing(offset):
    # All rows point nearly the same way (mean cosine 0.9999 and more at last); what tells them apart stays.
    random = np.random.default_rng(0)
    raw = random.normal(size=(200, 5)) @ random.normal(size=(5, 900)) + 0.01 * random.normal(size=(200, 900))
    labels = (raw[:, 0] > 0).astype(int) + 2 * (raw[:, 1] > 0)
    names = ["intrinsic_dimension", "linear_probe", "effective_rank", "participation_ratio", "neural_collapse"]
    apart = cell_metrics.shape_metrics(raw, labels, names, labels, 0)
    shifted = (raw + offset * random.normal(size=900)).astype(np.float32)
    for form in (shifted, compact(shifted)):
        values = cell_metrics.shape_metrics(form, labels, names, labels, 0)
        for name in ("effective_rank", "participation_ratio", "nc1"):
            assert values[name] == pytest.approx(apart[name], rel=0.02), name
        assert values["intrinsic_dimension"] == pytest.approx(apart["intrinsic_dimension"], rel=0.05)
        assert values["linear_probe_accuracy"] == pytest.approx(apart["linear_probe_accuracy"], abs=0.02)


@pytest.mark.parametrize("kind", ["a class of one", "one class", "few distinct"])
def test_odd_classes_warn_of_nothing(kind, features, recwarn, caplog):
    raw, labels = features[0][:60], features[1][:60].copy()
    if kind == "a class of one":
        labels = np.array([0] * 30 + [1] * 29 + [2])
    elif kind == "one class":
        labels = np.zeros(60, int)
    else:
        raw = np.tile(raw[:10], (6, 1))
    values, *_ = cell_metrics.layer_metrics(raw, labels, 10, 2, 3, 0, list(MEASURES), labels)
    if kind != "few distinct":
        assert math.isnan(values["nc1"]) and math.isnan(values["linear_probe_accuracy"])
        assert math.isnan(values["class_silhouette"][-1])
        (said,) = (message for message in caplog.messages if message.startswith("Not defined here"))
        assert "class_silhouette" in said and "linear_probe_accuracy" in said and "knn_purity" not in said
    assert values["intrinsic_dimension"] > 1 and values["effective_rank"] > 1
    assert not recwarn.list
