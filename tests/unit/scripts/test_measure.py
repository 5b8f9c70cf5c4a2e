"""The metrics of a layer at each time of a span."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

from evolution.data.kinds import TARGETS
from evolution.data.targets import load_targets
from evolution.errors import UserError
from evolution.io.arrays import NpyWriter, save_npy
from evolution.io.tables import save_table
from evolution.measures import spectrum
from evolution.measures.attributes import read_attribute
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.products import Products
from evolution.measures.registry import MEASURE_NAMES, OF_NUMBERS, OF_WORDS, PER_CLASS
from measure import metrics_span
from support.measured_by_sklearn import truth
from support.metrics_of_classes import BASIC_METRICS
from support.samples import write_samples

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = MeasureSettings(clusters=10, n_init=2, neighbors=5, measures=(), seed=17)


def write_classes(path, labels, names="0123456789"):
    np.savez(path, eval_labels=labels, eval_indices=np.arange(len(labels)), class_names=np.array(list(names)))


@pytest.fixture
def span(tmp_path, features):
    """Two times of a layer, and a dataset.npz with their labels: paths, as arguments of metrics_span."""
    rows, labels = features
    np.save(tmp_path / "fc1.npy", np.stack([rows[:, :40], rows[:, 40:80]]))
    write_classes(tmp_path / "dataset.npz", labels)
    return {"activations": str(tmp_path / "fc1.npy"), "dataset": str(tmp_path / "dataset.npz")}


def test_span(span, features):
    rows, labels = features
    table, assigned, voted = metrics_span(**span, predictions=None, times=[4, 6], settings=SETTINGS)
    assert list(table) == ["time", *BASIC_METRICS]
    assert table["time"] == [4, 6]
    for index, raw in enumerate((rows[:, :40], rows[:, 40:80])):
        expected, clusters = truth(raw, labels, SETTINGS)
        assert {name: table[name][index] for name in BASIC_METRICS} == pytest.approx(expected, abs=1e-4)
        np.testing.assert_array_equal(assigned[index], clusters)
        # scikit-learn's classifier, on all other samples.
        unit = normalize(raw)
        for sample in range(0, len(labels), 20):
            others = np.arange(len(labels)) != sample
            classifier = KNeighborsClassifier(5, algorithm="brute").fit(unit[others], labels[others])
            assert voted[index, sample] == classifier.predict(unit[[sample]])[0]


def test_the_spectra_that_lie_with_the_activations_count(span, features, tmp_path):
    """Of a time without one it is that of the activations."""
    rows = features[0][:, :40]
    # Of two directions alike, and of one.
    notes = {0: np.array([1.0, 1.0, 0.0]), 2: np.array([1.0, 1e-3, 0.0])}
    with NpyWriter(span["activations"], 3) as writer:
        for index in range(3):
            writer.put(index, rows, notes.get(index))
    settings = replace(SETTINGS, measures=["effective_rank"])
    table, *_ = metrics_span(**span, predictions=None, times=[4, 6, 8], settings=settings)
    exact = spectrum.effective_rank(spectrum.singular_values(Products(rows)))
    assert table["effective_rank"] == pytest.approx([2, exact, 1])


def test_as_many_clusters_as_classes_with_samples(span, features, tmp_path):
    """Of ten classes that the model knows, four have samples."""
    rows, labels = features
    few = labels < 4
    np.save(tmp_path / "few.npy", rows[None, few, :40])
    write_classes(tmp_path / "dataset.npz", labels[few])
    table, assigned, _ = metrics_span(
        activations=str(tmp_path / "few.npy"),
        dataset=span["dataset"],
        predictions=None,
        times=[4],
        settings=replace(SETTINGS, clusters="auto"),
    )
    expected, clusters = truth(rows[few, :40], labels[few], replace(SETTINGS, clusters=4))
    assert {name: table[name][0] for name in BASIC_METRICS} == pytest.approx(expected, abs=1e-4)
    np.testing.assert_array_equal(assigned[0], clusters)


@pytest.mark.parametrize("key", ["clusters", "neighbors"])
def test_fewer_samples_than_a_metric_needs(span, features, key):
    count = len(features[1])
    with pytest.raises(UserError, match=rf"^metrics\.{key}: {count} is too large, .*dataset\.npz has {count} samples"):
        metrics_span(**span, predictions=None, times=[4, 6], settings=replace(SETTINGS, **{key: count}))


def test_one_sample_of_each_class_is_too_few_for_as_many_clusters(span, tmp_path):
    names = [str(number) for number in range(200)]
    write_classes(tmp_path / "dataset.npz", np.arange(200), names)
    words = r"^metrics\.clusters: .*dataset\.npz has 200 samples of 200 classes, too few .*Raise dataset\.eval_size"
    with pytest.raises(UserError, match=words):
        metrics_span(**span, predictions=None, times=[4, 6], settings=replace(SETTINGS, clusters="auto"))


def test_an_epoch_is_measured_alike_alone_and_in_a_span(span, features, tmp_path):
    table, assigned, voted = metrics_span(**span, predictions=None, times=[4, 6], settings=SETTINGS)
    np.save(tmp_path / "alone.npy", features[0][None, :, 40:80])
    span["activations"] = str(tmp_path / "alone.npy")
    alone, alone_assigned, alone_voted = metrics_span(**span, predictions=None, times=[6], settings=SETTINGS)
    assert {name: column[-1:] for name, column in table.items()} == alone
    np.testing.assert_array_equal(assigned[1:], alone_assigned)
    np.testing.assert_array_equal(voted[1:], alone_voted)


def test_what_the_network_predicts_and_classes_without_samples(span, features, tmp_path):
    # Of eleven classes the last has no image: nothing about class centres is defined then, and its silhouette is NaN;
    # without it, half of the predictions are the nearest centre's class.
    rows, labels = features
    centres = np.stack([rows[:, :40][labels == label].mean(0) for label in range(10)])
    nearest = ((rows[:, None, :40] - centres) ** 2).sum(2).argmin(1)
    predicted = np.where(np.arange(200) % 2, nearest, (nearest + 1) % 10)
    predictions = {"time": np.repeat([4, 6], 200), "sample": np.tile(np.arange(200), 2)}
    predictions |= {"predicted": np.tile(predicted, 2), "confidence": np.zeros(400)}
    save_table(tmp_path / "predictions.parquet", predictions)
    span |= {"predictions": str(tmp_path / "predictions.parquet"), "times": [4, 6]}
    span["settings"] = replace(SETTINGS, measures=["class_silhouette", "neural_collapse"])
    table, *_ = metrics_span(**span)
    assert table["nc4_agreement"][0] == 0.5
    write_classes(tmp_path / "dataset.npz", labels, "0123456789x")
    table, *_ = metrics_span(**span)
    assert np.isnan(table["nc1"]).all() and len(table["class_silhouette"][0]) == 11
    assert np.isnan(table["class_silhouette"][0][-1]) and np.isfinite(table["class_silhouette"][0][:-1]).all()


def test_values_that_are_not_finite(span):
    activations = np.load(span["activations"])
    activations[1, 3, 5] = np.nan
    np.save(span["activations"], activations)
    with pytest.raises(UserError, match=r"fc1.npy holds values that are not finite at epoch 6"):
        metrics_span(**span, predictions=None, times=[4, 6], settings=SETTINGS)


@pytest.mark.parametrize("shape", [(1, 200, 40), (2, 199, 40), (2, 200)])
def test_activations_of_another_shape(span, shape):
    np.save(span["activations"], np.ones(shape, np.float32))
    with pytest.raises(UserError, match=r"fc1.npy is damaged .*\(2, 200, None\)"):
        metrics_span(**span, predictions=None, times=[4, 6], settings=SETTINGS)


@pytest.mark.parametrize("target", TARGETS)
def test_samples_of_each_target(target, tmp_path):
    """What `layer_metrics` finds at each time, for the target and the attributes of dataset.npz."""
    dataset = write_samples(tmp_path / "dataset.npz", kind="table", target=target)
    by_time = np.random.default_rng(0).normal(size=(2, 60, 6)).astype(np.float32)
    by_time[1] += 3 * (np.arange(60) % 3 == np.arange(6)[:, None]).T
    save_npy(tmp_path / "fc.npy", by_time)
    settings = replace(SETTINGS, clusters="auto", measures=MEASURE_NAMES)
    table, assigned, voted = metrics_span(
        activations=str(tmp_path / "fc.npy"),
        dataset=dataset,
        predictions=None,
        times=[0, 4],
        settings=settings,
        measure_by=["writer", "age"],
    )
    clusters = 3 if target == "classes" else 10
    targets = load_targets(dataset)
    attributes = [read_attribute(name, targets.attributes[name], "auto") for name in ("writer", "age")]
    assert len(set(assigned[0])) == clusters and attributes[0].clusters == 4
    for index in range(2):
        expected, one, other = layer_metrics(
            by_time[index],
            targets.values,
            replace(settings, clusters=clusters),
            target=target,
            attributes=attributes,
        )
        found = {name: column[index] for name, column in table.items()}
        # As text, in which NaN equals NaN.
        assert repr(found) == repr({"time": [0, 4][index]} | expected)
        np.testing.assert_array_equal(assigned[index], one)
        np.testing.assert_array_equal(voted[index], other)
    assert voted.shape == {"labels": (2, 60, 3)}.get(target, (2, 60))
    assert list(table)[-6:] == [
        *(f"{name}:writer" for name in OF_WORDS),
        *(f"{name}:age" for name in OF_NUMBERS),
    ]
    # What is organised by group at the second time is measured so.
    score = {"classes": "knn_accuracy", "number": "knn_r2", "labels": "knn_average_precision"}.get(target)
    assert score is None or table[score][1] > table[score][0] + 0.2
    # Per class or label: a list in the table, which Parquet keeps.
    save_table(tmp_path / "table.parquet", table)
    for name in PER_CLASS:
        assert name not in table or len(table[name][0]) == 3


def test_the_log_says_which_samples_of_an_attribute_do_not_count(span, tmp_path, caplog):
    dataset = write_samples(tmp_path / "own.npz")
    save_npy(tmp_path / "fc.npy", np.random.default_rng(0).normal(size=(2, 60, 6)).astype(np.float32))
    span |= {"activations": str(tmp_path / "fc.npy"), "dataset": dataset, "predictions": None, "times": [4, 6]}
    with caplog.at_level("INFO", "evolution"):
        metrics_span(**span, settings=SETTINGS, measure_by=["age"])
    said = [message for message in caplog.messages if message.startswith("Attribute")]
    assert said == ["Attribute age: 1 of 60 samples have no value, and are left out."]
    with pytest.raises(UserError, match=r"^metrics\.measure_by: 'height' is no .*own\.npz; they have age, writer$"):
        metrics_span(**span, settings=SETTINGS, measure_by=["age", "height"])
