import logging
import math

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

import measure
from evolution.activations.compaction import compact
from evolution.errors import UserError
from evolution.io.tables import save_table
from evolution.measures import cell_metrics
from evolution.seeds import integer_seed

pytestmark = pytest.mark.usefixtures("one_thread")


def truth(raw, labels, clusters, n_init, neighbors, seed):
    """What scikit-learn says of the raw activations, with its own defaults; `seed` is the config's."""
    rows = normalize(raw)
    assigned = KMeans(clusters, n_init=n_init, random_state=integer_seed(seed, "k-means")).fit_predict(rows)
    return {
        "silhouette": silhouette_score(rows, assigned),
        "adjusted_rand_index": adjusted_rand_score(labels, assigned),
        "normalized_mutual_information": normalized_mutual_info_score(labels, assigned),
        "label_silhouette": silhouette_score(rows, labels),
        "knn_accuracy": cross_val_score(KNeighborsClassifier(neighbors), rows, labels, cv=LeaveOneOut()).mean(),
    }, assigned


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
    values, assigned, _ = cell_metrics.layer_metrics(form(raw), labels, 10, 10, 5, 4)
    expected, expected_clusters = truth(raw, labels, 10, 10, 5, 4)
    np.testing.assert_array_equal(assigned, expected_clusters)
    assert values == pytest.approx(expected, abs=1e-4)
    assert tuple(values) == cell_metrics.METRICS
    assert all(type(value) is float for value in values.values())
    assert assigned.dtype == np.int16


@pytest.mark.parametrize(("clusters", "n_init", "neighbors", "seed"), [(3, 10, 1, 0), (25, 2, 10, 1), (10, 1, 4, 2)])
def test_settings_reach_scikit_learn(features, clusters, n_init, neighbors, seed):
    raw, labels = features
    values, *_ = cell_metrics.layer_metrics(compact(raw), labels, clusters, n_init, neighbors, seed)
    assert values == pytest.approx(truth(raw, labels, clusters, n_init, neighbors, seed)[0], abs=1e-4)


def test_chunks_give_what_the_matrix_gives(features, monkeypatch):
    raw, labels = features
    whole, clusters, votes = cell_metrics.layer_metrics(raw, labels, 10, 3, 5, 0)
    monkeypatch.setattr(cell_metrics, "MATRIX_SAMPLES", 199)
    monkeypatch.setattr(measure, "pairwise_distances", None)
    chunked, same_clusters, same_votes = cell_metrics.layer_metrics(raw, labels, 10, 3, 5, 0)
    np.testing.assert_array_equal(same_clusters, clusters)
    np.testing.assert_array_equal(same_votes, votes)
    assert chunked == pytest.approx(whole, abs=1e-5)


# Two directions 2 * asin(sqrt(0.2)) apart and their opposites, of different lengths: on the unit circle the
# neighbouring ones are NEAR apart, the others FAR, and opposite ones 2.
FOUR = np.array([[1, 0], [0.06, 0.08], [-30, 0], [-0.6, -0.8]], np.float32)
NEAR, FAR = math.sqrt(0.8), math.sqrt(3.2)


def test_four_points_by_hand():
    values, assigned, _ = cell_metrics.layer_metrics(FOUR, np.array([0, 0, 1, 1]), 2, 10, 1, 0)
    assert assigned[0] == assigned[1] != assigned[2] == assigned[3]
    silhouette = 1 - NEAR / ((FAR + 2) / 2)
    assert values == pytest.approx(
        {
            "silhouette": silhouette,
            "adjusted_rand_index": 1,
            "normalized_mutual_information": 1,
            "label_silhouette": silhouette,
            "knn_accuracy": 1,
        },
        abs=1e-6,
    )


def test_four_points_with_labels_across():
    values, *_ = cell_metrics.layer_metrics(FOUR, np.array([0, 1, 0, 1]), 2, 10, 1, 0)
    # No pair is together in both: (0 - 2 * 2 / 6) / (2 - 2 * 2 / 6).
    assert values["adjusted_rand_index"] == pytest.approx(-0.5)
    assert values["normalized_mutual_information"] == pytest.approx(0, abs=1e-12)
    assert values["label_silhouette"] == pytest.approx((NEAR + FAR) / 2 / 2 - 1, abs=1e-6)
    assert values["knn_accuracy"] == 0


