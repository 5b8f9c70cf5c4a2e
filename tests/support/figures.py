"""What the tests of figures share: a tiny run's files, what a figure holds, and checks that hold for every figure."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image, ImageSequence

from evolution.activations.cells import Cells
from evolution.figures.style import FigureStyle, save_figure
from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import save_table

METRICS = ("silhouette", "adjusted_rand_index", "normalized_mutual_information", "label_silhouette", "knn_accuracy")
QUALITIES = ("kl_divergence", "trustworthiness", "drift")
SCREEN = FigureStyle(dpi=100, palette="petroff10")
LAYERS = {
    "one": ["fc"],
    "few": ["conv1", "conv2", "fc"],
    "many": [f"features.denseblock{number}.denselayer{number}.conv" for number in range(20)],
}
# A run as a paper may show it.
PAPER_LAYERS, PAPER_EPOCHS = ["conv1", "conv2", "conv3", "fc1", "fc2"], [0, 2, 5, 10, 20]
PAPER_CLASSES = [str(label) for label in range(10)]

ODD = ["犬", "犬 dog", "$\\alpha_1$", "a_b_c", "кошка", "نص", "été", "<script>alert(1)</script>", "ab" * 40, "T & <b>"]
ODD_NAMES = {"ten": ODD, "two": ["no", "yes"], "thirty": [f"{name} {n}" for n in range(3) for name in ODD]}


def write_long(path, values):
    """Write {(layer, epoch, metric): value} as a long table."""
    layers, epochs, metrics = zip(*values)
    columns = {"layer": list(layers), "epoch": np.array(epochs, np.int32), "metric": list(metrics)}
    save_table(path, columns | {"value": np.array(list(values.values()), float)})
    return str(path)


def long_values(layers, epochs, metrics, raw_inputs=True):
    """A value for each, different everywhere; the raw_inputs have epoch 0 only."""
    cells = [("raw_inputs", 0)] * raw_inputs + [(layer, epoch) for layer in layers for epoch in epochs]
    return {
        (layer, epoch, metric): 0.1 + 0.7 * index / len(cells) + 0.01 * number
        for index, (layer, epoch) in enumerate(cells)
        for number, metric in enumerate(metrics)
    }


def write_history(path, epochs, class_names):
    """A history with all measures; the loss is not defined before training."""
    rows = []
    for epoch in epochs:
        rows.append((epoch, "train_loss", "", 2.0 / epoch if epoch else np.nan))
        rows.append((epoch, "train_accuracy", "", 0.1 + 0.8 * epoch / (epoch + 2)))
        rows.append((epoch, "eval_accuracy", "", 0.1 + 0.7 * epoch / (epoch + 2)))
        for label, name in enumerate(class_names):
            rows.append((epoch, "class_accuracy", name, epoch / (epoch + 1 + label)))
    columns = dict(zip(("epoch", "metric", "class_name", "value"), map(list, zip(*rows))))
    save_table(path, columns | {"epoch": np.array(columns["epoch"], np.int32)})
    return str(path)


def write_dataset(path, labels, class_names, shape=(1, 8, 8)):
    """The part of dataset.npz that figures read; random images, uint8 (C, H, W)."""
    images = np.random.default_rng(0).integers(0, 256, (len(labels), *shape)).astype(np.uint8)
    save_npz(
        path,
        eval_images=images,
        eval_indices=np.arange(len(labels)),
        eval_labels=np.asarray(labels, np.int64),
        class_names=np.array(class_names),
    )
    return str(path)


def write_predictions(path, predicted, epochs):
    """Predictions, int (epochs, N), with random confidences; a list of the one table."""
    samples = predicted.shape[1]
    columns = {"epoch": np.repeat(epochs, samples), "sample": np.tile(np.arange(samples), len(epochs))}
    confidence = np.random.default_rng(0).random(predicted.size)
    save_table(path, columns | {"predicted": predicted.ravel(), "confidence": confidence})
    return [str(path)]


def improving_predictions(labels, classes, epochs):
    """A tenth is right at the first epoch and nine tenths at the last, where there are several; int (epochs, N)."""
    chances = np.linspace(0.1, 0.9, len(epochs))[:, None]
    wrong = np.random.default_rng(0).random((len(epochs), len(labels))) > chances
    return np.where(wrong, (labels + 1) % classes, labels)


def write_cells(folder, arrays, epochs):
    """A file for each layer's array (epochs, ...); one with fewer entries has the first epochs only."""
    paths, spans = [], {}
    for layer, array in arrays.items():
        span = f"first-{len(array)}"
        spans[span] = epochs[: len(array)]
        paths.append(Path(folder) / span / f"{layer}.npy")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        save_npy(paths[-1], array)
    return Cells(paths, spans)


def random_layouts(layers, epochs, samples):
    """A layout for each cell; layer to float32 (epochs, N, 2)."""
    return {
        layer: np.random.default_rng(number).normal(0, 10, (len(epochs), samples, 2)).astype(np.float32)
        for number, layer in enumerate(layers)
    }


def without_other_fonts(monkeypatch):
    """Hide the machine's fonts from matplotlib, but for its own."""
    folder = matplotlib.get_data_path()
    own = [font for font in font_manager.fontManager.ttflist if Path(font.fname).is_relative_to(folder)]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)


def gif_frames(path):
    """A film's pictures, uint8 (frames, height, width, 3), and how long each stays, in ms."""
    with Image.open(path) as film:
        shown = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(film)]
    return np.stack([picture for picture, _ in shown]), [duration for _, duration in shown]


def titled(figure, title):
    """The panel with that title."""
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def curve(axes, number):
    """A line's points, NaN left out."""
    points = np.asarray(axes.lines[number].get_xydata(), float)
    return points[np.isfinite(points).all(axis=1)].tolist()


def all_text(figure):
    """Everything that is written in a figure, line breaks as spaces."""
    return " ".join(text.get_text() for text in figure.findobj(Text)).replace("\n", " ")


def drawn_texts(figure):
    """All text that is visible, and its box in raw_inputs."""
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


def assert_printable(draw: Callable[[FigureStyle], Figure], width: float):
    """On paper a figure is as wide as asked, can be read, and leaves to the caption what a heading says on a screen."""
    printed = draw(FigureStyle(dpi=100, width=width, palette="petroff10"))
    shown = draw(SCREEN)
    assert printed.get_figwidth() == width < shown.get_figwidth()
    assert_readable(printed)
    # The heading is the one text of that size.
    assert [text.get_size() for text in shown.findobj(Text) if text.get_text()].count(12) == 1
    assert max(text.get_size() for text in printed.findobj(Text) if text.get_text()) <= 10
    assert min(text.get_size() for text in printed.findobj(Text) if text.get_text()) >= 4.5


def assert_same_bytes(draw: Callable[[FigureStyle], Figure], folder: Path):
    """Drawn twice, a figure is the same file, with something in it, at the dpi that was asked for."""
    paths = [folder / f"{name}.png" for name in ("one", "other")]
    for path in paths:
        save_figure(draw(FigureStyle(dpi=60, palette="tab10")), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Image.open(paths[0]) as image:
        assert np.asarray(image.convert("L")).std() > 5
        np.testing.assert_allclose(image.info["dpi"], (60, 60), atol=0.01)
