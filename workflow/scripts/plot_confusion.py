"""Figure of which classes the network confuses, at chosen times."""

import numpy as np
from matplotlib.figure import Figure

from evolution.activations.predictions import load_predictions
from evolution.data.targets import load_targets
from evolution.figures.fonts import drawable_names
from evolution.figures.style import (
    INK,
    FigureStyle,
    accuracy_text,
    headed_figure,
    per_cent,
    save_figure,
    shared_look,
    shorten_apart,
)
from evolution.io.job_log import job_log

COLORS = "Blues"
COLUMNS = 4
NAMED_CLASSES = 15
PRINTED_PANEL = 2.2  # inches
NAMED_PANEL = 1.8  # where classes have long names
LETTER, PRINTED_LETTER = 0.075, 0.06  # inches
AXIS_NAME = 0.25
# So often the layout is made of matrices that are no squares, before it no longer changes: matplotlib makes it once.
LAYOUTS = 4
ONE_LINE = 22  # characters of a time and its accuracy that have room next to each other on paper
# Numbers in the cells can be read with at most so many classes, and from this many inches of the matrix's side on.
WRITTEN_CLASSES, WRITTEN_SIDE = 10, 2.0
# With more classes than this, a cell is too small to be seen: the classes that are confused most are shown.
MOST_CLASSES = 50
CONFUSED_CLASSES = 20
# Pairs of classes that the note names.
NAMED_PAIRS, PAIR_NAME = 5, 24
OTHERS = "others"


