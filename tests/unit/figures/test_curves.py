"""Labels next to lines, and lines with gaps."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.optimize import isotonic_regression, minimize

from evolution.figures.curves import (
    cell_edges,
    curve_panels,
    draw_curve,
    draw_layer_curves,
    place_labels,
    set_cell_axis,
    set_time_axis,
    spread,
)
from evolution.figures.style import FigureStyle, shared_look
from support.figures import SCREEN


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        ([0.5], [0.5]),
        ([0.1, 0.9, 0.5], [0.1, 0.9, 0.5]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.0, 0.0, 0.0], [0.0, 0.1, 0.2]),
        ([1.0, 0.99], [1.0, 0.9]),
        ([-3.0, 7.0], [0.0, 1.0]),
    ],
)
def test_spread_by_hand(wanted, expected):
    np.testing.assert_allclose(spread(np.array(wanted), 0.1, 0, 1), expected, atol=1e-12)


def test_spread_moves_as_little_as_possible():
    wanted, gap = np.sort(np.random.default_rng(0).uniform(0.3, 0.7, 6)), 0.12
    rules = [{"type": "ineq", "fun": lambda y: np.diff(y) - gap}]
    best = minimize(lambda y: ((y - wanted) ** 2).sum(), np.linspace(0, 1, 6), bounds=[(0, 1)] * 6, constraints=rules)
    np.testing.assert_allclose(spread(wanted, gap, 0, 1), best.x, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_spread_agrees_with_isotonic_regression(count):
    random = np.random.default_rng(count)
    wanted, gap = random.uniform(-1, 1, count), 0.1
    order = np.argsort(wanted)
    fitted = isotonic_regression(wanted[order] - gap * np.arange(count)).x
    np.testing.assert_allclose(spread(wanted, gap, -9, 9)[order], fitted + gap * np.arange(count), atol=1e-12)


def test_spread_makes_the_gap_smaller_where_labels_do_not_fit():
    np.testing.assert_allclose(spread(np.full(5, 0.3), 0.9, 0, 1), [0, 0.25, 0.5, 0.75, 1])


def lines(axes):
    """The drawn points of each line and each group of dots."""
    return [
        [tuple(map(float, point)) for point in line.get_xydata() if np.isfinite(point).all()] for line in axes.lines
    ]


def test_a_gap_stays_a_gap_and_lonely_values_are_dots():
    axes = Figure().subplots()
    draw_curve(axes, np.array([0, 1, 2, 3, 4, 5]), np.array([0.5, np.nan, 0.6, 0.7, np.nan, 0.8]), "k", "name")
    line, dots = axes.lines
    np.testing.assert_array_equal(line.get_ydata(), [0.5, np.nan, 0.6, 0.7, np.nan, 0.8])
    assert dots.get_marker() == "o"
    assert lines(axes)[1] == [(0.0, 0.5), (5.0, 0.8)]
    assert axes.texts[0].xy == (5, 0.8)


def test_a_label_stands_where_the_last_value_is():
    axes = Figure().subplots()
    draw_curve(axes, np.array([0, 1, 2]), np.array([0.5, 0.6, np.nan]), "k", "name")
    assert axes.texts[0].xy == (1, 0.6)


def test_labels_at_one_height_are_placed_a_line_apart():
    with shared_look():
        figure, (axes,) = curve_panels(title="Title", note="note", rows=[1], labels=["a", "b", "c"], style=SCREEN)
        for name in "abc":
            draw_curve(axes, np.array([0, 1]), np.array([0.0, 0.5]), "k", name)
        place_labels(figure)
        heights = sorted(Text.get_window_extent(text).y0 for text in axes.texts)
    assert np.diff(heights) == pytest.approx(8 * 1.25 / 72 * 100, abs=1)


def layer_panel(values, layers, least_span=0.1):
    axes = Figure().subplots()
    draw_layer_curves(axes=axes, values=values, layers=layers, metric="m", least_span=least_span, baseline="raw signal")
    return axes, [text.get_text() for text in axes.texts]


def test_raw_inputs_are_a_level_and_layers_without_values_are_named():
    values = {("raw_inputs", 0, "m"): 0.4, ("a", 0, "m"): 0.1, ("a", 2, "m"): 0.9, ("b", 0, "m"): np.nan}
    axes, labels = layer_panel(values, ["raw_inputs", "a", "b"])
    assert labels == ["raw signal", "a", "b: no value"]
    assert list(axes.lines[0].get_ydata()) == [0.4, 0.4]
    assert lines(axes)[1] == [(0.0, 0.1), (2.0, 0.9)]


def test_a_panel_without_any_value_says_so():
    assert layer_panel({("a", 0, "m"): np.nan}, ["a"])[1] == ["no layer has a value"]


def test_noise_is_not_blown_up():
    values = {("a", 0, "m"): 0.5, ("a", 1, "m"): 0.5001}
    low, high = layer_panel(values, ["a"], least_span=0.1)[0].get_ylim()
    assert (low, high) == pytest.approx((0.45, 0.55), abs=1e-3)


def test_columns_of_a_heat_map_meet_half_way_between_times():
    np.testing.assert_array_equal(cell_edges([0, 2, 5, 10]), [-1, 1, 3.5, 7.5, 12.5])
    np.testing.assert_array_equal(cell_edges([4]), [3.5, 4.5])


@pytest.mark.parametrize("first", [0, 100])
def test_the_raw_inputs_are_a_level_line_whatever_the_first_time(first):
    values = {("raw_inputs", first, "ari"): 0.25, ("fc", first, "ari"): 0.5, ("fc", 500, "ari"): 0.75}
    axes = Figure().subplots()
    draw_layer_curves(
        axes=axes, values=values, layers=["raw_inputs", "fc"], metric="ari", least_span=0.1, baseline="raw pixels"
    )
    assert [0.25, 0.25] in [list(line.get_ydata()) for line in axes.lines]


@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_an_axis_of_time_is_named_by_its_unit(unit):
    axes = Figure().subplots()
    axes.plot([0, 7], [1, 2])
    set_time_axis(axes, FigureStyle(dpi=100, unit=unit))
    assert axes.get_xlabel() == unit and axes.get_xscale() == "linear"
    assert all(tick == int(tick) for tick in axes.get_xticks())


def test_a_logarithmic_axis_shows_0_and_lines_across_do_not_count():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 8, 512, 143_000], [1, 2, 3, 4])
    axes.axhline(2)
    set_time_axis(axes, FigureStyle(dpi=100, unit="step", time_axis="log"))
    low, high = axes.get_xlim()
    assert axes.get_xscale() == "symlog" and -8 < low < 0 and high > 143_000
    figure.draw_without_rendering()
    shown = [label.get_text() for label in axes.get_xticklabels() if low <= label.get_position()[0] <= high]
    assert shown == ["0", "10", "100", "1000", "10000", "100000"]
    # A tenfold takes the same room everywhere after the first time.
    positions = axes.transData.transform([[10.0**power, 1] for power in (1, 2, 3, 5)])[:, 0]
    assert positions[1] - positions[0] == pytest.approx(positions[2] - positions[1])
    assert positions[3] - positions[2] == pytest.approx(2 * (positions[2] - positions[1]))


@pytest.mark.parametrize(
    ("time_axis", "width", "times", "expected"),
    [
        ("linear", None, [0, 1_000_000], ["0", "400000", "800000"]),
        # Not as distances from one of them.
        ("linear", None, [500_000, 500_400], ["500050", "500200", "500350"]),
        ("log", None, [0, *(10**power for power in range(8))], ["0", "10", "1000", "100000", "10000000"]),
        ("log", 3.4, [0, *(10**power for power in range(7))], ["0", "1", "1000", "1000000"]),
        ("log", None, [0, 250_000, 3_000_000], ["0", "250000", "3000000"]),
        # There is no room for both.
        ("log", None, [0, 500_000, 500_400], ["0", "500400"]),
    ],
)
def test_large_steps_are_written_out(time_axis, width, times, expected):
    figure = Figure()
    axes = figure.subplots()
    axes.plot(times, times)
    set_time_axis(axes, FigureStyle(dpi=100, width=width, unit="step", time_axis=time_axis))
    figure.draw_without_rendering()
    low, high = axes.get_xlim()
    assert [label.get_text() for label in axes.get_xticklabels() if low <= label.get_position()[0] <= high] == expected
    assert not axes.xaxis.get_offset_text().get_text()


def test_a_logarithmic_axis_of_late_times_is_filled_by_them():
    axes = Figure().subplots()
    axes.plot([500_000, 500_400], [1, 2])
    set_time_axis(axes, FigureStyle(dpi=100, unit="step", time_axis="log"))
    low, high = axes.get_xlim()
    assert 400 / (high - low) > 0.8


def test_a_logarithmic_axis_of_one_time():
    axes = Figure().subplots()
    axes.plot([0], [1])
    set_time_axis(axes, FigureStyle(dpi=100, time_axis="log"))
    assert axes.get_xscale() == "linear"


@pytest.mark.parametrize("which", ["xaxis", "yaxis"])
def test_cells_of_a_heat_map_on_a_logarithmic_axis(which):
    """Early times have room, and 0 shows: as wide as from one power of ten to the next, or about half as wide."""
    times = [0, 1, 2, 4, 8, 16, 500]
    axes = Figure().subplots()
    edges = cell_edges(times)
    if which == "xaxis":
        axes.pcolormesh(edges, [0, 1], np.zeros((1, 7)))
    else:
        axes.pcolormesh([0, 1], edges, np.zeros((7, 1)))
    style = FigureStyle(dpi=100, unit="step", time_axis="log")
    set_cell_axis(getattr(axes, which), times, style, ticks=4)
    axis = getattr(axes, which)
    assert axis.get_scale() == "symlog" and list(axis.get_majorticklocs()) == [0, 1, 10, 100, 500]
    place = axis.get_transform().transform
    assert place(np.array([1.0])) - place(np.array([0.0])) > 0.1 * (place(np.array([500.0])) - place(np.array([1.0])))
    axes = Figure().subplots()
    set_cell_axis(axes.xaxis, times, FigureStyle(dpi=100, unit="step"), ticks=4)
    assert axes.xaxis.get_scale() == "linear"
