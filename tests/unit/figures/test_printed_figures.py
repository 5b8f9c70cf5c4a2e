"""Figures for a paper's column or page: as wide as asked, without what the caption says, and to be read."""

import numpy as np
import pytest
from matplotlib.text import Text

import plot_class_separation
import plot_confusion
import plot_embedding_quality
import plot_grid
import plot_metric_curves
import plot_pixels
import plot_samples
import plot_training_curves
from evolution.errors import UserError
from evolution.figures.style import figure_style
from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import save_table
from support.figures import (
    METRICS,
    QUALITIES,
    assert_readable,
    long_values,
    write_cells,
    write_dataset,
    write_history,
    write_long,
)

LAYERS, EPOCHS, SAMPLES, CLASSES = ["conv1", "conv2", "conv3", "fc1", "fc2"], [0, 2, 5, 10, 20], 120, 10
RANDOM = np.random.default_rng(0)


def draw_training(folder, width):
    history = write_history(folder / "h.parquet", EPOCHS, [str(place) for place in range(CLASSES)])
    plot_training_curves.plot_training_curves(history, "unused", 100, "petroff10", width)


def draw_metrics(folder, width):
    table = write_long(folder / "m.parquet", long_values(LAYERS, EPOCHS, METRICS))
    plot_metric_curves.plot_metric_curves(table, ["pixels", *LAYERS], "unused", 100, width)


def draw_quality(folder, width):
    table = write_long(folder / "q.parquet", long_values(LAYERS, EPOCHS, QUALITIES))
    plot_embedding_quality.plot_embedding_quality(table, ["pixels", *LAYERS], "unused", 100, width)


def draw_grid(folder, width):
    dataset = write_dataset(folder / "d.npz", np.arange(SAMPLES) % CLASSES, [str(place) for place in range(CLASSES)])
    table = write_long(folder / "m.parquet", long_values(LAYERS, EPOCHS, METRICS))
    cells = write_cells(folder, EPOCHS, LAYERS, SAMPLES)
    plot_grid.plot_grid(dataset, cells, table, EPOCHS, LAYERS, "unused", "petroff10", 100, width)


def draw_pixels(folder, width):
    labels = np.arange(SAMPLES) % CLASSES
    dataset = write_dataset(folder / "d.npz", labels, [str(place) for place in range(CLASSES)])
    save_npy(folder / "p.npy", RANDOM.normal(0, 9, (1, SAMPLES, 2)).astype(np.float32))
    save_npy(folder / "c.npy", labels[None].astype(np.int16))
    save_table(folder / "m.parquet", {"epoch": [0], "adjusted_rand_index": [0.5]})
    plot_pixels.plot_pixels(
        dataset, folder / "p.npy", folder / "c.npy", folder / "m.parquet", "unused", "petroff10", 100, width
    )


def draw_separation(folder, width):
    labels = np.arange(SAMPLES) % CLASSES
    dataset = write_dataset(folder / "d.npz", labels, [str(place) for place in range(CLASSES)])
    cells = {}
    for layer in LAYERS:
        save_npy(folder / f"{layer}.npy", np.where(RANDOM.random((len(EPOCHS), SAMPLES)) < 0.8, labels, 0).astype("i2"))
        cells |= {(epoch, layer): (str(folder / f"{layer}.npy"), place) for place, epoch in enumerate(EPOCHS)}
    plot_class_separation.plot_class_separation(dataset, cells, EPOCHS, LAYERS, "unused", 100, width)


def write_predictions(folder):
    labels = np.arange(SAMPLES) % CLASSES
    images = RANDOM.integers(0, 256, (SAMPLES, 1, 8, 8)).astype(np.uint8)
    names = np.array([str(place) for place in range(CLASSES)])
    save_npz(folder / "d.npz", eval_images=images, eval_labels=labels, class_names=names)
    predicted = np.where(RANDOM.random((len(EPOCHS), SAMPLES)) < 0.6, labels, (labels + 1) % CLASSES).ravel()
    table = {"epoch": np.repeat(EPOCHS, SAMPLES), "sample": np.tile(np.arange(SAMPLES), len(EPOCHS))}
    save_table(folder / "p.parquet", table | {"predicted": predicted, "confidence": RANDOM.random(predicted.size)})
    return str(folder / "d.npz"), [str(folder / "p.parquet")]


def draw_confusion(folder, width):
    plot_confusion.plot_confusion(*write_predictions(folder), EPOCHS, "unused", 100, width)


def draw_samples(folder, width):
    cells = write_cells(folder, EPOCHS, ["fc2"], SAMPLES)
    plot_samples.plot_samples(*write_predictions(folder), cells, EPOCHS, "fc2", "unused", 100, width)


DRAWERS = {
    plot_training_curves: draw_training,
    plot_metric_curves: draw_metrics,
    plot_embedding_quality: draw_quality,
    plot_grid: draw_grid,
    plot_pixels: draw_pixels,
    plot_class_separation: draw_separation,
    plot_confusion: draw_confusion,
    plot_samples: draw_samples,
}


@pytest.mark.parametrize("width", [3.4, 7])
@pytest.mark.parametrize("module", DRAWERS, ids=lambda module: module.__name__)
def test_a_printed_figure_fits_and_can_be_read(module, width, monkeypatch, tmp_path):
    figures = []
    monkeypatch.setattr(module, "save_figure", lambda figure, paths: figures.append(figure))
    DRAWERS[module](tmp_path, width)
    DRAWERS[module](tmp_path, None)
    printed, shown = figures
    assert printed.get_figwidth() == width < shown.get_figwidth()
    # Ticks are made anew with what style holds then.
    with figure_style():
        assert_readable(printed)
    # The heading is the one text of that size, and the caption's business.
    assert [text.get_size() for text in shown.findobj(Text) if text.get_text()].count(12) == 1
    assert max(text.get_size() for text in printed.findobj(Text) if text.get_text()) <= 10
    assert min(text.get_size() for text in printed.findobj(Text) if text.get_text()) >= 4.5


def test_maps_that_would_be_too_small_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("test_printed_figures.LAYERS", [f"layer{place}" for place in range(12)])
    with pytest.raises(UserError, match=r"plots\.width: 3\.4 inches are too narrow for 12 maps side by side; .* 5\.7"):
        draw_grid(tmp_path, 3.4)
