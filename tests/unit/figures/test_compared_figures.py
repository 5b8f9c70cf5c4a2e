"""The figures that compare runs: what they draw, and that it can be read."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from PIL import Image
from scipy import stats

import plot_compared_accuracy
import plot_compared_cka
import plot_compared_metrics
from evolution.errors import UserError
from evolution.figures.style import figure_style
from evolution.io.tables import save_table
from support.figures import METRICS, assert_readable

MODULES = (plot_compared_accuracy, plot_compared_cka, plot_compared_metrics)
EPOCHS = [0, 5, 10]


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved, instead of their files."""
    figures = []
    for module in MODULES:
        monkeypatch.setattr(module, "save_figure", lambda figure, paths: figures.append(figure))
    return figures


def runs_of(groups):
    """{group: its number of runs} as {group: runs}."""
    return {group: [f"{group}-seed-{seed}" for seed in range(count)] for group, count in groups.items()}


def write_table(path, rows, *columns):
    save_table(path, dict(zip(("run", "group", "epoch", *columns, "value"), map(list, zip(*rows)))))
    return str(path)


def value_of(place, run, epoch, layer=0):
    """Different for each."""
    return 0.2 + 0.02 * place + 0.01 * run + 0.004 * epoch * (1 + layer) / 2


def write_metrics(path, groups, layers, pixels=0.3):
    rows = []
    for place, (group, runs) in enumerate(runs_of(groups).items()):
        for number, run in enumerate(runs):
            rows += [(run, group, 0, "pixels", metric, pixels + 0.001 * number) for metric in METRICS]
            for deep, layer in enumerate(layers[group]):
                rows += [
                    (run, group, epoch, layer, metric, value_of(place, number, epoch, deep))
                    for epoch in EPOCHS
                    for metric in METRICS
                ]
    return write_table(path, rows, "layer", "metric")


def write_history(path, groups):
    rows = [
        (run, group, epoch, measure, "", value_of(place, number, epoch))
        for place, (group, runs) in enumerate(runs_of(groups).items())
        for number, run in enumerate(runs)
        for epoch in EPOCHS
        for measure in ("train_loss", "train_accuracy", "eval_accuracy")
    ]
    return write_table(path, rows, "measure", "class_name")


def write_map(path, cells):
    values = np.random.default_rng(0).random((len(cells), len(cells)))
    pairs = [(*first, *second) for first in cells for second in cells]
    names = dict(zip(("run", "layer", "other_run", "other_layer"), map(list, zip(*pairs))))
    save_table(path, names | {"cka_unbiased": values.ravel(), "samples": [500] * len(pairs)})
    return str(path), values


def legend_names(figure):
    # A name for each entry: a subfigure holds the legend.
    (legend,) = [legend for part in figure.subfigs for legend in part.legends]
    return [text.get_text() for text in legend.get_texts()]


def all_text(figure):
    from matplotlib.text import Text

    return " ".join(text.get_text() for text in figure.findobj(Text))


CASES = {
    "one of a single run": ({"a": 1, "b": 3}, {"a": ["fc1", "fc2"], "b": ["fc1", "fc2"]}),
    "other layers": ({"cnn": 2, "mlp": 2}, {"cnn": ["c1", "c2", "c3", "f1", "f2"], "mlp": ["f1", "f2", "f3"]}),
    "eight": (
        {f"mnist-learning_rate-{rate}-dropout-0.3": 2 for rate in range(8)},
        {f"mnist-learning_rate-{rate}-dropout-0.3": ["fc1"] for rate in range(8)},
    ),
    "many": (
        {f"sweep-number-{number}": 1 for number in range(12)},
        {f"sweep-number-{number}": [f"features.block{place}.conv" for place in range(8)] for number in range(12)},
    ),
}


@pytest.mark.parametrize("width", [None, 7, 3.4])
@pytest.mark.parametrize(("groups", "layers"), CASES.values(), ids=CASES)
def test_they_can_be_read(groups, layers, width, drawn, tmp_path):
    if width and len(groups) > 8:
        pytest.skip("a paper has no room for so many")
    metrics = write_metrics(tmp_path / "m.parquet", groups, layers)
    plot_compared_metrics.plot_compared_metrics(metrics, layers, 0.9, "unused", "petroff10", 100, width)
    history = write_history(tmp_path / "h.parquet", groups)
    plot_compared_accuracy.plot_compared_accuracy(history, "unused", "petroff10", 100, width)
    cells = [(run, layer) for group, runs in runs_of(groups).items() for run in runs for layer in layers[group]]
    table, _ = write_map(tmp_path / "c.parquet", cells[:40])
    plot_compared_cka.plot_compared_cka(table, runs_of(groups), 10, [], "unused", 100, width)
    assert len(drawn) == 3
    for figure in drawn:
        with figure_style():
            assert_readable(figure)
        assert width is None or figure.get_figwidth() == width


