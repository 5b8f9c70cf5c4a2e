"""Figure of how well each layer clusters over the training."""

from matplotlib.figure import Figure

from evolution.data.kinds import BASELINES, OTHER
from evolution.figures.curves import Panel, draw_layer_curves, layer_panels, place_labels, title_panel
from evolution.figures.metric_titles import METRIC_TITLES
from evolution.figures.style import FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.measures.long_tables import ADJUSTED_RAND, load_values

# By the kind of target, a table has some of them.
EXPLANATIONS = {
    "silhouette": "how compact and far apart the k-means clusters are; 1 is best, 0: they overlap",
    ADJUSTED_RAND: "agreement of the k-means clusters with the true classes; 1 is perfect, 0 is chance",
    "normalized_mutual_information": "information clusters and classes share; 1 is most",
    "label_silhouette": "how compact and far apart the true classes are; 1: best",
    "knn_accuracy": "share whose neighbours vote for the right class",
    "knn_r2": "how well neighbours tell the number; 1 is perfect",
    "knn_average_precision": "how well neighbours tell the labels; 1 is perfect",
}
# The adjusted Rand index of the worst and the best restart of k-means.
SPREAD = (f"{ADJUSTED_RAND}_min", f"{ADJUSTED_RAND}_max")


def plot_metric_curves(
    *, metrics_table: str, layers: list[str], baseline: str = BASELINES[OTHER], style: FigureStyle
) -> Figure:
    """Draw each metric over times, a line a layer, the raw inputs dashed.

    Parameters
    ----------
    metrics_table : path of `tables/metrics.parquet`
    layers : list of str
        In network order.
    baseline : str
        How the raw inputs are called.
    style : FigureStyle
    """
    values = load_values(metrics_table)
    known = {metric for _, _, metric in values}
    shown = {metric: explanation for metric, explanation in EXPLANATIONS.items() if metric in known}
    well, what = ("well ", "cluster") if ADJUSTED_RAND in shown else ("", "are organised")
    shading = "Shaded: from the worst to the best restart of k-means; the line: the one whose clusters are tightest."
    with shared_look(style.fonts):
        figure, panels = layer_panels(
            title=f"How {well}each layer's activations {what} while the network trains",
            values=values,
            layers=layers,
            # The two metrics that judge the clusters themselves have the upper row, and so wider panels.
            rows=[2, 3] if len(shown) == 5 else [len(shown)],
            style=style,
            baseline=baseline,
            ending=shading if known.issuperset(SPREAD) else "",
        )
        for (metric, explanation), axes in zip(shown.items(), panels):
            title = METRIC_TITLES[metric]
            panel = Panel(title, explanation, title[0].lower() + title[1:], least_span=0.1)
            draw_layer_curves(
                axes=axes,
                values=values,
                layers=layers,
                metric=metric,
                least_span=panel.least_span,
                baseline=baseline,
                band=SPREAD if metric == ADJUSTED_RAND else None,
            )
            title_panel(axes, panel, style)
        place_labels(figure)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_metric_curves(
            metrics_table=snakemake.input.metrics,
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
