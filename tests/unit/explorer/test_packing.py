"""Arrays and numbers in JSON."""

import math

import numpy as np

from evolution.explorer.packing import packed, rounded
from support.page import unpacked


def test_arrays_come_back():
    array = np.arange(-6, 6, dtype=np.int16).reshape(2, 3, 2)
    np.testing.assert_array_equal(unpacked(packed(array.astype(">i2"))), array)


def test_a_value_that_is_none_is_null():
    assert [rounded(value) for value in (None, math.nan, math.inf, 0.99999949)] == [None, None, None, 0.999999]
