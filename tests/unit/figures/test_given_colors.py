"""Colours that the user gives to classes, among those of the palette."""

from itertools import permutations

import pytest

from evolution.figures.given_colors import colors_of_classes
from evolution.figures.style import class_colors

PALETTE = class_colors("petroff10", 4)


def test_without_any_classes_have_the_palettes():
    assert colors_of_classes("petroff10", list("abcd"), {}) == PALETTE


def test_a_given_colour_takes_the_place_of_the_palettes():
    found = colors_of_classes("petroff10", list("abcd"), {"c": "#dd0000", "z": "#00dd00"})
    assert found == [*PALETTE[:2], "#dd0000", PALETTE[3]]


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("named", range(5))
def test_no_two_classes_have_one_colour(order, named):
    """Even where classes are given those that the palette has for others."""
    given = {name: PALETTE[place] for name, place in list(zip("abcd", order))[:named]}
    found = colors_of_classes("petroff10", list("abcd"), given)
    assert len(set(found)) == 4 and found[:named] == list(given.values())
    # Who need not, does not change its colour.
    assert all(found[place] == PALETTE[place] for place in range(named, 4) if PALETTE[place] not in given.values())


def test_two_classes_may_be_given_one_colour():
    found = colors_of_classes("petroff10", list("abcd"), {"a": PALETTE[2], "b": PALETTE[2]})
    assert found == [PALETTE[2], PALETTE[2], PALETTE[0], PALETTE[3]]
