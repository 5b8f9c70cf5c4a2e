"""The grid of layers and epochs."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import plot_grid
from evolution.errors import UserError
from evolution.figures.style import class_colors
from support.figures import METRICS, assert_readable, long_values, write_cells, write_dataset, write_long


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    monkeypatch.setattr(plot_grid, "save_figure", lambda figure, path: figures.append(figure))
    return figures


def draw(folder, labels, names, epochs, layers, changes=None, output="unused"):
    cells = write_cells(folder, epochs, layers, len(labels))
    values = long_values(layers, epochs, METRICS) | (changes or {})
    dataset, metrics = write_dataset(folder / "d.npz", labels, names), write_long(folder / "m.parquet", values)
    plot_grid.plot_grid(dataset, cells, metrics, epochs, ["pixels", *layers], output, "petroff10", 80)
    return cells, values


def test_every_cell_shows_its_layout_in_class_colours(drawn, tmp_path):
    labels, epochs, layers = [0, 1, 2, 1], [0, 2, 7], ["conv", "fc"]
    cells, values = draw(tmp_path, labels, ["a", "b", "c"], epochs, layers, {("fc", 2, "adjusted_rand_index"): np.nan})
    panels = iter(drawn[0].axes)
    for epoch in epochs:
        for layer in layers:
            axes = next(panels)
            path, place = cells[epoch, layer]
            (scatter,) = axes.collections
            offsets = np.asarray(scatter.get_offsets(), np.float32)
            shown = {tuple(at): to_hex(color) for at, color in zip(offsets.tolist(), scatter.get_facecolors())}
            colors = [class_colors("petroff10", 3)[label] for label in labels]
            assert shown == dict(zip(map(tuple, np.load(path)[place].tolist()), colors))
            assert axes.get_title(loc="left") == layer
            expected = f"ARI {values[layer, epoch, 'adjusted_rand_index']:.2f}".replace("nan", "–")  # noqa: RUF001
            assert axes.get_title(loc="right") == expected
    assert next(panels, None) is None


def test_rows_name_the_epoch_and_columns_share_their_limits(drawn, tmp_path):
    draw(tmp_path, [0, 1], ["a", "b"], [0, 2, 7], ["conv", "fc"])
    axes = np.array(drawn[0].axes).reshape(3, 2)
    assert [row[0].texts[0].get_text() for row in axes] == ["epoch 0\n(untrained)", "epoch 2", "epoch 7"]
    for column in axes.T:
        assert len({(panel.get_xlim(), panel.get_ylim()) for panel in column}) == 1
        x, y = column[0].get_xlim(), column[0].get_ylim()
        assert x[1] - x[0] == pytest.approx(y[1] - y[0])
        dots = np.concatenate([panel.collections[0].get_offsets() for panel in column])
        assert ((dots > [x[0], y[0]]) & (dots < [x[1], y[1]])).all()


@pytest.mark.parametrize(
    ("epochs", "layers", "classes"),
    [
        ([0], ["fc"], 2),
        ([0, 1000], ["conv1", "conv2", "conv3", "fc1", "fc2"], 10),
        ([0, 5], [f"features.denseblock{number}.denselayer{number}" for number in range(20)], 100),
    ],
)
def test_the_grid_can_be_read(epochs, layers, classes, drawn, tmp_path):
    draw(tmp_path, np.arange(100) % classes, [f"class {place}" for place in range(classes)], epochs, layers)
    assert_readable(drawn[0])
    assert len(drawn[0].legends) == 1
    assert len(drawn[0].legends[0].get_texts()) == classes


def test_a_cell_without_metric_is_refused(tmp_path):
    cells = write_cells(tmp_path, [0, 1], ["fc"], 3)
    dataset = write_dataset(tmp_path / "d.npz", [0, 1, 0], ["a", "b"])
    metrics = write_long(tmp_path / "m.parquet", long_values(["fc"], [0], METRICS))
    with pytest.raises(UserError, match=r"m\.parquet.*layer fc at epoch 1"):
        plot_grid.plot_grid(dataset, cells, metrics, [0, 1], ["fc"], "unused", "petroff10", 80)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    for number in "12":
        draw(tmp_path, np.arange(30) % 3, ["a", "b", "c"], [0, 1], ["x", "y"], output=tmp_path / f"{number}.png")
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()