def test_a_line_is_the_mean_and_a_band_students_interval(drawn, tmp_path):
    groups, layers = {"alone": 1, "three": 3}, {"alone": ["fc1", "fc2"], "three": ["fc1", "fc2"]}
    table = write_metrics(tmp_path / "m.parquet", groups, layers)
    plot_compared_metrics.plot_compared_metrics(table, layers, 0.25, "unused", "petroff10", 100)
    (figure,) = drawn
    assert legend_names(figure) == ["alone (n = 1)", "three (n = 3)"]
    assert len(figure.axes) == 2 * len(METRICS)
    panel = figure.axes[1]  # fc2, adjusted Rand index
    assert panel.get_title(loc="left") == "fc2"
    values = np.array([[value_of(1, run, epoch, 1) for epoch in EPOCHS] for run in range(3)])
    means = [line.get_ydata() for line in panel.lines if len(line.get_ydata()) == len(EPOCHS)]
    np.testing.assert_allclose(means, [[value_of(0, 0, epoch, 1) for epoch in EPOCHS], values.mean(0)])
    bands = [band for band in panel.collections if isinstance(band, PolyCollection)]
    heights = [path.vertices[:, 1] for band in bands for path in band.get_paths()]
    assert len(heights) == 1, "a single run has no band"
    low, high = stats.t.interval(0.95, 2, loc=values.mean(0), scale=stats.sem(values))
    assert (heights[0].min(), heights[0].max()) == (pytest.approx(low.min()), pytest.approx(high.max()))
    # The threshold, and the mean of the groups' mean pixels.
    level = [line.get_ydata()[0] for line in panel.lines if len(line.get_ydata()) == 2]
    assert sorted(level) == [0.25, pytest.approx((0.3 + 0.301) / 2)]
    assert "the threshold 0.25" in all_text(figure)


def test_pixels_that_differ_are_no_baseline(drawn, tmp_path):
    layers = {"a": ["fc"], "b": ["fc"]}
    rows = [
        (group, group, epoch, layer, metric, value)
        for group, pixels in (("a", 0.1), ("b", 0.9))
        for metric in METRICS
        for layer, epoch, value in [("pixels", 0, pixels), ("fc", 0, 0.5), ("fc", 5, 0.6)]
    ]
    table = write_table(tmp_path / "m.parquet", rows, "layer", "metric")
    plot_compared_metrics.plot_compared_metrics(table, layers, 0.9, "unused", "petroff10", 100)
    # Nor is a threshold drawn that no run reaches.
    assert "Dashed" not in all_text(drawn[0]) and "Dotted" not in all_text(drawn[0])


def test_of_many_groups_the_best_are_in_colour(drawn, tmp_path):
    groups = {f"g{number}": 1 for number in range(14)}
    layers = {group: ["fc"] for group in groups}
    table = write_metrics(tmp_path / "m.parquet", groups, layers)
    plot_compared_metrics.plot_compared_metrics(table, layers, 0.9, "unused", "petroff10", 100)
    # By value_of, a later group is better.
    assert legend_names(drawn[0]) == [f"g{number} (n = 1)" for number in range(4, 14)] + ["4 more groups"]
    assert "the 10 of 14 groups" in all_text(drawn[0]).replace("\n", " ")
    assert len([line for line in drawn[0].axes[0].lines if len(line.get_ydata()) == len(EPOCHS)]) == 14


def test_the_map_shows_each_pair_and_names_who_is_left_out(drawn, tmp_path):
    cells = [("a-1", "fc1"), ("a-1", "fc2"), ("b-1", "fc1"), ("b-1", "fc2")]
    table, values = write_map(tmp_path / "c.parquet", cells)
    groups = {"a": ["a-1", "a-2"], "b": ["b-1"], "c": ["c-1"]}
    plot_compared_cka.plot_compared_cka(table, groups, 10, ["a-1", "b-1", "c-1"], "unused", 100)
    (figure,) = drawn
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), values)
    text = all_text(figure)
    assert "3 of 4 runs" in text and "other images: c-1." in text and "at epoch 10" in text
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels(minor=True)]
    assert labels == ["fc1", "fc2", "fc1", "fc2"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a-1", "b-1"]


def test_a_damaged_table_is_refused(tmp_path):
    table = write_table(tmp_path / "h.parquet", [("a", "a", 0, "train_loss", "", 1.0)], "measure", "class_name")
    with pytest.raises(UserError, match=r"h\.parquet.*no train_accuracy of a"):
        plot_compared_accuracy.plot_compared_accuracy(table, "unused", "petroff10", 100)
    table, _ = write_map(tmp_path / "c.parquet", [("a", "x"), ("b", "x")])
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(table).slice(1), table)
    with pytest.raises(UserError, match=r"c\.parquet.*3 rows for 2 layers"):
        plot_compared_cka.plot_compared_cka(table, {"a": ["a"], "b": ["b"]}, 0, [], "unused", 100)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    groups, layers = {"a": 2, "b": 2}, {"a": ["fc"], "b": ["fc"]}
    metrics = write_metrics(tmp_path / "m.parquet", groups, layers)
    history = write_history(tmp_path / "h.parquet", groups)
    table, _ = write_map(tmp_path / "c.parquet", [("a-seed-0", "fc"), ("b-seed-0", "fc")])
    for number in "12":
        plot_compared_metrics.plot_compared_metrics(metrics, layers, 0.9, tmp_path / f"m{number}.png", "tab10", 60)
        plot_compared_accuracy.plot_compared_accuracy(history, tmp_path / f"h{number}.png", "tab10", 60)
        plot_compared_cka.plot_compared_cka(table, runs_of(groups), 0, [], tmp_path / f"c{number}.png", 60)
    for name in "mhc":
        assert (tmp_path / f"{name}1.png").read_bytes() == (tmp_path / f"{name}2.png").read_bytes()
        with Image.open(tmp_path / f"{name}1.png") as image:
            assert np.asarray(image.convert("L")).std() > 5
