"""The figure of the shape of the layers' activations."""

import pytest

from plot_geometry import plot_geometry
from support.figures import (
    LAYERS,
    PAPER_LAYERS,
    SCREEN,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    long_values,
    titled,
    write_long,
)
from support.metrics_of_classes import MEASURES

EVERY = [metric for metrics in MEASURES.values() for metric in metrics]


@pytest.mark.parametrize(
    ("layers", "times", "raw_inputs"),
    [("one", [0], False), ("few", [0, 5, 100], True), ("many", [0, 5, 100], True)],
)
def test_it_can_be_read(layers, times, raw_inputs, tmp_path):
    names = LAYERS[layers]
    table = write_long(tmp_path / "m.parquet", long_values(names, times, EVERY, raw_inputs))
    assert_readable(plot_geometry(metrics_table=table, layers=["raw_inputs", *names], style=SCREEN))


def test_metrics_that_were_measured_are_drawn(tmp_path):
    values = long_values(["conv", "fc"], [0, 4], ["linear_probe_accuracy", "effective_rank"])
    table = write_long(tmp_path / "m.parquet", values)
    figure = plot_geometry(metrics_table=table, layers=["raw_inputs", "conv", "fc"], style=SCREEN)
    assert {axes.get_title(loc="left") for axes in figure.axes} == {"Effective rank", "Linear probe"}
    axes = titled(figure, "Linear probe")
    assert list(axes.lines[0].get_ydata()) == [values["raw_inputs", 0, "linear_probe_accuracy"]] * 2
    assert list(axes.lines[1].get_ydata()) == [values["conv", time, "linear_probe_accuracy"] for time in (0, 4)]


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(PAPER_LAYERS, [0, 2, 5, 10, 20, 50, 100], EVERY))
    layers = ["raw_inputs", *PAPER_LAYERS]
    assert_printable(lambda style: plot_geometry(metrics_table=table, layers=layers, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(["a", "b"], [0, 1], EVERY))
    assert_same_bytes(lambda style: plot_geometry(metrics_table=table, layers=["a", "b"], style=style), tmp_path)
