"""The scale of colours of a number."""

import numpy as np
import pytest

from evolution.data.targets import Targets
from evolution.explorer.columns import number_scale
from evolution.explorer.plots import number_colors
from evolution.figures.dot_colors import color_dots
from evolution.figures.number_scale import ramp, scale_ends
from support.figures import SCREEN


def test_a_scale_ends_near_most_values():
    assert scale_ends(np.array([3.0, 1, 2])) == (1, 3)
    low, high = scale_ends(np.append(np.linspace(0, 1, 999), 1000))
    assert 0 < low < 0.05 and 0.95 < high < 1
    assert scale_ends(np.append(np.zeros(999), 5.0)) == (0, 5)


def test_colours_keep_off_the_background():
    assert ramp(2) != ramp(2, dark=True) and ramp(3)[0] == "#440154"
    assert len(set(ramp(32))) == 32


@pytest.mark.parametrize("far", [3.0, 1e6])
def test_a_number_has_the_same_colours_in_figure_and_page(far):
    values = np.append(np.linspace(0, 2, 99), far)
    scale = color_dots(Targets("table", "number", values, (), len(values)), SCREEN).scale
    page = number_scale(values)
    assert (scale.low, scale.high) == (page["low"], page["high"])
    assert (scale.colors[0], scale.colors[-1]) == tuple(number_colors(False)[place] for place in (0, -1))
