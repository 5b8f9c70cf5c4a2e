"""What is measured against an attribute: as against classes and numbers, of the samples that have a value."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, r2_score, silhouette_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import normalize

from evolution.activations.compaction import unit_rows
from evolution.measures import probe
from evolution.measures.attributes import attribute_metrics, metrics_by, read_attribute, said_of
from evolution.measures.directions import find_directions
from evolution.seeds import integer_seed

pytestmark = pytest.mark.usefixtures("one_thread")

SAMPLES = 90


@pytest.fixture
def layer():
    """Rows that lie in three groups, each along a line."""
    random = np.random.default_rng(3)
    rows = 4 * random.normal(size=(3, 8))[np.arange(SAMPLES) % 3] + random.normal(size=(SAMPLES, 8))
    return rows.astype(np.float32)


def measured(attribute, rows, **more):
    arguments = {"measures": ["linear_probe"], "count": 5, "n_init": 4, "seed": 2} | more
    kept = np.ones(len(rows), bool)
    return attribute_metrics(attribute, find_directions(unit_rows(rows)), rows, kept, **arguments)


def test_words_are_measured_as_classes_are(layer):
    column = np.array([["oak", "elm", "ash"][index % 3] for index in range(SAMPLES)])
    column[[4, 30, 31]] = ""
    column[7] = "a tree of its own"
    attribute = read_attribute("tree", column, "auto")
    counts = np.ones(SAMPLES, bool)
    counts[[4, 7, 30, 31]] = False
    np.testing.assert_array_equal(attribute.known, counts)
    rows, words = normalize(layer[counts]), column[counts]
    clusters = KMeans(3, n_init=4, random_state=integer_seed(2, "k-means")).fit_predict(rows)
    numbers = np.unique(words, return_inverse=True)[1]
    assert measured(attribute, layer) == pytest.approx(
        {
            "adjusted_rand_index:tree": adjusted_rand_score(words, clusters),
            "label_silhouette:tree": silhouette_score(rows, words),
            "knn_accuracy:tree": cross_val_score(KNeighborsClassifier(5), rows, words, cv=LeaveOneOut()).mean(),
            "linear_probe_accuracy:tree": probe.linear_probe(layer[counts], numbers, integer_seed(2, "probe")),
        },
        abs=1e-5,
    )
    assert said_of(attribute) == (
        "Attribute tree: 4 of 90 samples have no value or have one that no other sample has, and are left out."
    )


def test_numbers_are_measured_by_their_explained_variance(layer):
    column = layer[:, 0].astype(float) + np.random.default_rng(1).normal(size=SAMPLES)
    column[[0, 50]] = np.nan
    attribute = read_attribute("age", column, "auto")
    counts = np.isfinite(column)
    rows, ages = normalize(layer[counts]), column[counts]
    neighbours = cross_val_predict(KNeighborsRegressor(5), rows, ages, cv=LeaveOneOut())
    linear = probe.ridge_predictions(layer[counts], ages[:, None], integer_seed(2, "probe"))[:, 0]
    found = measured(attribute, layer)
    assert found == pytest.approx(
        {"knn_r2:age": r2_score(ages, neighbours), "linear_probe_r2:age": r2_score(ages, linear)}, abs=1e-5
    )
    assert found["linear_probe_r2:age"] > 0.5
    assert said_of(attribute) == "Attribute age: 2 of 90 samples have no value, and are left out."


@pytest.mark.parametrize("measures", [["linear_probe"], []])
@pytest.mark.parametrize(
    "column",
    [
        np.array(["one"] * SAMPLES),
        np.array([f"id {index}" for index in range(SAMPLES)]),
        np.full(SAMPLES, 3.5),
        np.full(SAMPLES, np.nan),
        np.array([""] * SAMPLES),
    ],
    ids=["one word", "ids", "one number", "no number", "no word"],
)
def test_a_column_that_says_nothing(layer, column, measures, recwarn):
    attribute = read_attribute("it", column, "auto")
    found = measured(attribute, layer, measures=measures)
    assert list(found) == list(metrics_by(attribute, measures).values()) and np.isnan(list(found.values())).all()
    assert len(found) == (4 if column.dtype.kind == "U" else 2) - (not measures)
    assert said_of(attribute).endswith(
        "No two values are left to tell apart, so all that is measured against it is NaN."
    )
    assert not recwarn.list


def test_fewer_samples_than_neighbours(layer):
    few = np.where(np.arange(SAMPLES) < 4, np.arange(SAMPLES) % 2, np.nan)
    assert np.isnan(measured(read_attribute("few", few, "auto"), layer)["knn_r2:few"])
    words = np.array(["ab"[index % 2] if index < 4 else "" for index in range(SAMPLES)])
    found = measured(read_attribute("few", words, "auto"), layer)
    assert np.isnan(found["knn_accuracy:few"]) and np.isfinite(found["adjusted_rand_index:few"])


def test_the_probe_takes_the_samples_that_it_takes_of_the_target(layer):
    column = layer[:, 0].astype(float)
    column[:6] = np.nan
    attribute = read_attribute("age", column, "auto")
    kept = np.arange(SAMPLES) % 2 == 0
    directions = find_directions(unit_rows(layer))
    found = attribute_metrics(attribute, directions, layer, kept, measures=["linear_probe"], count=5, n_init=1, seed=2)
    both = kept & np.isfinite(column)
    linear = probe.ridge_predictions(layer[both], column[both][:, None], integer_seed(2, "probe"))[:, 0]
    assert found["linear_probe_r2:age"] == pytest.approx(r2_score(column[both], linear))


def test_a_word_of_which_the_probe_keeps_one_sample_is_left_out_of_it(layer):
    column = np.array([["oak", "elm", "ash"][index % 3] for index in range(SAMPLES)])
    column[[4, 5]] = "yew"
    kept = np.arange(SAMPLES) % 2 == 0
    attribute, directions = read_attribute("tree", column, "auto"), find_directions(unit_rows(layer))
    settings = {"measures": ["linear_probe"], "count": 5, "n_init": 1, "seed": 2}
    found = attribute_metrics(attribute, directions, layer, kept, **settings)["linear_probe_accuracy:tree"]
    common = kept & (column != "yew")
    words = np.unique(column[common], return_inverse=True)[1]
    assert found == pytest.approx(probe.linear_probe(layer[common], words, integer_seed(2, "probe")))
    alone = np.isin(np.arange(SAMPLES), [0, 1, 2])
    found = attribute_metrics(attribute, directions, layer, alone, **settings)
    assert np.isnan(found["linear_probe_accuracy:tree"])


def test_clusters_that_were_found_are_taken(layer):
    attribute = read_attribute("tree", np.array(["ab"[index % 2] for index in range(SAMPLES)]), 2)
    found = measured(attribute, layer, assigned=np.arange(SAMPLES) % 2)
    assert found["adjusted_rand_index:tree"] == 1


def test_rounding_makes_no_clusters(recwarn):
    """Three directions at many lengths: their unit rows differ in their last digits."""
    random = np.random.default_rng(0)
    rows = (random.normal(size=(3, 8))[np.arange(SAMPLES) % 3] * random.uniform(0.1, 9, (SAMPLES, 1))).astype(
        np.float32
    )
    assert len(np.unique(unit_rows(rows), axis=0)) > 5
    words = np.array([f"word {index % 5}" for index in range(SAMPLES)])
    found = measured(read_attribute("tree", words, "auto"), rows)
    assert np.isnan(found["adjusted_rand_index:tree"]) and np.isfinite(found["knn_accuracy:tree"])
    assert not recwarn.list
