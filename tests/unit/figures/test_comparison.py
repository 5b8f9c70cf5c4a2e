"""What the figures that compare runs share; the figures themselves are tested with their scripts."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from evolution.errors import UserError
from evolution.figures.comparison import (
    draw_groups,
    final_value,
    group_colors,
    layer_columns,
    limit_y_axis,
    load_comparison,
    others_note,
)
from evolution.figures.style import class_colors
from support.compared_runs import write_table


def test_values_are_read_by_group_and_lined_up_by_time(tmp_path):
    rows = [
        ("a-1", "a", 0, "fc", "m", 0.1),
        ("a-1", "a", 4, "fc", "m", 0.2),
        ("b", "b", 0, "fc", "m", None),
        ("a-2", "a", 4, "fc", "m", 0.3),
        ("a-2", "a", 2, "fc", "m", 0.4),
    ]
    values = load_comparison(write_table(tmp_path / "t.parquet", rows, "layer", "metric"), "layer", "metric")
    assert list(values) == ["a", "b"] and list(values["a"]) == list(values["b"]) == [("fc", "m")]
    times, curves = values["a"]["fc", "m"]
    assert times.tolist() == [4], "a mean at another time would be of fewer runs"
    np.testing.assert_array_equal(curves, [[0.2], [0.3]])
    np.testing.assert_array_equal(values["b"]["fc", "m"][1], [[np.nan]])


def test_runs_of_a_group_that_share_no_time(tmp_path):
    rows = [("a-1", "a", 0, "fc", "m", 0.1), ("a-1", "a", 4, "fc", "m", 0.2), ("a-2", "a", 2, "fc", "m", 0.4)]
    values = load_comparison(write_table(tmp_path / "t.parquet", rows, "layer", "metric"), "layer", "metric")
    times, curves = values["a"]["fc", "m"]
    assert times.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(curves, [[0.1, np.nan, 0.2], [np.nan, 0.4, np.nan]])


def test_a_table_without_rows_is_refused(tmp_path):
    rows = [("a", "a", 0, "fc", "m", 0.1)]
    path = write_table(tmp_path / "t.parquet", rows, "layer", "metric")
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(UserError, match=r"t\.parquet.*no rows"):
        load_comparison(path, "layer", "metric")


def test_groups_rank_by_their_mean_at_the_end_and_last_without_one():
    times = np.array([0, 1])
    assert final_value((times, np.array([[0.9, 0.2], [0.9, 0.4]]))) == pytest.approx(0.3)
    assert final_value((times, np.array([[0.9, np.nan]]))) == final_value(None) == -np.inf


def test_of_many_groups_the_highest_have_a_colour_each():
    groups = [f"g{number}" for number in range(14)]
    colors = group_colors(groups, groups.index, "petroff10", groups)
    assert list(colors) == groups[4:] and list(colors.values()) == class_colors("petroff10", 10)
    assert "the 10 of 14 groups at the top" in others_note(groups, colors, "at the top")
    few = group_colors(groups[:2], groups.index, "petroff10", groups[:2])
    assert list(few) == groups[:2] and others_note(groups[:2], few, "at the top") == ""


def test_a_group_has_one_colour_in_figures_that_show_some_groups_alone():
    groups = ["a", "b", "c", "d"]
    colors = group_colors(groups, groups.index, "petroff10", groups)
    assert list(colors.values()) == class_colors("petroff10", 4)
    assert group_colors(["b", "d"], groups.index, "petroff10", groups) == {"b": colors["b"], "d": colors["d"]}
    # There are not colours for all: each figure has them for those that it shows.
    many = [f"g{number}" for number in range(14)]
    assert list(group_colors(many[9:12], many.index, "petroff10", many).values()) == class_colors("petroff10", 3)


def test_the_ends_of_all_runs_are_known():
    axes = Figure().subplots()
    curves = {
        "a": (np.array([0, 1]), np.array([[0.1, np.nan], [0.3, 0.7]])),
        "b": (np.array([0]), np.array([[np.nan]])),
    }
    assert draw_groups(axes, curves, {"a": "red"}) == [0.1, 0.7]
    assert draw_groups(axes, {"b": curves["b"]}, {}) == []


def test_a_logarithmic_axis_has_the_mean_and_the_band_of_the_logarithms():
    axes = Figure().subplots()
    axes.set_yscale("log")
    curves = {"a": (np.array([0, 1, 2]), np.array([[0.01, 2.0, 0.0], [1.0, 8.0, 3.0]]))}
    # What the axis cannot show does not stretch it.
    assert draw_groups(axes, curves, {"a": "red"}) == [0.01, 8]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.1, 4, np.nan])
    (band,) = axes.collections
    heights = np.concatenate([path.vertices[:, 1] for path in band.get_paths()])
    # A factor of 10 ** t at time 0, and of 2 ** t at time 1, with t(0.975) of one degree of freedom.
    t = np.tan(0.475 * np.pi)
    assert (heights.min(), heights.max()) == (pytest.approx(0.1 / 10**t), pytest.approx(0.1 * 10**t))
    limit_y_axis(axes, [0.01, 8])
    low, high = axes.get_ylim()
    assert 0.005 < low < 0.01 and 8 < high < 16 and 0.01 / low == pytest.approx(high / 8)
    limit_y_axis(axes, [2, 2.1])
    low, high = axes.get_ylim()
    assert high / low == pytest.approx(2) and low * high == pytest.approx(2 * 2.1)


def test_the_y_axis_holds_the_ends_and_does_not_blow_noise_up():
    axes = Figure().subplots()
    limit_y_axis(axes, [0.5, 0.5001])
    assert axes.get_ylim() == pytest.approx((0.45, 0.55), abs=1e-3)
    limit_y_axis(axes, [0.2, 0.8, 0.4])
    assert axes.get_ylim() == pytest.approx((0.17, 0.83))
    limit_y_axis(axes, [])
    assert axes.get_ylim() == pytest.approx((0.17, 0.83))


def test_the_same_layers_stand_in_a_column():
    layers = {"a": ["x", "y", "z"], "b": ["x", "y", "z"]}
    assert layer_columns(layers, 6) == [{"a": name, "b": name} for name in "xyz"]


def test_other_layers_stand_by_their_depth():
    layers = {"cnn": ["c1", "c2", "c3", "f1", "f2"], "mlp": ["f1", "f2", "f3"], "one": ["f"]}
    assert layer_columns(layers, 6) == [
        {"cnn": "c1", "mlp": "f1"},
        {"cnn": "c2"},
        {"cnn": "c3", "mlp": "f2"},
        {"cnn": "f1"},
        {"cnn": "f2", "mlp": "f3", "one": "f"},
    ]


def test_of_many_layers_the_first_and_the_last_are_shown():
    names = [f"l{depth}" for depth in range(21)]
    shown = [column["a"] for column in layer_columns({"a": names}, 6)]
    assert shown == ["l0", "l4", "l8", "l12", "l16", "l20"]
    assert layer_columns({"a": ["x"]}, 6) == [{"a": "x"}]
