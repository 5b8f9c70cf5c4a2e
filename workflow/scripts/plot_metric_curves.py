"""Figure of how well each layer clusters over the training."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

from evolution.figures.curves import draw_layer_curves, layer_panels, place_labels, title_panel
from evolution.figures.style import figure_style, save_figure
from evolution.io.job_log import job_log
from evolution.measures.long_tables import ADJUSTED_RAND, METRIC_TITLES, load_values

EXPLANATIONS = {
    "silhouette": "how compact and far apart the k-means clusters are; 1 is best, 0: they overlap",
    ADJUSTED_RAND: "agreement of the k-means clusters with the true classes; 1 is perfect, 0 is chance",
    "normalized_mutual_information": "information clusters and classes share; 1 is most",
    "label_silhouette": "how compact and far apart the true classes are; 1: best",
    "knn_accuracy": "share whose neighbours vote for the right class",
}
# Of the adjusted Rand index over the k-means restarts.
SPREAD = (f"{ADJUSTED_RAND}_min", f"{ADJUSTED_RAND}_max")


def plot_metric_curves(
    metrics_table: str, layers: list[str], output: list[str], dpi: int, width: float | None = None
) -> None:
    """Draw each metric over epochs, a line a layer, the raw pixels dashed.

    Parameters
    ----------
    metrics_table : path of `tables/metrics.parquet`
    layers : list of str
        In network order.
    output : paths to write, PNG, PDF or SVG
    dpi : int
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    """
    values = load_values(metrics_table)
    with figure_style():
        known = {metric for _, _, metric in values}
        more = "Shaded: from the worst to the best restart of k-means; the line: the one whose clusters are tightest."
        # The two that the clusters themselves are judged by stand wide above the others.
        heading = "How well each layer's activations cluster while the network trains"
        figure, panels = layer_panels(
            heading, values, layers, [2, 3], dpi, width, more if known.issuperset(SPREAD) else ""
        )
        for (metric, explanation), axes in zip(EXPLANATIONS.items(), panels):
            draw_layer_curves(axes, values, layers, metric, 0.1, SPREAD if metric == ADJUSTED_RAND else None)
            title = METRIC_TITLES[metric]
            title_panel(axes, title, explanation, title[0].lower() + title[1:], width is not None)
        place_labels(figure)
        save_figure(figure, output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_metric_curves(
            snakemake.input.metrics,
            snakemake.params.layers,
            list(snakemake.output),
            snakemake.params.dpi,
            snakemake.params.width,
        )
