"""A table of pairs as a matrix."""

import numpy as np

from evolution.measures.long_tables import pair_matrix


def test_matrix_of_pairs():
    matrix = pair_matrix(["a", "b", "c"], ["a", "a", "b", "x"], ["a", "b", "b", "a"], [1, 0.5, 0.9, 0.1])
    np.testing.assert_array_equal(matrix, [[1, 0.5, np.nan], [0.5, 0.9, np.nan], [np.nan] * 3])
