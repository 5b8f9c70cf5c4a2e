"""Figure of when each class or label comes apart from the others, layer by layer."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from evolution import RAW_INPUTS
from evolution.activations.cells import Cells
from evolution.data.kinds import BASELINES, LABELS, OTHER
from evolution.data.targets import Targets, load_targets
from evolution.figures.curves import cell_edges, set_cell_axis
from evolution.figures.fonts import drawable_names
from evolution.figures.layer_names import layer_title
from evolution.figures.style import FigureStyle, headed_figure, save_figure, shared_look, shorten, shorten_apart
from evolution.io.job_log import job_log
from evolution.measures.long_tables import without_raw_inputs
from evolution.scores import average_precisions

COLORS = "cividis"  # made for colour-blind readers, and even in grey
COLUMNS = 6
NAMED_CLASSES = 30
# With more classes than this, rows are too thin to be seen: those that come apart worst and best are shown.
MOST_CLASSES = 50
PRINTED_PANEL = 1.2  # inches
PRINTED_LETTERS = 12  # of a line above a panel
# Inches: beside all panels, a letter of a class's name, and one above a panel.
BESIDE, LETTER, TITLE_LETTER = 1.4, 0.07, 0.085
CLASS_NOTE = (
    "Each cell: the share of the class's evaluation samples whose nearest neighbours, among the layer's "
    "activations, vote for the class. A row that turns bright early is a class that comes apart early; one that is "
    "bright from the start was apart in the inputs already."
)
LABEL_NOTE = (
    "Each cell: the average precision with which a sample's nearest neighbours, among the layer's activations, tell "
    "whether it has the label; 1 is perfect, the share of samples that have the label is chance. A row that turns "
    "bright early is a label that comes apart early; one that is bright from the start was apart in the inputs already."
)


def class_accuracies(votes: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of each class's samples whose neighbours vote for it.

    Parameters
    ----------
    votes : int array (times, N)
        -1 where there is no vote.
    labels : int array (N,)
    classes : int

    Returns
    -------
    float array (classes, times)
        NaN where a class has no sample, or a time no votes.
    """
    shares = np.full((classes, len(votes)), np.nan)
    sizes = np.bincount(labels, minlength=classes)
    for index, voted in enumerate(votes):
        if (voted >= 0).all():
            right = np.bincount(labels[voted == labels], minlength=classes)
            shares[sizes > 0, index] = right[sizes > 0] / sizes[sizes > 0]
    return shares


def label_precisions(shares: np.ndarray, held: np.ndarray) -> np.ndarray:
    """The average precision of each label by the share of a sample's neighbours that have it.

    Parameters
    ----------
    shares : float array (times, N, K)
        NaN where nothing is known.
    held : bool array (N, K)

    Returns
    -------
    float array (K, times)
        NaN where all samples have a label, or none, or a time has no shares.
    """
    unknown = np.full(held.shape[1], np.nan)
    return np.stack([average_precisions(held, of) if np.isfinite(of).all() else unknown for of in shares], axis=1)


def rows_of(votes: Cells, layer: str, targets: Targets) -> np.ndarray:
    """How far each class or label of a layer is apart, float (K, times)."""
    shape = (targets.count, len(targets.names)) if targets.target == LABELS else (targets.count,)
    voted = np.stack([votes.read(layer, time, shape) for time in votes.times(layer)])
    if targets.target == LABELS:
        return label_precisions(voted, targets.values)
    return class_accuracies(voted, targets.values, len(targets.names))


def telling_rows(shares: np.ndarray) -> np.ndarray:
    """Of very many classes the ones that are shown: the least and the most apart at the end, in the order of that.

    Parameters
    ----------
    shares : float array (K, times)
        Of the last layer.

    Returns
    -------
    int array
        All, in their own order, where these are not too many.
    """
    if len(shares) <= MOST_CLASSES:
        return np.arange(len(shares))
    known = np.flatnonzero(np.isfinite(shares).any(axis=1))
    final = np.array([row[np.isfinite(row)][-1] for row in shares[known]])
    order = known[np.argsort(-final, kind="stable")]
    half = NAMED_CLASSES // 2
    return order if len(order) <= NAMED_CLASSES else np.concatenate([order[:half], order[-half:]])


