"""What is known and predicted of samples, for each kind of target."""

import numpy as np
import pytest

from evolution.data.targets import Targets
from evolution.explorer import outcomes
from evolution.explorer.outcomes import network_score, outcome_data
from support.page import unpacked

NAN = np.full((2, 4), np.nan, np.float32)
SUBSET = np.array([1, 3])


def targets(target, values, names=("a", "b", "c")):
    return Targets(kind="table", target=target, values=values, names=names, count=4)


def test_classes():
    known = targets("classes", np.array([0, 1, 2, 1]))
    predicted = np.array([[0, 0, 0, 1], [0, 1, 2, 1]], np.int32)
    data = outcome_data(known, predicted, np.full((2, 4), 0.256, np.float32), SUBSET)
    assert (data["labels"], data["names"]) == ([1, 1], ["a", "b", "c"])
    np.testing.assert_array_equal(unpacked(data["predicted"]), [[0, 1], [1, 1]])
    np.testing.assert_array_equal(unpacked(data["confidence"]), np.full((2, 2), 26))
    np.testing.assert_allclose(network_score(known, predicted), [0.5, 1])


def test_numbers_have_a_scale_and_one_for_errors():
    known = targets("number", np.array([0.0, 1, 2, 3]), names=())
    predicted = np.array([[5, 1.5, 2, 3], [0, 1, 2, 3]], np.float32)
    data = outcome_data(known, predicted, NAN, SUBSET)
    np.testing.assert_array_equal(unpacked(data["labels"]), [1, 3])
    np.testing.assert_array_equal(unpacked(data["predicted"]), [[1.5, 3], [1, 3]])
    assert data["scale"] == {"low": 0, "high": 3, "least": 0, "most": 3}
    assert data["error_scale"]["low"] == 0 and data["error_scale"]["most"] == 5
    assert data["confidence"] is None


def test_a_label_is_predicted_from_a_half_on():
    held = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], bool)
    below = np.nextafter(np.float32(0.5), np.float32(0))
    scores = np.array([[[0.5, below]] * 4, [[0, 1]] * 4], np.float32)
    data = outcome_data(targets("labels", held, ("x", "y")), scores, NAN, SUBSET)
    np.testing.assert_array_equal(unpacked(data["labels"]), [[0, 1], [0, 0]])
    np.testing.assert_array_equal(unpacked(data["predicted"])[:, 0], [[128, 127], [0, 255]])


def test_of_too_many_labels_the_page_has_the_most_common(monkeypatch):
    monkeypatch.setattr(outcomes, "MOST_PREDICTIONS", 2 * 2 * 2)
    held = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0]], bool)
    scores = np.random.default_rng(0).random((2, 4, 3)).astype(np.float32)
    data = outcome_data(targets("labels", held), scores, NAN, SUBSET)
    assert (data["names"], data["left_out"]) == (["a", "c"], 1)
    np.testing.assert_array_equal(unpacked(data["labels"]), held[SUBSET][:, [0, 2]])
    np.testing.assert_array_equal(unpacked(data["predicted"]), np.floor(256 * scores[:, SUBSET][..., [0, 2]]))


def test_without_labels_predictions_have_names_or_are_left_out():
    predicted = np.array([[0, 0, 0, 1], [0, 1, 2, 1]], np.int32)
    named, bare = (
        outcome_data(targets("none", None, names), predicted, NAN, SUBSET) for names in (("a", "b", "c"), ())
    )
    np.testing.assert_array_equal(unpacked(named["predicted"]), [[0, 1], [1, 1]])
    assert named["labels"] is None and bare["predicted"] is None
    assert network_score(targets("none", None), predicted) is None


@pytest.mark.parametrize(
    ("target", "values", "unknown"),
    [
        ("classes", np.zeros(4, int), np.full((2, 4), -1)),
        ("number", np.arange(4.0), NAN),
        ("labels", np.ones((4, 3), bool), np.full((2, 4, 3), np.nan)),
        # Of labels too, one column may say that nobody knows.
        ("labels", np.ones((4, 3), bool), NAN),
        ("none", None, np.full((2, 4), -1)),
    ],
)
def test_what_nobody_predicts_is_null(target, values, unknown):
    known = targets(target, values)
    data = outcome_data(known, unknown, NAN, SUBSET)
    assert data["predicted"] is None and data["confidence"] is None and network_score(known, unknown) is None
    assert (data["labels"] is None) == (target == "none")
