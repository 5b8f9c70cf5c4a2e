"""The grid of layers and times."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_hex

from evolution.errors import UserError
from evolution.figures.sheets import OTHERS
from evolution.figures.style import FigureStyle, class_colors
from plot_grid import plot_grid
from support.figures import (
    METRICS,
    ODD_NAMES,
    PAPER_CLASSES,
    PAPER_EPOCHS,
    PAPER_LAYERS,
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    long_values,
    random_layouts,
    without_other_fonts,
    write_cells,
    write_dataset,
    write_long,
)
from support.target_runs import LAYERS, TIMES, TargetRun, many_classes


def write_run(folder, labels, names, times, layers, changes=None):
    """Arguments of plot_grid."""
    return {
        "dataset": write_dataset(folder / "d.npz", labels, names),
        "embeddings": write_cells(folder, random_layouts(layers, times, len(labels)), times),
        "metrics_table": write_long(folder / "m.parquet", long_values(layers, times, METRICS) | (changes or {})),
        "clusters": write_cells(folder / "clusters", {layers[-1]: np.zeros((1, len(labels)), np.int16)}, times[-1:]),
        "times": times,
        "layers": ["raw_inputs", *layers],
    }


def test_every_cell_shows_its_layout_in_class_colours(tmp_path):
    labels, times, layers = [0, 1, 2, 1], [0, 2, 7], ["conv", "fc"]
    changes = {("fc", 2, "adjusted_rand_index"): np.nan}
    values = long_values(layers, times, METRICS) | changes
    files = write_run(tmp_path, labels, ["a", "b", "c"], times, layers, changes)
    panels = iter(plot_grid(**files, style=SCREEN).axes)
    layouts = random_layouts(layers, times, len(labels))
    for index, time in enumerate(times):
        for layer in layers:
            axes = next(panels)
            (scatter,) = axes.collections
            offsets = np.asarray(scatter.get_offsets(), np.float32)
            shown = {tuple(at): to_hex(color) for at, color in zip(offsets.tolist(), scatter.get_facecolors())}
            colors = [class_colors("petroff10", 3)[label] for label in labels]
            assert shown == dict(zip(map(tuple, layouts[layer][index].tolist()), colors))
            assert axes.get_title(loc="left") == layer
            expected = f"ARI {values[layer, time, 'adjusted_rand_index']:.2f}".replace("nan", "–")  # noqa: RUF001
            assert axes.get_title(loc="right") == expected
    assert next(panels, None) is None


def test_rows_name_the_epoch_and_columns_share_their_limits(tmp_path):
    figure = plot_grid(**write_run(tmp_path, [0, 1], ["a", "b"], [0, 2, 7], ["conv", "fc"]), style=SCREEN)
    axes = np.array(figure.axes).reshape(3, 2)
    assert [row[0].texts[0].get_text() for row in axes] == ["epoch 0", "epoch 2", "epoch 7"]
    for column in axes.T:
        assert len({(panel.get_xlim(), panel.get_ylim()) for panel in column}) == 1
        x, y = column[0].get_xlim(), column[0].get_ylim()
        assert x[1] - x[0] == pytest.approx(y[1] - y[0])
        dots = np.concatenate([panel.collections[0].get_offsets() for panel in column])
        assert ((dots > [x[0], y[0]]) & (dots < [x[1], y[1]])).all()


@pytest.mark.parametrize(
    ("times", "layers", "classes"),
    [
        ([0], ["fc"], 2),
        ([0, 1000], ["conv1", "conv2", "conv3", "fc1", "fc2"], 10),
        ([0, 5], [f"features.denseblock{number}.denselayer{number}" for number in range(20)], 40),
    ],
)
def test_it_can_be_read(times, layers, classes, tmp_path):
    names = [f"class {label}" for label in range(classes)]
    figure = plot_grid(**write_run(tmp_path, np.arange(100) % classes, names, times, layers), style=SCREEN)
    assert_readable(figure)
    assert len(figure.legends) == 1
    assert len(figure.legends[0].get_texts()) == classes


def test_rows_name_large_steps(tmp_path):
    files = write_run(tmp_path, [0, 1], ["a", "b"], [0, 1_000_000], ["conv", "fc"])
    figure = plot_grid(**files, style=replace(SCREEN, unit="step"))
    assert_readable(figure)
    assert "step 0" in all_text(figure) and "step 1000000" in all_text(figure) and "epoch" not in all_text(figure)


def test_a_cell_without_metric_is_refused(tmp_path):
    files = write_run(tmp_path, [0, 1, 0], ["a", "b"], [0, 1], ["fc"])
    write_long(tmp_path / "m.parquet", long_values(["fc"], [0], METRICS))
    with pytest.raises(UserError, match=r"m\.parquet.*layer fc at time 1"):
        plot_grid(**files, style=SCREEN)


@pytest.mark.filterwarnings("error:Glyph")
@pytest.mark.parametrize("names", ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_class_names_can_be_read(names, monkeypatch, tmp_path):
    """A missing letter would be a warning of matplotlib's, and fail."""
    without_other_fonts(monkeypatch)
    files = write_run(tmp_path, np.arange(60) % len(names), names, [0, 2], ["fc1"])
    assert_readable(plot_grid(**files, style=SCREEN))


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    files = write_run(tmp_path, np.arange(120) % 10, PAPER_CLASSES, PAPER_EPOCHS, PAPER_LAYERS)
    assert_printable(lambda style: plot_grid(**files, style=style), width)


