"""The figure of neural collapse at the classifier, run against run."""

import numpy as np
import pytest
from scipy import stats

from evolution.errors import UserError
from evolution.figures.collapse_panels import PANELS
from evolution.figures.style import FigureStyle, class_colors
from plot_compared_collapse import plot_compared_collapse
from support.compared_runs import CASES, CASES_AND_WIDTHS, EPOCHS, legend_names, value_of, write_collapse, write_table
from support.figures import SCREEN, all_text, assert_readable, assert_same_bytes, titled


@pytest.mark.parametrize(("case", "width"), CASES_AND_WIDTHS)
def test_it_can_be_read(case, width, tmp_path):
    table = write_collapse(tmp_path / "c.parquet", CASES[case][0])
    figure = plot_compared_collapse(collapse_table=table, style=FigureStyle(dpi=100, width=width, palette="petroff10"))
    assert_readable(figure)
    assert width is None or figure.get_figwidth() == width


def test_each_measure_is_drawn_in_its_panel(tmp_path):
    table = write_collapse(tmp_path / "c.parquet", {"alone": 1, "three": 3})
    figure = plot_compared_collapse(collapse_table=table, style=SCREEN)
    assert legend_names(figure) == ["alone (n = 1)", "three (n = 3)"]
    for number, (metric, panel) in enumerate(PANELS.items()):
        axes = titled(figure, panel.title)
        assert axes.get_yscale() == ("log" if metric == "nc1" else "linear")
        values = np.array([[value_of(1, run, time, number) for time in EPOCHS] for run in range(3)])
        expected = stats.gmean(values) if metric == "nc1" else values.mean(0)
        alone, three = (line.get_ydata() for line in axes.lines if len(line.get_ydata()) == len(EPOCHS))
        np.testing.assert_allclose(alone, [value_of(0, 0, time, number) for time in EPOCHS])
        np.testing.assert_allclose(three, expected)


def test_values_near_zero_have_a_band_above_zero(tmp_path):
    # The seeds differ a hundredfold: an interval of NC1 itself would end far below 0.
    table = write_collapse(tmp_path / "c.parquet", {"a": 3}, lambda group, run, time, metric: 100.0 ** -(1 + run))
    figure = plot_compared_collapse(collapse_table=table, style=SCREEN)
    assert_readable(figure)
    (band,) = titled(figure, PANELS["nc1"].title).collections
    low, high = stats.t.interval(0.95, 2, loc=-4, scale=2 / np.sqrt(3))
    heights = np.log10(np.concatenate([path.vertices[:, 1] for path in band.get_paths()]))
    np.testing.assert_allclose([heights.min(), heights.max()], [low, high])
    assert "mean and interval are taken of the logarithm" in all_text(figure)


def test_a_group_without_a_linear_classifier_is_left_out_by_name(tmp_path):
    def value(group, run, time, metric):
        return np.nan if group == 1 else value_of(group, run, time, metric)

    table = write_collapse(tmp_path / "c.parquet", {"linear": 2, "other": 2}, value)
    figure = plot_compared_collapse(collapse_table=table, style=SCREEN)
    assert_readable(figure)
    assert legend_names(figure) == ["linear (n = 2)"]
    assert "none that is linear: other." in all_text(figure)


def test_a_group_has_the_colour_that_it_has_in_other_figures(tmp_path):
    table = write_collapse(tmp_path / "c.parquet", {"b": 2, "d": 2})
    figure = plot_compared_collapse(collapse_table=table, style=SCREEN, groups=["a", "b", "c", "d"])
    lines = titled(figure, PANELS["nc1"].title).lines
    drawn = [line.get_color() for line in lines if len(line.get_ydata()) == len(EPOCHS)]
    assert drawn == class_colors(SCREEN.palette, 4)[1::2]


def test_without_any_linear_classifier_the_panels_say_so(tmp_path):
    table = write_collapse(tmp_path / "c.parquet", {"a": 2, "b": 1}, lambda *numbers: np.nan)
    figure = plot_compared_collapse(collapse_table=table, style=SCREEN)
    assert_readable(figure)
    for panel in PANELS.values():
        assert "no classifier" in " ".join(text.get_text() for text in titled(figure, panel.title).texts)


def test_an_unknown_prediction_leaves_one_panel_empty(tmp_path):
    def value(group, run, time, metric):
        return np.nan if metric == len(PANELS) - 1 else value_of(group, run, time, metric)

    table = write_collapse(tmp_path / "c.parquet", {"a": 2}, value)
    figure = plot_compared_collapse(collapse_table=table, style=SCREEN)
    written = {
        metric: "no run has a value" in " ".join(text.get_text() for text in titled(figure, panel.title).texts)
        for metric, panel in PANELS.items()
    }
    assert written == {metric: metric == "nc4_agreement" for metric in PANELS}


def test_of_many_groups_those_that_collapse_most_are_in_colour(tmp_path):
    groups = {f"g{number}": 1 for number in range(14)}
    figure = plot_compared_collapse(collapse_table=write_collapse(tmp_path / "c.parquet", groups), style=SCREEN)
    # By value_of, an earlier group has the lower NC1.
    assert legend_names(figure) == [f"g{number} (n = 1)" for number in range(10)] + ["4 more groups"]
    assert "the 10 of 14 groups with the lowest NC1" in all_text(figure)


def test_a_table_without_a_measure_is_refused(tmp_path):
    table = write_table(tmp_path / "c.parquet", [("a", "a", 0, "nc1", 1.0)], "metric")
    with pytest.raises(UserError, match=r"c\.parquet.*no nc2_equinorm of a"):
        plot_compared_collapse(collapse_table=table, style=SCREEN)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    table = write_collapse(tmp_path / "c.parquet", {"a": 2, "b": 2})
    assert_same_bytes(lambda style: plot_compared_collapse(collapse_table=table, style=style), tmp_path)
