"""The figure of what each layer is organised by."""

import numpy as np
import pytest

from evolution.figures.style import FigureStyle
from plot_attributes import measured, plot_attributes
from support.figures import (
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    long_values,
    write_long,
)
from support.target_runs import LAYERS, TIMES, TargetRun


def arguments(run, layers=LAYERS, attributes=("writer", "age")):
    return {
        "dataset": run.dataset,
        "metrics_table": run.metrics,
        "layers": ["raw_inputs", *layers],
        "attributes": list(attributes),
        "baseline": "raw pixels",
    }


def test_what_was_measured_against_what():
    values = long_values(["fc"], [0], ["silhouette", "knn_r2", "knn_r2:age", "knn_accuracy:who: the writer"])
    assert measured(values, ["who: the writer", "age", "unknown"]) == {
        "knn_accuracy": {"who: the writer": "knn_accuracy:who: the writer"},
        "knn_r2": {"": "knn_r2", "age": "knn_r2:age"},
    }


def test_target_and_attributes_are_drawn_in_each_layer(tmp_path):
    run = TargetRun(tmp_path)
    figure = plot_attributes(**arguments(run), style=SCREEN)
    assert_readable(figure)
    # Adjusted Rand index, label silhouette and k-NN accuracy of the writer, R² of the age; conv1, conv2 and fc.
    assert len(figure.axes) == 4 * len(LAYERS)
    assert [axes.get_title(loc="left") for axes in figure.axes[: len(LAYERS)]] == LAYERS
    with_target, with_age = figure.axes[2], figure.axes[-1]
    curves = [line for line in with_target.lines if len(line.get_ydata()) == len(TIMES)]
    assert len(curves) == 2 and {tuple(line.get_xdata()) for line in curves} == {tuple(TIMES)}
    assert len([line for line in with_age.lines if len(line.get_ydata()) == len(TIMES)]) == 1
    text = all_text(figure)
    assert "the target: tree" in text and "writer" in text and "age" in text and "raw pixels" in text
    assert "conv1" in text and "raw inputs" not in text
    assert "By chance the adjusted Rand index is 0 and R² is 0 or somewhat below:" in " ".join(text.split())


def test_each_line_has_the_values_of_its_metric(tmp_path):
    run = TargetRun(tmp_path)
    run.metrics = write_long(
        tmp_path / "m.parquet",
        {("raw_inputs", 0, "knn_accuracy:writer"): 0.4, ("raw_inputs", 0, "knn_accuracy"): 0.3}
        | {("fc", time, "knn_accuracy:writer"): 0.5 + time / 100 for time in TIMES}
        | {("fc", time, "knn_accuracy"): 0.6 + time / 50 for time in TIMES},
    )
    (axes,) = plot_attributes(**arguments(run, ["fc"]), style=SCREEN).axes
    drawn = {line.get_color(): list(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) == len(TIMES)}
    assert sorted(drawn.values()) == [
        pytest.approx([0.5 + time / 100 for time in TIMES]),
        pytest.approx([0.6 + time / 50 for time in TIMES]),
    ]
    assert drawn["#1a1a1a"] == pytest.approx([0.6 + time / 50 for time in TIMES]), "the target is black"
    levels = [line.get_ydata()[0] for line in axes.lines if len(line.get_ydata()) == 2]
    assert sorted(levels) == [0.3, 0.4]


@pytest.mark.parametrize("target", ["number", "labels", "none"])
@pytest.mark.parametrize("width", [None, 3.4, 7])
def test_it_can_be_read_whatever_the_target(target, width, tmp_path):
    figure = plot_attributes(**arguments(TargetRun(tmp_path, "table", target)), style=FigureStyle(100, width, "tab10"))
    assert_readable(figure)
    assert ("the target" in all_text(figure)) == (target == "number")


def test_of_many_layers_some_are_shown_over_the_depth(tmp_path):
    run, layers = TargetRun(tmp_path), [f"block{number}" for number in range(20)]
    run.metrics = write_long(tmp_path / "m.parquet", long_values(layers, [0, 1], ["knn_r2:age"]))
    figure = plot_attributes(**arguments(run, layers), style=SCREEN)
    assert_readable(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert (titles[0], titles[-1], len(titles)) == ("block0", "block19", 6)
    assert "6 of 20 layers" in all_text(figure)


def test_what_could_not_be_measured_is_said(tmp_path):
    run = TargetRun(tmp_path)
    run.metrics = write_long(tmp_path / "m.parquet", long_values(["fc"], [0, 1], ["knn_accuracy"]))
    assert "nothing was measured" in all_text(plot_attributes(**arguments(run), style=SCREEN))
    undefined = {key: np.nan for key in long_values(["fc"], [0, 1], ["knn_accuracy:writer"])}
    run.metrics = write_long(tmp_path / "m.parquet", undefined)
    assert_readable(plot_attributes(**arguments(run), style=SCREEN))


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    files = arguments(TargetRun(tmp_path))
    assert_printable(lambda style: plot_attributes(**files, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files = arguments(TargetRun(tmp_path))
    assert_same_bytes(lambda style: plot_attributes(**files, style=style), tmp_path)
