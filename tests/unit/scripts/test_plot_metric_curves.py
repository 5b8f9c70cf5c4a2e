"""The figure of how well the layers cluster: what it draws, and that it can be read."""

import numpy as np
import pytest

from plot_metric_curves import plot_metric_curves
from support.figures import (
    LAYERS,
    METRICS,
    PAPER_EPOCHS,
    PAPER_LAYERS,
    SCREEN,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    curve,
    long_values,
    titled,
    write_long,
)
from support.metrics_of_classes import MEASURES

EVERY = [*METRICS, *(metric for metrics in MEASURES.values() for metric in metrics)]


@pytest.mark.parametrize(
    ("layers", "times", "raw_inputs", "metrics"),
    [
        ("one", [0], False, METRICS),
        ("few", [0], True, METRICS),
        ("few", [0, 5, 100], True, EVERY),
        ("few", [0, 5, 100], False, METRICS),
        ("many", [0, 5, 100], True, METRICS),
        ("many", [0, 5, 100], True, EVERY),
    ],
)
def test_it_can_be_read(layers, times, raw_inputs, metrics, tmp_path):
    names = LAYERS[layers]
    table = write_long(tmp_path / "t.parquet", long_values(names, times, metrics, raw_inputs))
    figure = plot_metric_curves(metrics_table=table, layers=["raw_inputs", *names], style=SCREEN)
    assert_readable(figure)
    for axes in figure.axes:
        shown = {text.get_text() for text in axes.texts}
        assert ("raw inputs" in shown) == raw_inputs
        assert sum(text.get_gid() == "curve label" for text in axes.texts) == len(names) + raw_inputs
        assert axes.get_xlabel() == "epoch" and axes.get_ylabel()


def test_each_metric_is_drawn_in_its_panel(tmp_path):
    values = long_values(["conv", "fc"], [0, 4], METRICS) | {("fc", 0, "silhouette"): np.nan}
    table = write_long(tmp_path / "t.parquet", values)
    figure = plot_metric_curves(metrics_table=table, layers=["raw_inputs", "conv", "fc"], style=SCREEN)
    titles = {
        "silhouette": "Silhouette",
        "adjusted_rand_index": "Adjusted Rand index",
        "normalized_mutual_information": "Normalized mutual information",
        "label_silhouette": "Label silhouette",
        "knn_accuracy": "k-NN accuracy",
    }
    for metric, title in titles.items():
        axes = titled(figure, title)
        assert list(axes.lines[0].get_ydata()) == [values["raw_inputs", 0, metric]] * 2
        assert curve(axes, 1) == [[0, values["conv", 0, metric]], [4, values["conv", 4, metric]]]
    # A value without neighbours is a dot, as no line can show it.
    assert curve(titled(figure, "Silhouette"), 4) == [[4, values["fc", 4, "silhouette"]]]
    assert titled(figure, "Silhouette").lines[4].get_marker() == "o"


def test_the_band_spans_the_restarts(tmp_path):
    spread = ("adjusted_rand_index_min", "adjusted_rand_index_max")
    values = long_values(["fc"], [0, 4], METRICS, raw_inputs=False)
    for time, (low, high) in {0: (0.05, 0.45), 4: (0.3, 0.9)}.items():
        values |= {("fc", time, name): value for name, value in zip(spread, (low, high))}
    table = write_long(tmp_path / "m.parquet", values)
    figure = plot_metric_curves(metrics_table=table, layers=["fc"], style=SCREEN)
    bands = {axes.get_title(loc="left"): list(axes.collections) for axes in figure.axes}
    (band,) = bands.pop("Adjusted Rand index")
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert corners == {(0, 0.05), (0, 0.45), (4, 0.3), (4, 0.9)}
    assert not any(bands.values())
    assert any("Shaded" in text.get_text() for text in figure.texts)


def test_without_the_restarts_there_is_no_band(tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(["fc"], [0, 4], METRICS))
    figure = plot_metric_curves(metrics_table=table, layers=["fc"], style=SCREEN)
    assert not any(axes.collections for axes in figure.axes)
    assert not any("Shaded" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(PAPER_LAYERS, PAPER_EPOCHS, METRICS))
    layers = ["raw_inputs", *PAPER_LAYERS]
    assert_printable(lambda style: plot_metric_curves(metrics_table=table, layers=layers, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(["a", "b"], [0, 1], METRICS))
    assert_same_bytes(lambda style: plot_metric_curves(metrics_table=table, layers=["a", "b"], style=style), tmp_path)
