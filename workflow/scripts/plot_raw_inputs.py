"""Figure of the baseline: the raw inputs, by true class and by k-means cluster."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from evolution import RAW_INPUTS
from evolution.activations.cells import Cells
from evolution.embedding.methods import METHODS
from evolution.figures.fonts import drawable_names
from evolution.figures.sheets import draw_map, map_sheet, square_limits
from evolution.figures.style import MUTED, FigureStyle, class_colors, save_figure, score, shared_look
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.io.tables import load_table
from evolution.measures.cluster_matching import match_clusters
from evolution.measures.long_tables import ADJUSTED_RAND


def plot_raw_inputs(
    *,
    dataset: str,
    embedding: str,
    clusters: str,
    metrics_table: str,
    style: FigureStyle,
    method: str = "tsne",
) -> Figure:
    """Draw the map of the raw inputs twice, coloured by class and by cluster.

    Parameters
    ----------
    dataset : path of dataset.npz
    embedding, clusters : paths
        Of their layout, float32 (1, N, 2), and clusters, int16 (1, N).
    metrics_table : path of their metrics, a row and a column a metric
    style : FigureStyle
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    # The inputs never change, so there is one cell. Its time says nothing.
    cells = [Cells([path], {Path(path).parent.name: [0]}) for path in (embedding, clusters)]
    layout = cells[0].read_layout(RAW_INPUTS, 0, len(labels))
    assigned = np.array(cells[1].read(RAW_INPUTS, 0, (len(labels),)))
    rand_index = load_table(metrics_table, ADJUSTED_RAND).column(ADJUSTED_RAND)[0].as_py()
    matched = match_clusters(assigned, labels, len(names))
    count = max(len(names), matched.max(initial=0) + 1)
    colors = np.array(class_colors(style.palette, count))
    cluster_colors = np.append(colors[matched], MUTED)[assigned]
    note = (
        f"Each dot is an evaluation sample; {METHODS[method].title} {METHODS[method].of_inputs}. On the right, k-means "
        "grouped the samples by their inputs alone; a cluster has the colour of the class that it matches best, so a "
        "dot whose colour differs from the left is in a cluster of another class. "
        "ARI: adjusted Rand index, agreement of clusters and classes; 1 is perfect, 0 is chance."
    )
    if count > len(names):
        note += " Clusters that match no class have colours that the legend does not show."
    class_names, fonts = drawable_names(names)
    with shared_look(fonts):
        sheet = map_sheet(
            rows=1,
            columns=2,
            cell=4.4,
            title=f"Raw inputs, before any learning: {METHODS[method].title}",
            note=note,
            legend=list(zip(class_names, colors)),
            style=style,
        )
        limits = square_limits([layout])
        panels = {
            "True class": colors[labels],
            f"k-means cluster (ARI {score(rand_index, 3)})": cluster_colors,
        }
        for axes, (title, dots) in zip(sheet.axes[0], panels.items()):
            draw_map(axes, layout, dots, limits)
            axes.set_title(title, size=7 if style.printed else 10)
    return sheet.figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_raw_inputs(
            dataset=snakemake.input.dataset,
            embedding=snakemake.input.embedding,
            clusters=snakemake.input.clusters,
            metrics_table=snakemake.input.metrics,
            method=snakemake.params.method,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                palette=snakemake.params.palette,
                unit=snakemake.params.unit,
            ),
        )
        save_figure(figure, snakemake.output)