def test_votes_that_tie_go_to_the_smallest_label():
    # The first and the last point see a 0 and a 1, the one between them two zeros: all three are called 0.
    rows = np.eye(3, dtype=np.float32)
    values, *_ = cell_metrics.layer_metrics(rows, np.array([0, 1, 0]), 2, 1, 2, 0)
    assert values["knn_accuracy"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("rows", "distinct"),
    [
        (np.ones((30, 6)), 1),
        (np.zeros((30, 6)), 1),
        (np.tile(np.eye(9), (4, 1)), 9),
        (np.tile(np.eye(9)[:, :3], (4, 1)), 4),
    ],
    ids=["equal", "zero", "one too few", "three and zero"],
)
@pytest.mark.parametrize("width", [1, 20])
def test_degenerate_layers_are_nan(rows, distinct, width, caplog):
    rows = compact(np.tile(rows, (1, width)).astype(np.float32))
    with caplog.at_level(logging.INFO, logger="evolution"):
        values, assigned, _ = cell_metrics.layer_metrics(rows, np.arange(len(rows)) % 10, 10, 3, 5, 0)
    assert set(values) == set(cell_metrics.METRICS)
    assert all(math.isnan(value) for value in values.values())
    assert (assigned == -1).all() and assigned.dtype == np.int16
    assert caplog.messages == [f"Only {distinct} distinct directions for 10 clusters: the cluster metrics are NaN"]


def test_as_many_distinct_rows_as_clusters():
    rows = np.tile(np.eye(10, dtype=np.float32), (3, 1))
    values, *_ = cell_metrics.layer_metrics(rows, np.arange(30) % 10, 10, 3, 2, 0)
    assert values == pytest.approx(dict.fromkeys(cell_metrics.METRICS, 1))


def test_one_class_has_no_silhouette(features):
    values, *_ = cell_metrics.layer_metrics(features[0], np.zeros(200, int), 10, 1, 5, 0)
    assert math.isnan(values["label_silhouette"])
    assert math.isfinite(values["silhouette"])
    assert values["knn_accuracy"] == 1


@pytest.fixture
def span(tmp_path, features):
    """Two epochs of a layer, and a dataset.npz with their labels; paths."""
    rows, labels = features
    np.save(tmp_path / "fc1.npy", np.stack([rows[:, :40], rows[:, 40:80]]))
    np.savez(tmp_path / "dataset.npz", eval_labels=labels, class_names=np.array(list("0123456789")))
    return str(tmp_path / "fc1.npy"), str(tmp_path / "dataset.npz")


def test_span(span, features):
    rows, labels = features
    table, assigned, voted = measure.metrics_span(*span, None, [4, 6], 10, 2, 5, [], 17)
    assert list(table) == ["epoch", *cell_metrics.METRICS]
    assert table["epoch"] == [4, 6]
    for place, raw in enumerate((rows[:, :40], rows[:, 40:80])):
        expected, clusters = truth(raw, labels, 10, 2, 5, 17)
        assert {name: table[name][place] for name in cell_metrics.METRICS} == pytest.approx(expected, abs=1e-4)
        np.testing.assert_array_equal(assigned[place], clusters)
        # scikit-learn's classifier, on all other samples.
        unit = normalize(raw)
        for sample in range(0, len(labels), 20):
            others = np.arange(len(labels)) != sample
            classifier = KNeighborsClassifier(5, algorithm="brute").fit(unit[others], labels[others])
            assert voted[place, sample] == classifier.predict(unit[[sample]])[0]


def test_an_epoch_is_measured_alike_alone_and_in_a_span(span, features, tmp_path):
    table, assigned, voted = measure.metrics_span(*span, None, [4, 6], 10, 2, 5, [], 17)
    np.save(tmp_path / "alone.npy", features[0][None, :, 40:80])
    alone, alone_assigned, alone_voted = measure.metrics_span(
        str(tmp_path / "alone.npy"), span[1], None, [6], 10, 2, 5, [], 17
    )
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
    predictions = {"epoch": np.repeat([4, 6], 200), "sample": np.tile(np.arange(200), 2)}
    predictions |= {"predicted": np.tile(predicted, 2), "confidence": np.zeros(400)}
    save_table(tmp_path / "predictions.parquet", predictions)
    settings = (str(tmp_path / "predictions.parquet"), [4, 6], 10, 2, 5, ["class_silhouette", "neural_collapse"], 17)
    table, *_ = measure.metrics_span(*span, *settings)
    assert table["nc4_agreement"][0] == 0.5
    np.savez(tmp_path / "dataset.npz", eval_labels=labels, class_names=np.array(list("0123456789x")))
    table, *_ = measure.metrics_span(*span, *settings)
    assert np.isnan(table["nc1"]).all() and len(table["class_silhouette"][0]) == 11
    assert np.isnan(table["class_silhouette"][0][-1]) and np.isfinite(table["class_silhouette"][0][:-1]).all()


def test_values_that_are_not_finite(span):
    activations = np.load(span[0])
    activations[1, 3, 5] = np.nan
    np.save(span[0], activations)
    with pytest.raises(UserError, match=r"fc1.npy holds values that are not finite at epoch 6"):
        measure.metrics_span(*span, None, [4, 6], 10, 2, 5, [], 17)


@pytest.mark.parametrize("shape", [(1, 200, 40), (2, 199, 40), (2, 200)])
def test_activations_of_another_shape(span, shape):
    np.save(span[0], np.ones(shape, np.float32))
    with pytest.raises(UserError, match=r"fc1.npy is damaged .*\(2, 200, None\)"):
        measure.metrics_span(*span, None, [4, 6], 10, 2, 5, [], 17)