def confusion_shares(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of each true class (row) that is predicted as each class (column), float (classes, classes).

    NaN where a class has no sample.
    """
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predicted), 1)
    totals = counts.sum(axis=1, keepdims=True)
    return counts / np.where(totals, totals, np.nan)


def confused_pairs(predicted: np.ndarray, labels: np.ndarray) -> list[tuple[int, int, int]]:
    """Each true class and wrong prediction that occur, and how often: the most frequent first.

    Parameters
    ----------
    predicted, labels : int arrays (N,)
    """
    wrong = predicted != labels
    pairs, counts = np.unique(np.stack([labels[wrong], predicted[wrong]], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [(int(true), int(guess), int(count)) for (true, guess), count in zip(pairs[order], counts[order])]


def confused_classes(pairs: list[tuple[int, int, int]], labels: np.ndarray) -> list[int]:
    """The classes that are confused most: those of the most frequent pairs, each next to what it is confused with.

    Parameters
    ----------
    pairs : list
        See `confused_pairs`.
    labels : int array (N,)
        A class without a sample has no row to show.
    """
    known, found = set(labels.tolist()), {}
    for true, guess, _ in pairs:
        found |= dict.fromkeys(label for label in (true, guess) if label in known)
    # Where the network is hardly ever wrong, the first classes fill the rest.
    return list(found | dict.fromkeys(sorted(known)))[:CONFUSED_CLASSES]


def shown_shares(shares: np.ndarray, shown: list[int]) -> np.ndarray:
    """The rows and columns of some classes, and a last column with the share of all other predictions."""
    inside = shares[np.ix_(shown, shown)]
    return np.concatenate([inside, 1 - inside.sum(axis=1, keepdims=True)], axis=1)


def _layout(count: int, room: float, style: FigureStyle) -> tuple[int, float, float]:
    """How many matrices stand in a row, and the inches of a matrix's side and of a row.

    Parameters
    ----------
    count : int
        Matrices.
    room : float
        Inches for upright names below each, and left of the first; 0 for short names.
    style : FigureStyle
    """
    if style.width is None:
        return min(COLUMNS, count), 3.1, 3.1 + 0.7 * room
    if not room:
        columns = min(max(2, int(style.width / PRINTED_PANEL)), count)
        side = min(3.1, (style.width - 0.6) / columns + 0.25)
        return columns, side, side
    free = style.width - 0.9 - room
    columns = min(max(1, int(free / NAMED_PANEL)), count)
    side = min(3.1, free / columns - 0.1)
    return columns, side, side + room + 2 * AXIS_NAME


def plot_confusion(*, dataset: str, predictions: list[str], times: list[int], style: FigureStyle) -> Figure:
    """Draw a confusion matrix a time, all on one scale.

    Parameters
    ----------
    dataset : path of dataset.npz
    predictions : list of paths of `predictions/{span}.parquet`
    times : list of int
    style : FigureStyle
    """
    targets = load_targets(dataset)
    labels, names = targets.values, targets.names
    predicted, _ = load_predictions(predictions, times, len(labels))
    names, fonts = drawable_names(names, style.font)
    note = "Each row of a matrix is a true class, each column a predicted class; the diagonal is right. "
    few = len(names) <= MOST_CLASSES
    named = np.arange(0, len(names), -(-len(names) // NAMED_CLASSES))
    texts = shorten_apart([names[label] for label in named], 12)
    predictions_named, prediction_texts = named, texts
    if not few:
        pairs = confused_pairs(predicted[-1], labels)
        shown = confused_classes(pairs, labels)
        named, texts = np.arange(len(shown)), shorten_apart([names[label] for label in shown], 12)
        predictions_named, prediction_texts = np.arange(len(shown) + 1), [*texts, OTHERS]
        note += (
            f"Shown are {len(shown)} of {len(names)} classes, those confused most at {style.unit} {times[-1]}; the "
            "last column holds all other predictions. The tables in predictions/ have all."
        )
        if pairs:
            short = shorten_apart(names, PAIR_NAME)
            most = ", ".join(f"{short[true]} as {short[guess]} ({count})" for true, guess, count in pairs[:NAMED_PAIRS])
            note += f" Most often: {most}."
    longest = max(map(len, prediction_texts))
    titles = [
        (f"{style.unit} {time}", f"accuracy {accuracy_text((guesses == labels).mean())}")
        for time, guesses in zip(times, predicted)
    ]
    # Long names stand upright below each matrix and lie to the left of the first one.
    upright = longest > 2
    room = (PRINTED_LETTER if style.printed else LETTER) * longest * upright
    columns, side, height = _layout(len(times), room, style)
    written = len(names) <= WRITTEN_CLASSES and side >= WRITTEN_SIDE
    note += "Numbers: per cent of the row, left out below 1." * written
    two_lines = style.printed and (upright or max(len(when) + len(accuracy) for when, accuracy in titles) > ONE_LINE)
    rows = -(-len(times) // columns)
    with shared_look(fonts):
        figure = headed_figure(
            title="Which classes the network predicts while it trains",
            note=note,
            width=style.width or max(7.0, 0.9 + 2 * room + 3.0 * columns),
            # The names of few classes take room from the matrices, which are large enough.
            height=(height + AXIS_NAME * (not few and not style.printed)) * rows,
            style=style,
        )
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in panels.ravel()[len(times) :]:
            axes.remove()
        for axes, (when, accuracy), guesses in zip(panels.ravel(), titles, predicted):
            shares = confusion_shares(guesses, labels, len(names))
            shares = shares if few else shown_shares(shares, shown)
            image = axes.imshow(shares, vmin=0, vmax=1, cmap=COLORS)
            axes.grid(False)
            size = 9 if side >= WRITTEN_SIDE else 6
            if two_lines:
                axes.set_title(f"{when}\n{accuracy}", size=size)
            else:
                axes.set_title(when, size=size)
                axes.set_title(accuracy, size=size, loc="right", weight="normal")
            for row, column in np.argwhere(shares >= 0.01) if written else ():
                share = shares[row, column]
                color = "white" if share > 0.55 else INK
                axes.text(column, row, per_cent(share), ha="center", va="center", size=6, color=color)
        for axes in panels.ravel()[: len(times)]:
            axes.set_xticks(predictions_named, prediction_texts, rotation=90 if upright else 0)
            axes.set_yticks(named, texts)
            axes.tick_params(labelbottom=True)
            if upright and style.printed:
                axes.tick_params(labelsize=6 if few else 5, length=2)
        for axes in panels[:, 0]:
            axes.set_ylabel("true class")
        for axes in panels.ravel()[max(0, len(times) - columns) : len(times)]:
            axes.set_xlabel("prediction")
        bar = figure.colorbar(image, ax=panels.ravel().tolist()[: len(times)], fraction=0.03, pad=0.01)
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
        if upright and style.printed:
            figure.get_layout_engine().set(rect=(0.02, 0, 0.97, 1))
        for _ in range(LAYOUTS * (not few)):
            figure.get_layout_engine().execute(figure)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_confusion(
            dataset=snakemake.input.dataset,
            predictions=list(snakemake.input.predictions),
            times=snakemake.params.times,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
            ),
        )
        save_figure(figure, snakemake.output)
