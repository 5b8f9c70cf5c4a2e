"""Figure of the baseline: the raw inputs, coloured by what the samples are measured against, and by cluster."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from evolution import RAW_INPUTS
from evolution.activations.cells import Cells
from evolution.data.kinds import BASELINES, CLASSES, OTHER
from evolution.data.targets import Targets, load_targets
from evolution.embedding.methods import METHODS
from evolution.figures.dot_colors import MOST_CLASSES, color_dots
from evolution.figures.map_metrics import MAP_METRICS
from evolution.figures.sheets import draw_map, map_sheet, square_limits
from evolution.figures.style import MUTED, FigureStyle, class_colors, save_figure, score, shared_look
from evolution.io.job_log import job_log
from evolution.io.tables import load_table
from evolution.measures.cluster_matching import match_clusters


def colors_of_clusters(assigned: np.ndarray, targets: Targets, own: list[str], palette: str) -> tuple[np.ndarray, str]:
    """Each sample in the colour of the class that its cluster matches best, and what the note says of the others.

    `own` are the colours of the classes.
    """
    names = targets.names
    matched = match_clusters(assigned, targets.values, len(names))
    count = max(len(names), matched.max(initial=0) + 1)
    others = [color for color in class_colors(palette, count) if color not in own]
    colors = np.array([*own, *others[: count - len(names)]])
    more = " Clusters that match no class have colours that the legend does not show." if count > len(names) else ""
    return np.append(colors[matched], MUTED)[assigned], more


def plot_raw_inputs(
    *,
    dataset: str,
    embedding: str,
    clusters: str,
    metrics_table: str,
    baseline: str = BASELINES[OTHER],
    style: FigureStyle,
    method: str = "tsne",
) -> Figure:
    """Draw the map of the raw inputs: where there are classes twice, coloured by class and by cluster.

    Parameters
    ----------
    dataset : path of dataset.npz
    embedding, clusters : paths
        Of their layout, float32 (1, N, 2), and clusters, int16 (1, N).
    metrics_table : path of their metrics, a row and a column a metric
    baseline : str
        How the raw inputs are called.
    style : FigureStyle
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    targets = load_targets(dataset)
    # The inputs never change, so there is one cell. Its time says nothing.
    cells = [Cells([path], {Path(path).parent.name: [0]}) for path in (embedding, clusters)]
    layout = cells[0].read_layout(RAW_INPUTS, 0, targets.count)
    assigned = np.array(cells[1].read(RAW_INPUTS, 0, (targets.count,)))
    metric = MAP_METRICS[targets.target]
    value = score(load_table(metrics_table, metric.name).column(metric.name)[0].as_py(), 3)
    map_colors = color_dots(targets, style, assigned, of_clusters="of the inputs")
    title = f"{baseline[0].upper()}{baseline[1:]}, before any learning: {METHODS[method].title}"
    note = f"Each dot is an evaluation sample; {METHODS[method].title} {METHODS[method].of_inputs}. "
    if targets.target == CLASSES and len(targets.names) <= MOST_CLASSES:
        cluster_colors, more = colors_of_clusters(assigned, targets, map_colors.colors, style.palette)
        panels = {"True class": map_colors.dots, f"k-means cluster (ARI {value})": cluster_colors}
        note += (
            "On the right, k-means grouped the samples by their inputs alone; a cluster has the colour of the class "
            "that it matches best, so a dot whose colour differs from the left is in a cluster of another class. "
            "ARI: adjusted Rand index, agreement of clusters and classes; 1 is perfect, 0 is chance."
        )
        note += more
    else:
        panels = {f"{map_colors.heading} ({metric.short} {value})": map_colors.dots}
        note += metric.inputs_sentence + map_colors.note
    with shared_look(map_colors.fonts):
        sheet = map_sheet(
            rows=1,
            columns=len(panels),
            cell=4.4 if len(panels) > 1 else 6.7,
            title=title,
            note=note,
            legend=map_colors.legend,
            scale=map_colors.scale,
            style=style,
        )
        limits = square_limits([layout])
        for axes, (heading, dots) in zip(sheet.axes[0], panels.items()):
            draw_map(axes, layout, dots, limits)
            axes.set_title(heading, size=7 if style.printed else 10)
    return sheet.figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_raw_inputs(
            dataset=snakemake.input.dataset,
            embedding=snakemake.input.embedding,
            clusters=snakemake.input.clusters,
            metrics_table=snakemake.input.metrics,
            baseline=snakemake.params.baseline,
            method=snakemake.params.method,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                palette=snakemake.params.palette,
                colors=snakemake.params.colors,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
            ),
        )
        save_figure(figure, snakemake.output)
