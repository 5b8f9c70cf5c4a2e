"""The samples that count where a layer is measured against an attribute, against lists written by hand."""

import numpy as np

from evolution.measures.attribute_samples import samples_that_count


def test_numbers_count_where_there_is_one():
    column = np.array([3.0, np.nan, 3.0, -1.5])
    assert samples_that_count(column).tolist() == [True, False, True, True]


def test_words_count_where_another_sample_has_the_same():
    column = np.array(["oak", "", "elm", "oak", "", "ash"])
    assert samples_that_count(column).tolist() == [True, False, False, True, False, False]
