"""Evaluation samples, wherever they come from: the draw, and the checks of names and ids."""

import numpy as np
import pytest

from evolution.data.evaluation_samples import checked_ids, checked_names, drawn_samples, require_enough
from evolution.errors import DataError


def test_the_draw_is_even_over_the_classes_as_far_as_there_are_samples():
    labels = np.repeat([0, 1, 2], [50, 50, 3])
    chosen = drawn_samples(103, classes=labels, most=33, seed=1)
    assert np.bincount(labels[chosen]).tolist() == [15, 15, 3] and (np.diff(chosen) > 0).all()
    assert np.array_equal(chosen, drawn_samples(103, classes=labels, most=33, seed=1))
    assert not np.array_equal(chosen, drawn_samples(103, classes=labels, most=33, seed=2))
    assert np.array_equal(drawn_samples(103, classes=labels, most=103, seed=1), np.arange(103))


def test_without_classes_each_sample_is_as_likely():
    drawn = np.stack([drawn_samples(20, classes=None, most=5, seed=seed) for seed in range(4000)])
    assert (np.diff(drawn, axis=1) > 0).all()
    counts = np.bincount(drawn.ravel(), minlength=20)
    # 1000 expected of each; the standard deviation is sqrt(4000 * 0.25 * 0.75) = 27.
    assert np.abs(counts - 1000).max() < 4 * 27.4
    assert np.array_equal(drawn_samples(20, classes=None, most=20, seed=1), np.arange(20))


def test_too_few_samples_are_refused():
    require_enough(10, "x")
    with pytest.raises(DataError, match="x returned 9 samples; at least 10 are needed"):
        require_enough(9, "x")


def test_names_fit_the_labels():
    labels = np.array([0, 1, 3])
    assert checked_names(None, np.array([0, 1, 2]), "x", how_to_name="h") == ("0", "1", "2")
    assert checked_names(tuple("abcde"), labels, "x", how_to_name="h") == tuple("abcde")
    for names, given, message in (
        (None, labels, "none of 2; count labels from 0 without gaps, .* h$"),
        (("a", "b"), labels, "2 names of classes, and the label 3"),
        (None, np.zeros(4, int), "samples of one class"),
    ):
        with pytest.raises(DataError, match=message):
            checked_names(names, given, "x", how_to_name="h")


def test_ids_are_text_and_unique():
    assert checked_ids([None, None], "x") is None
    assert checked_ids(["a", 3, np.int64(4), np.array([5])], "x") == ["a", "3", "4", "5"]
    for ids, message in (
        (["a", "a"], "to two samples"),
        (["a", None], "all samples have"),
        ([True, "b"], "True"),
    ):
        with pytest.raises(DataError, match=message):
            checked_ids(ids, "x")
