"""The figure of how well the layers cluster, run against run."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from scipy import stats

from evolution.figures.style import FigureStyle
from plot_compared_metrics import plot_compared_metrics
from support.compared_runs import CASES, CASES_AND_WIDTHS, EPOCHS, legend_names, value_of, write_metrics, write_table
from support.figures import METRICS, SCREEN, all_text, assert_readable, assert_same_bytes


def draw(table, layers, style=SCREEN, threshold=0.9):
    return plot_compared_metrics(metrics_table=table, layers=layers, threshold=threshold, style=style)


@pytest.mark.parametrize(("case", "width"), CASES_AND_WIDTHS)
def test_it_can_be_read(case, width, tmp_path):
    groups, layers = CASES[case]
    metrics = write_metrics(tmp_path / "m.parquet", groups, layers)
    figure = draw(metrics, layers, FigureStyle(dpi=100, width=width, palette="petroff10"))
    assert_readable(figure)
    assert width is None or figure.get_figwidth() == width


def test_a_line_is_the_mean_and_a_band_students_interval(tmp_path):
    groups, layers = {"alone": 1, "three": 3}, {"alone": ["fc1", "fc2"], "three": ["fc1", "fc2"]}
    figure = draw(write_metrics(tmp_path / "m.parquet", groups, layers), layers, threshold=0.25)
    assert legend_names(figure) == ["alone (n = 1)", "three (n = 3)"]
    assert len(figure.axes) == 2 * len(METRICS)
    panel = figure.axes[1]  # fc2, adjusted Rand index
    assert panel.get_title(loc="left") == "fc2"
    values = np.array([[value_of(1, run, time, 1) for time in EPOCHS] for run in range(3)])
    means = [line.get_ydata() for line in panel.lines if len(line.get_ydata()) == len(EPOCHS)]
    np.testing.assert_allclose(means, [[value_of(0, 0, time, 1) for time in EPOCHS], values.mean(0)])
    bands = [band for band in panel.collections if isinstance(band, PolyCollection)]
    heights = [path.vertices[:, 1] for band in bands for path in band.get_paths()]
    assert len(heights) == 1, "a single run has no band"
    low, high = stats.t.interval(0.95, 2, loc=values.mean(0), scale=stats.sem(values))
    assert (heights[0].min(), heights[0].max()) == (pytest.approx(low.min()), pytest.approx(high.max()))
    # The threshold, and the mean of the groups' mean raw_inputs.
    level = [line.get_ydata()[0] for line in panel.lines if len(line.get_ydata()) == 2]
    assert sorted(level) == [0.25, pytest.approx((0.3 + 0.301) / 2)]
    assert "the threshold 0.25" in all_text(figure)


def test_pixels_that_differ_are_no_baseline(tmp_path):
    rows = [
        (group, group, time, layer, metric, value)
        for group, raw_inputs in (("a", 0.1), ("b", 0.9))
        for metric in METRICS
        for layer, time, value in [("raw_inputs", 0, raw_inputs), ("fc", 0, 0.5), ("fc", 5, 0.6)]
    ]
    table = write_table(tmp_path / "m.parquet", rows, "layer", "metric")
    text = all_text(draw(table, {"a": ["fc"], "b": ["fc"]}))
    # Nor is a threshold drawn that no run reaches.
    assert "Dashed" not in text and "Dotted" not in text


def test_of_many_groups_the_best_are_in_colour(tmp_path):
    groups = {f"g{number}": 1 for number in range(14)}
    layers = {group: ["fc"] for group in groups}
    figure = draw(write_metrics(tmp_path / "m.parquet", groups, layers), layers)
    # By value_of, a later group is better.
    assert legend_names(figure) == [f"g{number} (n = 1)" for number in range(4, 14)] + ["4 more groups"]
    assert "the 10 of 14 groups" in all_text(figure)
    assert len([line for line in figure.axes[0].lines if len(line.get_ydata()) == len(EPOCHS)]) == 14


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    layers = {"a": ["fc"], "b": ["fc"]}
    metrics = write_metrics(tmp_path / "m.parquet", {"a": 2, "b": 2}, layers)
    assert_same_bytes(lambda style: draw(metrics, layers, style), tmp_path)


@pytest.mark.parametrize("width", [None, 3.4, 7])
def test_groups_with_other_targets_have_rows_of_their_own(width, tmp_path):
    of = {"digits": ("silhouette", "adjusted_rand_index"), "ages": ("silhouette", "knn_r2"), "texts": ("silhouette",)}
    rows = [
        (group, group, time, layer, metric, value_of(number, 0, time))
        for number, (group, metrics) in enumerate(of.items())
        for metric in metrics
        for layer, times in (("raw_inputs", [0]), ("fc", EPOCHS))
        for time in times
    ]
    table = write_table(tmp_path / "m.parquet", rows, "layer", "metric")
    layers = {group: ["fc"] for group in of}
    figure = plot_compared_metrics(
        metrics_table=table, layers=layers, threshold=0.9, baseline="raw signal",
        style=FigureStyle(dpi=100, width=width, palette="petroff10"),
    )  # fmt: skip
    assert_readable(figure)
    rows = {axes.get_ylabel().replace("\n", " "): axes for axes in figure.axes}
    assert list(rows) == ["Adjusted Rand index", "k-NN R²", "Silhouette"]
    lines = [[line for line in axes.lines if len(line.get_ydata()) == len(EPOCHS)] for axes in rows.values()]
    assert [len(drawn) for drawn in lines] == [1, 1, 3]
    assert width or ("different targets" in all_text(figure) and "raw signal" in all_text(figure))
