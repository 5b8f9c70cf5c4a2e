"""Figure of what the network takes for what, at chosen epochs."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import numpy as np

from evolution.activations.predictions import load_predictions
from evolution.figures.fonts import shown_names
from evolution.figures.style import INK, figure_style, headed_figure, save_figure, score, shorten
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log

COLORS = "Blues"
COLUMNS = 4
NAMED_CLASSES = 15
PRINTED_PANEL = 2.2  # inches
LETTER = 0.075  # inches
# With more classes, or smaller, numbers in the cells could not be read.
WRITTEN_CLASSES, WRITTEN_SIDE = 10, 2.0


def confusion_shares(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Which share of each true class (row) is taken for which class (column), float (classes, classes); NaN: none."""
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predicted), 1)
    totals = counts.sum(axis=1, keepdims=True)
    return counts / np.where(totals, totals, np.nan)


def plot_confusion(
    dataset: str, predictions: list[str], epochs: list[int], output: list[str], dpi: int, width: float | None = None
) -> None:
    """Draw a confusion matrix an epoch, all on one scale.

    Parameters
    ----------
    dataset : path of dataset.npz
    predictions : list of paths of `predictions/{span}.parquet`
    epochs : list of int
    output : paths to write, PNG, PDF or SVG
    dpi : int
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    predicted, _ = load_predictions(predictions, epochs, len(labels))
    columns = min(COLUMNS if width is None else max(2, int(width / PRINTED_PANEL)), len(epochs))
    rows = -(-len(epochs) // columns)
    side = 3.1 if width is None else min(3.1, (width - 0.6) / columns + 0.25)
    written = len(names) <= WRITTEN_CLASSES and side >= WRITTEN_SIDE
    note = (
        "Each row of a matrix is a true class, each column what the network takes it for; the diagonal is right. "
        + "Numbers: per cent of the row, left out below 1." * written
    )
    with figure_style():
        names = shown_names(names)
        title = "What the network takes for what while it trains"
        places = np.arange(0, len(names), -(-len(names) // NAMED_CLASSES))
        texts = [shorten(names[place], 12) for place in places]
        longest = max(map(len, texts))
        # Long names stand upright below each matrix and lie beside the first.
        room = LETTER * longest if longest > 2 and width is None else 0.0
        wide = width or max(7.0, 0.9 + 2 * room + 3.0 * columns)
        figure = headed_figure(title, note, wide, (side + 0.7 * room) * rows, dpi, printed=width is not None)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in panels.ravel()[len(epochs) :]:
            axes.remove()
        for axes, epoch, guesses in zip(panels.ravel(), epochs, predicted):
            shares = confusion_shares(guesses, labels, len(names))
            image = axes.imshow(shares, vmin=0, vmax=1, cmap=COLORS)
            axes.grid(False)
            size = 9 if side >= WRITTEN_SIDE else 6
            axes.set_title(f"epoch {epoch}", size=size)
            axes.set_title(f"accuracy {score((guesses == labels).mean())}", size=size, loc="right", weight="normal")
            for row, column in np.argwhere(shares >= 0.01) if written else ():
                share = shares[row, column]
                color = "white" if share > 0.55 else INK
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", size=6, color=color)
        for axes in panels.ravel()[: len(epochs)]:
            axes.set_xticks(places, texts, rotation=90 if longest > 2 else 0)
            axes.set_yticks(places, texts)
            axes.tick_params(labelbottom=True)
        for axes in panels[:, 0]:
            axes.set_ylabel("true class")
        for place in range(len(epochs)):
            if place + columns >= len(epochs):
                panels.ravel()[place].set_xlabel("prediction")
        bar = figure.colorbar(image, ax=panels.ravel().tolist()[: len(epochs)], fraction=0.03, pad=0.01)
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
        save_figure(figure, output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_confusion(
            snakemake.input.dataset,
            list(snakemake.input.predictions),
            snakemake.params.epochs,
            list(snakemake.output),
            snakemake.params.dpi,
            snakemake.params.width,
        )
