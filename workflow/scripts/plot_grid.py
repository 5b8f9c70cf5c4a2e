"""Figure of every layer's map at chosen epochs: layers from left to right, training from top to bottom."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import numpy as np

from evolution.activations.cells import Cells
from evolution.embedding.methods import METHODS
from evolution.figures.fonts import shown_names
from evolution.figures.sheets import cell_side, draw_map, map_sheet, square_limits, title_cell
from evolution.figures.style import class_colors, figure_style, save_figure, score
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.measures.long_tables import adjusted_rand_indices, network_layers

NOTE = (
    "Each dot is an evaluation image, in the colour of its true class; {title} {of_layer}. "
    "ARI: adjusted Rand index, agreement of the layer's k-means clusters with the classes; "
    "1 is perfect, 0 is chance."
)


def plot_grid(
    dataset: str,
    embeddings: Cells,
    metrics_table: str,
    epochs: list[int],
    layers: list[str],
    output: list[str],
    palette: str,
    dpi: int,
    width: float | None = None,
    method: str = "tsne",
) -> None:
    """Draw a grid of maps; all of one layer share their axes, so that movement shows.

    Parameters
    ----------
    dataset : path of dataset.npz
    embeddings : Cells
        Of layouts, float32 (N, 2).
    metrics_table : path of `tables/metrics.parquet`
    epochs : list of int
        A row each.
    layers : list of str
        A column each, in network order; the raw pixels, which have one epoch only, are left out.
    output : paths to write, PNG, PDF or SVG
    palette : str
        See `style.class_colors`.
    dpi : int
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    layers = network_layers(layers)
    rand_indices = adjusted_rand_indices(metrics_table, [(epoch, layer) for epoch in epochs for layer in layers])
    colors = class_colors(palette, len(names))
    dots = np.array(colors)[labels]
    with figure_style():
        title = f"{METHODS[method].title} of each layer while the network trains"
        note = NOTE.format(title=METHODS[method].title, of_layer=METHODS[method].of_layer)
        class_names = shown_names(names)
        side = cell_side(layers, 2.1)
        room = 0.75 if width is None else 0.2  # for the rows' labels, which stand upright on paper
        sheet = map_sheet(len(epochs), len(layers), side, title, note, class_names, colors, dpi, room, width)
        for layer, column in zip(layers, sheet.axes.T):
            layouts = [embeddings.read_layout(layer, epoch, len(labels)) for epoch in epochs]
            limits = square_limits(layouts)
            for axes, epoch, layout in zip(column, epochs, layouts):
                draw_map(axes, layout, dots, limits)
                title_cell(axes, layer, layers, f"ARI {score(rand_indices[epoch, layer])}")
        for axes, epoch in zip(sheet.axes[:, 0], epochs):
            if width is None:
                label, place, look = f"epoch {epoch}" if epoch else "epoch 0\n(untrained)", -6, {"size": 9}
            else:
                label, place, look = f"epoch {epoch}", -3, {"size": 7, "rotation": 90}
            axes.annotate(
                label, (0, 0.5), xytext=(place, 0), xycoords="axes fraction", textcoords="offset points",
                ha="right", va="center", **look,
            )  # fmt: skip
        save_figure(sheet.figure, output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_grid(
            snakemake.input.dataset,
            Cells(snakemake.input.embeddings, snakemake.params.spans),
            snakemake.input.metrics,
            snakemake.params.epochs,
            snakemake.params.layers,
            list(snakemake.output),
            snakemake.params.palette,
            snakemake.params.dpi,
            snakemake.params.width,
            snakemake.params.method,
        )