def plot_class_separation(
    *,
    dataset: str,
    votes: Cells,
    times: list[int],
    layers: list[str],
    baseline: str = BASELINES[OTHER],
    style: FigureStyle,
) -> Figure:
    """Draw a heat map a layer, classes or labels over times, all on one scale.

    Parameters
    ----------
    dataset : path of dataset.npz
    votes : Cells
        Of the classes that neighbours vote for, int16 (N,); of several labels the share of neighbours that have each,
        float32 (N, K).
    times : list of int
    layers : list of str
        The raw inputs, where they are followed, and the network's in order.
    baseline : str
        How the raw inputs are called.
    style : FigureStyle
    """
    targets = load_targets(dataset)
    shares = {layer: rows_of(votes, layer, targets) for layer in layers}
    finite = np.concatenate([share[np.isfinite(share)] for share in shares.values()])
    low = np.floor(10 * finite.min(initial=1)) / 10 if len(finite) else 0
    low = min(low, 0.9)
    most = COLUMNS if style.width is None else max(1, int((style.width - 0.9) / PRINTED_PANEL))
    columns = min(most, len(layers))
    rows = -(-len(layers) // columns)
    of_labels = targets.target == LABELS
    one, many = ("label", "labels") if of_labels else ("class", "classes")
    score = "k-NN average precision" if of_labels else "k-NN accuracy"
    note = LABEL_NOTE if of_labels else CLASS_NOTE
    last = (without_raw_inputs(layers) or layers)[-1]
    shown = telling_rows(shares[last])
    if len(shown) < len(targets.names):
        half = len(shown) // 2
        note += (
            f" Of {len(targets.names)} {many} the {half} best and the {half} worst in {layer_title(last)} at the end "
            "are shown, best first; the files in votes/ have all."
        )
    names, fonts = drawable_names(targets.names, style.font)
    width = style.width or max(7.0, 0.9 + 1.9 * columns)
    named = np.arange(0, len(shown), -(-len(shown) // NAMED_CLASSES))
    row_names = shorten_apart([names[shown[row]] for row in named], 16)
    # From one panel to the next, less what stands left and right of them.
    pitch = (width - BESIDE - LETTER * max(map(len, row_names), default=0)) / columns
    letters = PRINTED_LETTERS if style.printed else max(PRINTED_LETTERS, int(pitch / TITLE_LETTER))
    with shared_look(fonts):
        figure = headed_figure(
            title=f"When each {one} comes apart: {score} of each {one}",
            note=note,
            width=width,
            height=rows * (0.7 + max(1.8, 0.17 * min(len(shown), NAMED_CLASSES))),
            style=style,
        )
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for axes in panels.ravel()[len(layers) :]:
            axes.remove()
        edges = cell_edges(times)
        for axes, layer in zip(panels.ravel(), layers):
            share = shares[layer][shown]
            # Training does not change the inputs: their values at time 0 hold for every time.
            share = np.repeat(share[:, :1], len(times), 1) if layer == RAW_INPUTS else share
            image = axes.pcolormesh(edges, np.arange(len(shown) + 1) - 0.5, share, vmin=low, vmax=1, cmap=COLORS)
            image.set_rasterized(True)
            title = layer_title(layer, baseline)
            long = len(title) > letters
            title = (
                textwrap.fill(title, letters) if layer == RAW_INPUTS else shorten(title, letters + 2 * style.printed)
            )
            axes.set_title(title, size=6 if long and style.printed else 9)
            axes.grid(False)
            axes.set_xlabel(style.unit)
            set_cell_axis(axes.xaxis, times, style, ticks=4)
            axes.set_xlim(edges[0], edges[-1])
            axes.set_ylim(len(shown) - 0.5, -0.5)
        panels[0, 0].set_yticks(named, row_names)
        for axes in panels[:, 0]:
            axes.set_ylabel(one)
        bar = figure.colorbar(image, ax=panels.ravel().tolist()[: len(layers)], fraction=0.04, pad=0.01)
        bar.set_label(score)
        bar.outline.set_visible(False)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_class_separation(
            dataset=snakemake.input.dataset,
            votes=Cells(snakemake.input.votes, snakemake.params.spans),
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            baseline=snakemake.params.baseline,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
