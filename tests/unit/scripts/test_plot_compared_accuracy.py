"""The figure of loss and accuracy, run against run."""

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.figures.style import FigureStyle, class_colors
from plot_compared_accuracy import plot_compared_accuracy
from support.compared_runs import CASES, CASES_AND_WIDTHS, EPOCHS, legend_names, value_of, write_history, write_table
from support.figures import SCREEN, all_text, assert_readable, assert_same_bytes, titled


@pytest.mark.parametrize(("case", "width"), CASES_AND_WIDTHS)
def test_it_can_be_read(case, width, tmp_path):
    history = write_history(tmp_path / "h.parquet", CASES[case][0])
    style = FigureStyle(dpi=100, width=width, palette="petroff10")
    figure = plot_compared_accuracy(history_table=history, style=style)
    assert_readable(figure)
    assert width is None or figure.get_figwidth() == width


def test_each_measure_is_drawn_in_its_panel(tmp_path):
    rows = [
        ("a", "a", time, measure, "", value_of(0, 0, time, number))
        for number, measure in enumerate(("train_loss", "train_accuracy", "eval_accuracy"))
        for time in EPOCHS
    ]
    table = write_table(tmp_path / "h.parquet", rows, "metric", "class_name")
    figure = plot_compared_accuracy(history_table=table, style=SCREEN)
    assert legend_names(figure) == ["a (n = 1)"]
    for number, title in enumerate(("Loss", "Training accuracy", "Evaluation accuracy")):
        expected = [value_of(0, 0, time, number) for time in EPOCHS]
        np.testing.assert_allclose(titled(figure, title).lines[0].get_ydata(), expected)


def test_a_table_without_a_measure_is_refused(tmp_path):
    table = write_table(tmp_path / "h.parquet", [("a", "a", 0, "train_accuracy", "", 1.0)], "metric", "class_name")
    with pytest.raises(UserError, match=r"h\.parquet.*no eval_accuracy of a"):
        plot_compared_accuracy(history_table=table, style=SCREEN)


def test_groups_with_other_targets_have_panels_of_their_own(tmp_path):
    measures = {
        "classes": ("train_loss", "train_accuracy", "eval_accuracy"),
        "number": ("train_loss", "train_r2", "eval_r2"),
        "none": ("train_loss",),
    }
    rows = [
        (run, run, time, measure, "", value_of(number, 0, time, 0) - 9 * (measure == "eval_r2" and time == 0))
        for number, (run, names) in enumerate(measures.items())
        for measure in names
        for time in EPOCHS
    ]
    figure = plot_compared_accuracy(
        history_table=write_table(tmp_path / "h.parquet", rows, "metric", "class_name"), style=SCREEN
    )
    assert_readable(figure)
    assert [len(titled(figure, title).lines) for title in ("Loss", "Training accuracy", "Evaluation R²")] == [6, 2, 2]
    # A network that has learned nothing predicts worse than the mean: that does not hide what follows.
    assert titled(figure, "Evaluation R²").get_ylim()[0] > -1
    assert "different targets" in all_text(figure)


def test_of_samples_without_a_target_the_loss_is_drawn(tmp_path):
    rows = [(run, run, time, "train_loss", "", value_of(0, 0, time, 0)) for run in ("a", "b") for time in EPOCHS]
    table = write_table(tmp_path / "h.parquet", rows, "metric", "class_name")
    figure = plot_compared_accuracy(history_table=table, style=SCREEN)
    assert_readable(figure)
    assert legend_names(figure) == ["a (n = 1)", "b (n = 1)"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss"]


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    history = write_history(tmp_path / "h.parquet", {"a": 2, "b": 2})
    assert_same_bytes(lambda style: plot_compared_accuracy(history_table=history, style=style), tmp_path)


def test_a_group_without_any_accuracy_is_left_out(tmp_path):
    rows = [(run, run, time, "eval_accuracy", "", value) for run, value in (("a", 0.5), ("b", None)) for time in (0, 1)]
    table = write_table(tmp_path / "h.parquet", rows, "metric", "class_name")
    assert legend_names(plot_compared_accuracy(history_table=table, style=SCREEN)) == ["a (n = 1)"]


def test_a_group_has_the_colour_that_it_has_in_other_figures(tmp_path):
    history = write_history(tmp_path / "h.parquet", {"b": 2, "d": 2})
    for groups, places in ((["a", "b", "c", "d"], [1, 3]), (None, [0, 1])):
        figure = plot_compared_accuracy(history_table=history, style=SCREEN, groups=groups)
        colors = class_colors(SCREEN.palette, 4)
        drawn = [line.get_color() for line in titled(figure, "Loss").lines if len(line.get_ydata()) == len(EPOCHS)]
        assert drawn == [colors[place] for place in places]
