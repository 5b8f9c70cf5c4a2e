"""Copies of rows, against np.unique of whole rows."""

import numpy as np
import pytest

from evolution.measures.copies import find_copies


@pytest.mark.parametrize("features", [1, 3, 64, 500])
def test_groups_are_those_of_unique_rows(features):
    random = np.random.default_rng(features)
    rows = random.normal(size=(40, features)).astype(np.float32)[random.integers(0, 40, 90)]
    first, copy_of = find_copies(rows)
    np.testing.assert_array_equal(rows[first][copy_of], rows)
    _, firsts = np.unique(rows, axis=0, return_index=True)
    np.testing.assert_array_equal(first, np.sort(firsts))


def test_rows_that_agree_in_the_features_looked_at_first_are_compared_whole():
    rows = np.zeros((4, 640), np.float32)
    rows[1, 5] = rows[2, 6] = rows[3, 5] = 1
    first, copy_of = find_copies(rows)
    assert first.tolist() == [0, 1, 2] and copy_of.tolist() == [0, 1, 2, 1]


def test_minus_zero_is_zero():
    rows = np.array([[0.0, 1], [-0.0, 1], [0, -1]], np.float32)
    assert find_copies(rows)[1].tolist() == [0, 0, 1]
    assert find_copies(np.array([[0.0] * 90, [-0.0] * 90], np.float32))[1].tolist() == [0, 0]
