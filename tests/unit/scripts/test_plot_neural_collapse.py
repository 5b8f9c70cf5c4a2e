"""The figure of neural collapse."""

import numpy as np
import pytest

from evolution.figures.collapse_panels import PANELS
from evolution.io.tables import save_table
from plot_neural_collapse import plot_neural_collapse
from support.figures import (
    LAYERS,
    PAPER_LAYERS,
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    long_values,
    titled,
    write_long,
)
from support.metrics_of_classes import MEASURES

COLLAPSE = MEASURES["neural_collapse"]


def write_collapse(path, times, value=lambda time, index: 0.2 + 0.1 * index + 0.01 * time):
    """`tables/collapse.parquet`, of five metrics."""
    rows = [(time, metric, value(time, index)) for time in times for index, metric in enumerate(PANELS)]
    save_table(path, dict(zip(("time", "metric", "value"), map(list, zip(*rows)))))
    return str(path)


def write_run(folder, layers, times, raw_inputs=True):
    """Arguments of plot_neural_collapse."""
    return {
        "metrics_table": write_long(folder / "m.parquet", long_values(layers, times, COLLAPSE, raw_inputs)),
        "collapse_table": write_collapse(folder / "c.parquet", times),
        "layers": ["raw_inputs", *layers],
    }


@pytest.mark.parametrize(
    ("layers", "times", "raw_inputs"),
    [("one", [0], False), ("few", [0, 5, 100], True), ("many", [0, 5, 100], True)],
)
def test_it_can_be_read(layers, times, raw_inputs, tmp_path):
    assert_readable(plot_neural_collapse(**write_run(tmp_path, LAYERS[layers], times, raw_inputs), style=SCREEN))


def test_layers_and_classifier_are_drawn(tmp_path):
    values = long_values(["conv", "fc"], [0, 4], COLLAPSE)
    # Above all layers, so that the axis must stretch for it.
    collapse = write_collapse(tmp_path / "c.parquet", [0, 4], lambda time, index: 5 + time + index)
    table = write_long(tmp_path / "m.parquet", values)
    figure = plot_neural_collapse(
        metrics_table=table, collapse_table=collapse, layers=["raw_inputs", "conv", "fc"], style=SCREEN
    )
    for index, (metric, panel) in enumerate(PANELS.items()):
        axes = titled(figure, panel.title)
        lines = [list(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) == 2]
        assert [5 + index, 9 + index] in lines
        assert axes.get_ylim()[1] > 9 + index
        assert ([values["fc", time, metric] for time in (0, 4) if ("fc", time, metric) in values] in lines) == (
            metric != "nc3_self_duality"
        )
    assert titled(figure, "NC1: classes become points").get_yscale() == "log"


def test_a_model_without_a_classifier_has_its_layers_drawn(tmp_path):
    files = write_run(tmp_path, ["conv", "fc"], [0, 4])
    write_collapse(tmp_path / "c.parquet", [0, 4], lambda time, index: np.nan)
    figure = plot_neural_collapse(**files, style=SCREEN)
    assert_readable(figure)
    assert "no classifier" in " ".join(
        text.get_text() for text in titled(figure, "NC3: classifier follows classes").texts
    )


def test_of_two_classes_the_note_says_that_nc2_is_nothing(tmp_path):
    files = write_run(tmp_path, ["conv", "fc"], [0, 4])
    assert "two classes" not in all_text(plot_neural_collapse(**files, style=SCREEN))
    values = long_values(["conv", "fc"], [0, 4], COLLAPSE)
    values |= {key: 1e-16 for key in values if key[2].startswith("nc2")}
    files["metrics_table"] = write_long(tmp_path / "m.parquet", values)
    assert "Of two classes NC2 is always 0" in all_text(plot_neural_collapse(**files, style=SCREEN))


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    files = write_run(tmp_path, PAPER_LAYERS, [0, 2, 5, 10, 20, 50, 100])
    assert_printable(lambda style: plot_neural_collapse(**files, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files = write_run(tmp_path, ["a", "b"], [0, 1])
    assert_same_bytes(lambda style: plot_neural_collapse(**files, style=style), tmp_path)
