"""Figure of every layer's map at chosen times: layers from left to right, training from top to bottom."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import numpy as np
from matplotlib.figure import Figure

from evolution.activations.cells import Cells
from evolution.embedding.methods import METHODS
from evolution.figures.fonts import drawable_names
from evolution.figures.sheets import cell_side, draw_map, map_sheet, square_limits, title_cell
from evolution.figures.style import FigureStyle, class_colors, save_figure, score, shared_look
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.measures.long_tables import adjusted_rand_indices, without_raw_inputs

NOTE = (
    "Each dot is an evaluation sample, in the colour of its true class; {title} {of_layer}. "
    "ARI: adjusted Rand index, agreement of the layer's k-means clusters with the classes; "
    "1 is perfect, 0 is chance."
)

LETTER = 0.085  # inches, of a row's label with more than ten


def plot_grid(
    *,
    dataset: str,
    embeddings: Cells,
    metrics_table: str,
    times: list[int],
    layers: list[str],
    style: FigureStyle,
    method: str = "tsne",
) -> Figure:
    """Draw a grid of maps; the maps of a layer share their axes, so that movement shows.

    Parameters
    ----------
    dataset : path of dataset.npz
    embeddings : Cells
        Of layouts, float32 (N, 2).
    metrics_table : path of `tables/metrics.parquet`
    times : list of int
        A row each.
    layers : list of str
        A column each, in network order; the raw inputs, which have one time only, are left out.
    style : FigureStyle
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    layers = without_raw_inputs(layers)
    rand_indices = adjusted_rand_indices(metrics_table, [(time, layer) for time in times for layer in layers])
    colors = class_colors(style.palette, len(names))
    dots = np.array(colors)[labels]
    class_names, fonts = drawable_names(names)
    with shared_look(fonts):
        sheet = map_sheet(
            rows=len(times),
            columns=len(layers),
            cell=cell_side(layers, 2.1),
            title=f"{METHODS[method].title} of each layer while the network trains",
            note=NOTE.format(title=METHODS[method].title, of_layer=METHODS[method].of_layer),
            legend=list(zip(class_names, colors)),
            style=style,
            # On paper the labels stand upright.
            row_label_width=0.2 if style.printed else 0.75 + LETTER * max(0, len(f"{style.unit} {max(times)}") - 10),
        )
        for layer, column in zip(layers, sheet.axes.T):
            layouts = [embeddings.read_layout(layer, time, len(labels)) for time in times]
            limits = square_limits(layouts)
            for axes, time, layout in zip(column, times, layouts):
                draw_map(axes, layout, dots, limits)
                title_cell(axes, layer, layers, f"ARI {score(rand_indices[time, layer])}")
        for axes, time in zip(sheet.axes[:, 0], times):
            if style.printed:
                label, offset, properties = f"{style.unit} {time}", -3, {"size": 7, "rotation": 90}
            else:
                label, offset, properties = f"{style.unit} {time}", -6, {"size": 9}
            axes.annotate(
                label, (0, 0.5), xytext=(offset, 0), xycoords="axes fraction", textcoords="offset points",
                ha="right", va="center", **properties,
            )  # fmt: skip
    return sheet.figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_grid(
            dataset=snakemake.input.dataset,
            embeddings=Cells(snakemake.input.embeddings, snakemake.params.spans),
            metrics_table=snakemake.input.metrics,
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            method=snakemake.params.method,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                palette=snakemake.params.palette,
                unit=snakemake.params.unit,
            ),
        )
        save_figure(figure, snakemake.output)
