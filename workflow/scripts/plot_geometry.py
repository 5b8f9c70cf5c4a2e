"""Figure of the shape of each layer's activations over the training: their dimensions, and who is near whom."""

from matplotlib.figure import Figure

from evolution.data.kinds import BASELINES, OTHER
from evolution.figures.curves import Panel, metric_figure
from evolution.figures.style import FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.measures.long_tables import load_values

PANELS = {
    "effective_rank": Panel(
        "Effective rank", "directions, small ones too, of 2000 samples at most", "effective rank", 2
    ),
    "participation_ratio": Panel(
        "Participation ratio", "directions that hold most of the variance of these", "directions", 2
    ),
    "intrinsic_dimension": Panel(
        "Intrinsic dimension (TwoNN)", "of the surface that the samples lie on", "dimension", 2
    ),
    "linear_probe_accuracy": Panel("Linear probe", "share of samples it gets right, cross-validated", "accuracy", 0.1),
    "linear_probe_r2": Panel("Linear probe (R²)", "share of variance it explains, cross-validated", "R²", 0.1),
    "linear_probe_average_precision": Panel(
        "Linear probe (average precision)",
        "mean over labels, cross-validated",
        "average precision",
        0.1,
    ),
    "knn_purity": Panel("k-NN purity", "share of a sample's neighbours that are of its class", "purity", 0.1),
    "label_davies_bouldin": Panel(
        "Davies-Bouldin index",
        "width of the true classes for their distance; 0 is best",
        "index",
        0.5,
    ),
}
COLUMNS = 3


def plot_geometry(
    *, metrics_table: str, layers: list[str], baseline: str = BASELINES[OTHER], style: FigureStyle
) -> Figure:
    """Draw each of `PANELS` that was measured over times, a line a layer, the raw inputs dashed.

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
    panels = {metric: panel for metric, panel in PANELS.items() if metric in known}
    rows = [min(COLUMNS, len(panels) - first) for first in range(0, len(panels), COLUMNS)]
    with shared_look(style.fonts):
        return metric_figure(
            title="The shape of each layer's activations while the network trains",
            values=values,
            layers=layers,
            panels=panels,
            rows=rows,
            style=style,
            baseline=baseline,
        )


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_geometry(
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
