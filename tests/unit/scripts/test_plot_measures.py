"""The figures of the layers' shape, of neural collapse and of CKA: what they draw, and that it can be read."""

import numpy as np
import pytest
from matplotlib.text import Text

import plot_cka
import plot_geometry
import plot_metric_curves
import plot_neural_collapse
from evolution.errors import UserError
from evolution.figures.style import figure_style
from evolution.io.tables import save_table
from evolution.measures.registry import MEASURES
from support.figures import METRICS, assert_readable, long_values, write_long

LAYERS = {
    "one": ["fc"],
    "few": ["conv1", "conv2", "fc"],
    "many": [f"features.denseblock{number}.denselayer{number}.conv" for number in range(20)],
}
EVERY = [*METRICS, *(metric for metrics in MEASURES.values() for metric in metrics)]


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved, instead of their files."""
    figures = []
    for module in (plot_cka, plot_geometry, plot_metric_curves, plot_neural_collapse):
        monkeypatch.setattr(module, "save_figure", lambda figure, path: figures.append(figure))
    return figures


def titled(figure, title):
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def write_collapse(path, epochs, value=lambda epoch, place: 0.2 + 0.1 * place + 0.01 * epoch):
    """`tables/collapse.parquet`, of five metrics."""
    metrics = list(plot_neural_collapse.PANELS)
    rows = [(epoch, metric, value(epoch, place)) for epoch in epochs for place, metric in enumerate(metrics)]
    save_table(path, dict(zip(("epoch", "metric", "value"), map(list, zip(*rows)))))
    return str(path)


def write_cka(folder, layers, epochs, samples=100):
    """A layer table of all epochs and an epoch table of each layer; paths."""
    counts = {"samples": samples, "available": 100}
    pairs = [
        (epoch, first, second, 1 - 0.05 * (layers.index(second) - place) - 0.001 * epoch)
        for epoch in epochs
        for place, first in enumerate(layers)
        for second in layers[place:]
    ]
    columns = dict(zip(("epoch", "first", "second", "unbiased"), map(list, zip(*pairs))))
    save_table(folder / "layers.parquet", columns | {name: [count] * len(pairs) for name, count in counts.items()})
    over_time = [(one, other, 1 - 0.01 * (other - one)) for one in epochs for other in epochs if one <= other]
    columns = dict(zip(("first", "second", "unbiased"), map(list, zip(*over_time))))
    columns |= {name: [count] * len(over_time) for name, count in counts.items()}
    tables = {}
    for layer in layers:
        if layer != "pixels":
            tables[layer] = str(folder / f"{layer}.parquet")
            save_table(tables[layer], columns)
    return [str(folder / "layers.parquet")], tables


@pytest.mark.parametrize(
    ("layers", "epochs", "pixels"),
    [("one", [0], False), ("few", [0, 5, 100], True), ("many", [0, 5, 100], True)],
)
def test_curves_can_be_read(layers, epochs, pixels, drawn, tmp_path):
    names = LAYERS[layers]
    table = write_long(tmp_path / "m.parquet", long_values(names, epochs, EVERY, pixels))
    plot_metric_curves.plot_metric_curves(table, ["pixels", *names], "unused", 100)
    plot_geometry.plot_geometry(table, ["pixels", *names], "unused", 100)
    collapse = write_collapse(tmp_path / "c.parquet", epochs)
    plot_neural_collapse.plot_neural_collapse(table, collapse, ["pixels", *names], "unused", 100)
    for figure in drawn:
        assert_readable(figure)


def test_geometry_draws_what_was_measured(drawn, tmp_path):
    values = long_values(["conv", "fc"], [0, 4], ["linear_probe_accuracy", "effective_rank"])
    plot_geometry.plot_geometry(write_long(tmp_path / "m.parquet", values), ["pixels", "conv", "fc"], "unused", 100)
    assert {axes.get_title(loc="left") for axes in drawn[0].axes} == {"Effective rank", "Linear probe"}
    axes = titled(drawn[0], "Linear probe")
    assert list(axes.lines[0].get_ydata()) == [values["pixels", 0, "linear_probe_accuracy"]] * 2
    assert list(axes.lines[1].get_ydata()) == [values["conv", epoch, "linear_probe_accuracy"] for epoch in (0, 4)]


def test_the_band_spans_the_restarts(drawn, tmp_path):
    spread = ("adjusted_rand_index_min", "adjusted_rand_index_max")
    values = long_values(["fc"], [0, 4], METRICS, pixels=False)
    for epoch, (low, high) in {0: (0.05, 0.45), 4: (0.3, 0.9)}.items():
        values |= {("fc", epoch, name): value for name, value in zip(spread, (low, high))}
    plot_metric_curves.plot_metric_curves(write_long(tmp_path / "m.parquet", values), ["fc"], "unused", 100)
    bands = {axes.get_title(loc="left"): list(axes.collections) for axes in drawn[0].axes}
    (band,) = bands.pop("Adjusted Rand index")
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert corners == {(0, 0.05), (0, 0.45), (4, 0.3), (4, 0.9)}
    assert not any(bands.values())
    assert any("Shaded" in text.get_text() for text in drawn[0].texts)


def test_without_the_restarts_there_is_no_band(drawn, tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(["fc"], [0, 4], METRICS))
    plot_metric_curves.plot_metric_curves(table, ["fc"], "unused", 100)
    assert not any(axes.collections for axes in drawn[0].axes)
    assert not any("Shaded" in text.get_text() for text in drawn[0].texts)


def test_neural_collapse_draws_layers_and_classifier(drawn, tmp_path):
    values = long_values(["conv", "fc"], [0, 4], EVERY)
    # Above all layers, so that the axis must stretch for it.
    collapse = write_collapse(tmp_path / "c.parquet", [0, 4], lambda epoch, place: 5 + epoch + place)
    plot_neural_collapse.plot_neural_collapse(
        write_long(tmp_path / "m.parquet", values), collapse, ["pixels", "conv", "fc"], "unused", 100
    )
    for place, (metric, (title, *_)) in enumerate(plot_neural_collapse.PANELS.items()):
        axes = titled(drawn[0], title)
        lines = [list(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) == 2]
        assert [5 + place, 9 + place] in lines
        assert axes.get_ylim()[1] > 9 + place
        assert ([values["fc", epoch, metric] for epoch in (0, 4) if ("fc", epoch, metric) in values] in lines) == (
            metric != "nc3_self_duality"
        )
    assert titled(drawn[0], "NC1: classes become points").get_yscale() == "log"


def test_a_model_without_a_classifier_has_its_layers_drawn(drawn, tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(["conv", "fc"], [0, 4], EVERY))
    collapse = write_collapse(tmp_path / "c.parquet", [0, 4], lambda epoch, place: np.nan)
    plot_neural_collapse.plot_neural_collapse(table, collapse, ["pixels", "conv", "fc"], "unused", 100)
    assert_readable(drawn[0])
    assert "no classifier" in " ".join(
        text.get_text() for text in titled(drawn[0], "NC3: classifier follows classes").texts
    )


@pytest.mark.parametrize(
    ("layers", "epochs", "grid"),
    [
        ("one", [0], [0]),
        ("few", [0, 5, 100], [0, 100]),
        ("few", list(range(20)), list(range(0, 14, 2))),
        ("many", [0, 5, 100], [0, 5, 100]),
    ],
)
def test_cka_can_be_read(layers, epochs, grid, drawn, tmp_path):
    names = ["pixels", *LAYERS[layers]]
    plot_cka.plot_cka(*write_cka(tmp_path, names, epochs), grid, epochs, names, "unused", 100)
    assert_readable(drawn[0])


def heat_map(figure, title):
    (mesh,) = titled(figure, title).collections
    size = round(mesh.get_array().size ** 0.5)
    return np.asarray(mesh.get_array()).reshape(size, size)


def test_cka_draws_the_tables(drawn, tmp_path):
    names = ["pixels", "conv", "fc"]
    plot_cka.plot_cka(*write_cka(tmp_path, names, [0, 4], samples=60), [4], [0, 4], names, "unused", 100)
    steps = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    np.testing.assert_allclose(heat_map(drawn[0], "epoch 4"), 1 - 0.05 * steps - 0.004)
    np.testing.assert_allclose(heat_map(drawn[0], "fc"), [[1, 0.96], [0.96, 1]])
    assert "60 of 100 images" in " ".join(text.get_text() for text in drawn[0].texts)


def test_cka_of_a_missing_epoch_is_refused(tmp_path):
    tables = write_cka(tmp_path, ["fc"], [0, 4])
    with pytest.raises(UserError, match=r"layers\.parquet.*no epoch 2"):
        plot_cka.plot_cka(*tables, [0, 2], [0, 2, 4], ["fc"], "unused", 100)


@pytest.mark.parametrize("width", [3.4, 7])
@pytest.mark.parametrize("name", ["geometry", "neural_collapse", "cka"])
def test_a_printed_figure_fits_and_can_be_read(name, width, drawn, tmp_path):
    layers, epochs = ["pixels", "conv1", "conv2", "conv3", "fc1", "fc2"], [0, 2, 5, 10, 20, 50, 100]
    table = write_long(tmp_path / "m.parquet", long_values(layers[1:], epochs, EVERY))
    for inches in (width, None):
        if name == "geometry":
            plot_geometry.plot_geometry(table, layers, "unused", 100, inches)
        elif name == "neural_collapse":
            collapse = write_collapse(tmp_path / "c.parquet", epochs)
            plot_neural_collapse.plot_neural_collapse(table, collapse, layers, "unused", 100, inches)
        else:
            plot_cka.plot_cka(*write_cka(tmp_path, layers, epochs), epochs, epochs, layers, "unused", 100, inches)
    printed, shown = drawn
    assert printed.get_figwidth() == width < shown.get_figwidth()
    # Ticks are made anew with what style holds then.
    with figure_style():
        assert_readable(printed)
    assert [text.get_size() for text in shown.findobj(Text) if text.get_text()].count(12) == 1
    assert [text.get_size() for text in printed.findobj(Text) if text.get_text()].count(12) == 0


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    table = write_long(tmp_path / "m.parquet", long_values(["a", "b"], [0, 1], EVERY))
    collapse = write_collapse(tmp_path / "c.parquet", [0, 1])
    tables = write_cka(tmp_path, ["a", "b"], [0, 1])
    for number in "12":
        plot_geometry.plot_geometry(table, ["a", "b"], tmp_path / f"geometry{number}.png", 60)
        plot_neural_collapse.plot_neural_collapse(table, collapse, ["a", "b"], tmp_path / f"collapse{number}.png", 60)
        plot_cka.plot_cka(*tables, [0, 1], [0, 1], ["a", "b"], tmp_path / f"cka{number}.png", 60)
    for name in ("geometry", "collapse", "cka"):
        assert (tmp_path / f"{name}1.png").read_bytes() == (tmp_path / f"{name}2.png").read_bytes()