@pytest.mark.parametrize(
    ("count", "style", "columns"),
    [(10, SCREEN, 10), (11, SCREEN, 6), (24, SCREEN, 8), (12, FigureStyle(100, 3.4, palette="petroff10"), 6)],
    ids=["ten", "eleven", "twenty-four", "paper"],
)
def test_very_many_layers_go_on_below(count, style, columns, tmp_path):
    layers, times = [f"layer{number}" for number in range(count)], [0, 3]
    figure = plot_grid(**write_run(tmp_path, np.arange(20) % 10, PAPER_CLASSES, times, layers), style=style)
    assert_readable(figure)
    boxes = [(axes.get_title(loc="left"), axes.get_window_extent()) for axes in figure.axes]
    assert len(boxes) == 2 * count
    # From top to bottom and left to right: a band's layers at the first time, then at the second.
    boxes.sort(key=lambda each: (-round(each[1].y0), each[1].x0))
    bands = [layers[start : start + columns] for start in range(0, count, columns)]
    assert [name for name, _ in boxes] == [name for band in bands for name in band * 2]
    rows = [text for text in all_text(figure).split("epoch ")[1:] if text[0] in "03"]
    assert len(rows) == 2 * len(bands)
    layouts = random_layouts(layers, times, 20)
    for axes in figure.axes:
        (scatter,) = axes.collections
        drawn = {tuple(place) for place in np.asarray(scatter.get_offsets(), np.float32).tolist()}
        of_layer = layouts[axes.get_title(loc="left")]
        assert any(drawn == set(map(tuple, layout.tolist())) for layout in of_layer)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files = write_run(tmp_path, np.arange(30) % 3, ["a", "b", "c"], [0, 1], ["x", "y"])
    assert_same_bytes(lambda style: plot_grid(**files, style=style), tmp_path)


def test_a_map_of_numbers_has_a_scale_of_its_colours(tmp_path):
    run = TargetRun(tmp_path, "table", "number", count=90)
    figure = plot_grid(**run.maps(), style=SCREEN)
    assert not figure.legends
    shown = [axes for axes in figure.axes if axes.collections and axes.get_title(loc="left")]
    assert len(shown) == len(LAYERS) * len(TIMES)
    assert {axes.get_title(loc="right").rsplit(" ", 1)[0] for axes in shown} == {"k-NN R²"}
    (scatter,) = shown[0].collections
    order = np.argsort(run.targets.values)
    layout = run.layouts.read_layout(LAYERS[0], TIMES[0], 90)
    colors = dict(zip(map(tuple, np.asarray(scatter.get_offsets(), np.float32)), scatter.get_facecolors()))
    low, high = (colors[tuple(layout[sample])] for sample in (order[0], order[-1]))
    # The brightest yellow of viridis would not show on white.
    assert [to_hex(low), to_hex(high)] == [to_hex(colormaps["viridis"](share)) for share in (0, 0.9)]
    scale = next(axes for axes in figure.axes if not axes.get_title(loc="left"))
    assert scale.get_xlim()[0] < scale.get_xlim()[1]


def test_the_few_that_have_a_colour_are_found_among_the_grey(tmp_path):
    run = many_classes(tmp_path)
    (scatter,) = plot_grid(**run.maps(), style=SCREEN).axes[0].collections
    colors = np.array([to_hex(color) for color in scatter.get_facecolors()])
    sizes = np.asarray(scatter.get_sizes())
    grey = colors == OTHERS
    # 10 classes of 3 samples, drawn last and larger.
    assert np.count_nonzero(~grey) == 30 and not grey[-30:].any()
    assert sizes[~grey].min() > 2 * sizes[grey].max()
