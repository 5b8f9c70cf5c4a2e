"""What a tolerance stands for, as jobs and planning see it."""

import pytest

from evolution.activations.tolerances import AUTO, AUTO_SAMPLES, planned_tolerance, tolerance_of


@pytest.mark.parametrize(
    ("tolerance", "samples", "found", "planned"),
    [
        ("auto", AUTO_SAMPLES, 0, 0),
        # There may turn out to be fewer.
        ("auto", AUTO_SAMPLES + 1, AUTO, "auto"),
        (0, 10**6, 0, 0),
        (0.1, 10, 0.1, 0.1),
    ],
)
def test_tolerances(tolerance, samples, found, planned):
    assert tolerance_of(tolerance, samples) == found
    assert planned_tolerance(tolerance, samples) == planned
