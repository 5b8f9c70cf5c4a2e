"""Times on a logarithmic axis that shows 0, against matplotlib's scale."""

import numpy as np
import pytest
from matplotlib.scale import SymmetricalLogTransform

from evolution.figures.log_time import START, log_places, log_ticks


@pytest.mark.parametrize("first", [1, 8, 500])
def test_places_are_those_of_matplotlib(first):
    times = np.array([0, 0.5, 1, 3, 40, 1000]) * first
    transform = SymmetricalLogTransform(10, first, START)
    expected = transform.transform_non_affine(times)
    places = log_places(times, first)
    # The same up to one factor: matplotlib counts in the first time's units.
    np.testing.assert_allclose(places / places[-1], expected / expected[-1], rtol=1e-9)


@pytest.mark.parametrize(
    ("first", "last", "with_start", "named"),
    [
        (1, 1000, True, [0, 1, 10, 100, 1000]),
        (1, 10**6, True, [0, 1, 100, 10**4, 10**6]),
        (1, 60, True, [0, 1, 10, 60]),
        (1, 30, True, [0, 1, 10]),
        (1, 5000, True, [0, 1, 10, 100, 1000]),
        (20, 60, True, [0, 20, 60]),
        (20, 30, True, [0, 30]),
        (2000, 3000, False, [2000, 3000]),
    ],
)
def test_named_times(first, last, with_start, named):
    assert log_ticks(first, last, most=4, with_start=with_start) == named
