"""Columns of samples: categories with colours, numbers on a scale."""

import numpy as np
import pytest

from evolution.explorer.columns import (
    LONGEST_NAME,
    MOST_CATEGORIES,
    MOST_PICKED,
    attribute_column,
    category_colors,
    number_scale,
)
from evolution.figures.style import class_colors
from support.page import unpacked

ALL = np.arange(6)


def test_a_scale_goes_from_the_smallest_value_to_the_largest():
    assert number_scale(np.array([3.0, np.nan, 1, 2])) == {"low": 1, "high": 3, "least": 1, "most": 3}
    assert number_scale(np.array([3.0, 1, 2]), low=0.0)["low"] == 0


def test_few_values_that_are_far_off_do_not_take_the_scale():
    values = np.append(np.linspace(0, 1, 999), 1000)
    scale = number_scale(values)
    assert (scale["least"], scale["most"]) == (0, 1000) and 0 < scale["low"] < 0.05 and 0.95 < scale["high"] < 1


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_without_values_there_is_no_scale(values):
    assert set(number_scale(np.array(values)).values()) == {0}


def test_nearly_all_values_may_be_the_same():
    assert number_scale(np.append(np.zeros(999), 5.0))["high"] == 5


def test_numbers_keep_their_values_and_are_scaled_by_all_samples():
    column = attribute_column("age", np.array([1, 2, np.nan, 4, 5, 60.0]), np.array([1, 2]), "petroff10")
    np.testing.assert_array_equal(unpacked(column["values"]), [2, np.nan])
    assert (column["name"], column["scale"]["most"]) == ("age", 60)


def test_text_becomes_categories_and_what_is_missing_none():
    column = attribute_column("writer", np.array(["b", "", "a", "b", "c", "a"]), ALL, "petroff10")
    assert column["names"] == ["a", "b", "c"] and len(column["colors"]) == 3
    np.testing.assert_array_equal(unpacked(column["codes"]), [1, -1, 0, 1, 2, 0])
    # On a page without the samples that have it, a category keeps its place.
    np.testing.assert_array_equal(
        unpacked(attribute_column("w", np.array(["b", "a"]), np.array([0]), "tab10")["codes"]), [1]
    )
    empty = attribute_column("writer", np.full(6, ""), ALL, "petroff10")
    assert empty["names"] == [] and set(unpacked(empty["codes"])) == {-1}


def test_long_categories_are_cut_and_stay_apart():
    column = attribute_column("note", np.array(["x" * 500 + "a", "x" * 500 + "b"]), np.arange(2), "petroff10")
    assert {len(name) for name in column["names"]} == {LONGEST_NAME}
    np.testing.assert_array_equal(unpacked(column["codes"]), [0, 1])


def test_no_colour_of_a_category_is_the_grey_of_missing_values():
    greys = {"#94a4a2", "#717581"}
    assert greys <= set(class_colors("petroff10", 10))
    assert not greys & set(category_colors("petroff10", 8)) and len(category_colors("petroff10", 8)) == 8
    # As many as are asked for, all different.
    assert [len(set(category_colors("petroff10", count))) for count in (1, 9, 20)] == [1, 9, 20]


@pytest.mark.parametrize("palette", ["petroff10", "tab20", "Set1", "Pastel1", "Accent"])
def test_of_hundreds_some_can_be_picked(palette):
    colors = category_colors(palette, MOST_CATEGORIES + 1)
    assert 5 <= len(colors) <= MOST_PICKED and len(set(colors)) == len(colors)


def test_of_hundreds_the_picked_ones_have_no_colour_that_another_was_given():
    plain = category_colors("petroff10", 1000)
    given = [plain[0], "#dd0000"]
    colors = category_colors("petroff10", 1000, given)
    assert len(colors) == len(set(colors)) == MOST_PICKED and not set(colors) & set(given)
    every = [f"#0000{number:02x}" for number in range(60)]
    assert len(set(category_colors("petroff10", 60, every))) == 60
