"""What the tests of figures share: a tiny run's files, and a check that all text can be read."""

from itertools import combinations

import numpy as np
from matplotlib.text import Text

from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import save_table

METRICS = ("silhouette", "adjusted_rand_index", "normalized_mutual_information", "label_silhouette", "knn_accuracy")
QUALITIES = ("kl_divergence", "trustworthiness", "drift")


def write_long(path, values):
    """Write {(layer, epoch, metric): value} as a long table."""
    layers, epochs, metrics = zip(*values)
    columns = {"layer": list(layers), "epoch": np.array(epochs, np.int32), "metric": list(metrics)}
    save_table(path, columns | {"value": np.array(list(values.values()), float)})
    return str(path)


def long_values(layers, epochs, metrics, pixels=True):
    """A value for each, different everywhere; the pixels have epoch 0 only."""
    cells = [("pixels", 0)] * pixels + [(layer, epoch) for layer in layers for epoch in epochs]
    return {
        (layer, epoch, metric): 0.1 + 0.7 * place / len(cells) + 0.01 * number
        for place, (layer, epoch) in enumerate(cells)
        for number, metric in enumerate(metrics)
    }


def write_history(path, epochs, class_names):
    """A history with all measures; the loss is not defined before training."""
    rows = []
    for epoch in epochs:
        rows.append((epoch, "train_loss", "", 2.0 / epoch if epoch else np.nan))
        rows.append((epoch, "train_accuracy", "", 0.1 + 0.8 * epoch / (epoch + 2)))
        rows.append((epoch, "eval_accuracy", "", 0.1 + 0.7 * epoch / (epoch + 2)))
        for place, name in enumerate(class_names):
            rows.append((epoch, "class_accuracy", name, epoch / (epoch + 1 + place)))
    columns = dict(zip(("epoch", "measure", "class_name", "value"), map(list, zip(*rows))))
    save_table(path, columns | {"epoch": np.array(columns["epoch"], np.int32)})
    return str(path)


def write_dataset(path, labels, class_names):
    """The part of dataset.npz that figures read."""
    save_npz(path, eval_labels=np.asarray(labels, np.int64), class_names=np.array(class_names))
    return str(path)


def write_cells(folder, epochs, layers, samples):
    """A random layout for each cell, all of a layer in one span; as plot_grid and plot_animation take them."""
    cells = {}
    for number, layer in enumerate(layers):
        layouts = np.random.default_rng(number).normal(0, 10, (len(epochs), samples, 2)).astype(np.float32)
        path = folder / f"{layer}.npy"
        save_npy(path, layouts)
        cells |= {(epoch, layer): (str(path), place) for place, epoch in enumerate(epochs)}
    return cells


def drawn_texts(figure):
    """All text that shows, with where it stands in pixels."""
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    # Ticks beyond the axes' limits are never drawn.
    hidden = {
        id(tick.label1)
        for axes in figure.axes
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
        for tick in axis.get_major_ticks()
        if not low <= tick.get_loc() <= high
    }
    return [(text, Text.get_window_extent(text)) for text in texts if id(text) not in hidden]


def assert_readable(figure):
    """No text is cut off by the figure's edge, none lies on another."""
    boxes = drawn_texts(figure)
    width, height = figure.bbox.width, figure.bbox.height
    for text, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{text.get_text()!r} is cut: {box.extents} in {width} x {height}"
    for (text, box), (other, other_box) in combinations(boxes, 2):
        across = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
        along = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
        # A little may be shared: boxes hold room for accents and descenders that most words lack.
        apart = across < 1 or along < 0.15 * min(box.height, other_box.height)
        assert apart, f"{text.get_text()!r} lies on {other.get_text()!r}"
