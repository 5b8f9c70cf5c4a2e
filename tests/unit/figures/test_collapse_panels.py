"""What the figures of neural collapse share."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from evolution.figures.collapse_panels import PANELS, nc2_note, plain_decades, say_no_classifier
from evolution.measures.registry import CLASSIFIER_METRICS


def ticks(low, high):
    """The ticks between two ends of a logarithmic axis, as they are written."""
    axes = Figure().subplots()
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    plain_decades(axes)
    axes.figure.draw_without_rendering()
    return [
        label.get_text()
        for place, label in zip(axes.get_yticks(), axes.get_yticklabels())
        if low <= place <= high and label.get_text()
    ]


def test_each_measure_at_the_classifier_has_a_panel():
    assert list(PANELS) == list(CLASSIFIER_METRICS)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.005, 200, ["0.01", "0.1", "1", "10", "100"]),
        (0.9, 12, ["1", "2", "3", "5", "10"]),
    ],
    ids=["decades", "a decade"],
)
def test_ticks_are_plain_numbers(low, high, expected):
    assert ticks(low, high) == expected


def test_an_empty_panel_says_why():
    axes = Figure().subplots()
    axes.set_ylim(3, 4)
    say_no_classifier(axes)
    (text,) = axes.texts
    assert "no classifier" in text.get_text()
    # In the middle of the panel, wherever its axes are.
    np.testing.assert_allclose(axes.transAxes.inverted().transform(text.get_transform().transform((0.5, 0.5))), 0.5)


def test_nc2_is_nothing_where_it_is_0_everywhere():
    assert "two classes" in nc2_note([0.0, 1e-9, np.nan])
    assert nc2_note([0.0, 0.01]) == nc2_note([np.nan]) == nc2_note([]) == ""
