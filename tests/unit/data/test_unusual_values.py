"""Which values of a row are unusual, by hand."""

import numpy as np

from evolution.data.unusual_values import unusual_columns

# Of the columns the first has one value, and the last one a gap.
ROWS = np.array([[1.0, 5.0, 2.0, np.nan], [1.0, 5.0, 3.0, 1.0], [1.0, 5.5, 9.0, 2.0]])


def test_the_furthest_value_comes_first_and_a_missing_one_last():
    # Of the last row a and b are 1.414 and 1.402 standard deviations from the mean, and the gap's column 1.
    found = unusual_columns(ROWS, np.array([2, 0]), 4)
    assert found[0].tolist() == [1, 2, 3, 0]
    assert found[1].tolist() == [2, 1, 0, 3]


def test_no_more_than_asked():
    assert unusual_columns(ROWS, np.array([2]), 2).tolist() == [[1, 2]]
    assert unusual_columns(ROWS, np.array([0, 1, 2]), 9).shape == (3, 4)
