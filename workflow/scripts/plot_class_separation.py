"""Figure of when each class comes apart from the others, layer by layer."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import numpy as np
from matplotlib.figure import Figure

from evolution import RAW_INPUTS
from evolution.activations.cells import Cells
from evolution.figures.curves import cell_edges, set_cell_axis
from evolution.figures.fonts import drawable_names
from evolution.figures.layer_names import layer_title
from evolution.figures.style import FigureStyle, headed_figure, save_figure, shared_look, shorten
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log

COLORS = "cividis"  # made for colour-blind readers, and even in grey
COLUMNS = 6
NAMED_CLASSES = 30
PRINTED_PANEL = 1.2  # inches


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
    for index, voted in enumerate(votes):
        for label in np.unique(labels) if (voted >= 0).all() else ():
            shares[label, index] = (voted[labels == label] == label).mean()
    return shares


def plot_class_separation(
    *, dataset: str, votes: Cells, times: list[int], layers: list[str], style: FigureStyle
) -> Figure:
    """Draw a heat map a layer, classes over times, all on one scale.

    Parameters
    ----------
    dataset : path of dataset.npz
    votes : Cells
        Of the classes that neighbours vote for, int16 (N,).
    times : list of int
    layers : list of str
        The raw inputs, where they are followed, and the network's in order.
    style : FigureStyle
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    shares = {}
    for layer in layers:
        voted = [votes.read(layer, time, (len(labels),)) for time in votes.times(layer)]
        shares[layer] = class_accuracies(np.stack(voted), labels, len(names))
    finite = np.concatenate([share[np.isfinite(share)] for share in shares.values()])
    low = np.floor(10 * finite.min(initial=1)) / 10 if len(finite) else 0
    low = min(low, 0.9)
    most = COLUMNS if style.width is None else max(1, int((style.width - 0.9) / PRINTED_PANEL))
    columns = min(most, len(layers))
    rows = -(-len(layers) // columns)
    note = (
        "Each cell: the share of the class's evaluation samples whose nearest neighbours, among the layer's "
        "activations, vote for the class. A row that turns bright early is a class that comes apart early; one that is "
        "bright from the start was apart in the inputs already."
    )
    names, fonts = drawable_names(names)
    with shared_look(fonts):
        figure = headed_figure(
            title="When each class comes apart: k-NN accuracy of each class",
            note=note,
            width=style.width or max(7.0, 0.9 + 1.9 * columns),
            height=rows * (0.7 + max(1.8, 0.17 * min(len(names), NAMED_CLASSES))),
            style=style,
        )
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for axes in panels.ravel()[len(layers) :]:
            axes.remove()
        edges = cell_edges(times)
        for axes, layer in zip(panels.ravel(), layers):
            # Training does not change the inputs: their values at time 0 hold for every time.
            share = np.repeat(shares[layer][:, :1], len(times), 1) if layer == RAW_INPUTS else shares[layer]
            image = axes.pcolormesh(edges, np.arange(len(names) + 1) - 0.5, share, vmin=low, vmax=1, cmap=COLORS)
            image.set_rasterized(True)
            axes.set_title(shorten(layer_title(layer), 22), size=9)
            axes.grid(False)
            axes.set_xlabel(style.unit)
            set_cell_axis(axes.xaxis, times, style, ticks=4)
            axes.set_xlim(edges[0], edges[-1])
            axes.set_ylim(len(names) - 0.5, -0.5)
        named = np.arange(0, len(names), -(-len(names) // NAMED_CLASSES))
        panels[0, 0].set_yticks(named, [shorten(names[label], 16) for label in named])
        for axes in panels[:, 0]:
            axes.set_ylabel("class")
        bar = figure.colorbar(image, ax=panels.ravel().tolist()[: len(layers)], fraction=0.04, pad=0.01)
        bar.set_label("k-NN accuracy")
        bar.outline.set_visible(False)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_class_separation(
            dataset=snakemake.input.dataset,
            votes=Cells(snakemake.input.votes, snakemake.params.spans),
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
