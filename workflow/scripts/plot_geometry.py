"""Figure of the shape of each layer's activations over the training: their dimensions, and who is near whom."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

from evolution.figures.curves import metric_figure
from evolution.figures.style import figure_style, save_figure
from evolution.io.job_log import job_log
from evolution.measures.long_tables import load_values

# Metric to title, explanation, name of the y axis, and the least that this axis spans.
PANELS = {
    "effective_rank": ("Effective rank", "directions it spreads in, small ones too", "effective rank", 2),
    "participation_ratio": ("Participation ratio", "directions that hold most of its variance", "directions", 2),
    "intrinsic_dimension": ("Intrinsic dimension (TwoNN)", "of the surface that the images lie on", "dimension", 2),
    "linear_probe_accuracy": ("Linear probe", "share of images it gets right, cross-validated", "accuracy", 0.1),
    "knn_purity": ("k-NN purity", "share of an image's neighbours that are of its class", "purity", 0.1),
    "label_davies_bouldin": (
        "Davies-Bouldin index",
        "width of the true classes for their distance; 0 is best",
        "index",
        0.5,
    ),
}
COLUMNS = 3


def plot_geometry(
    metrics_table: str, layers: list[str], output: list[str], dpi: int, width: float | None = None
) -> None:
    """Draw each of `PANELS` that was measured over epochs, a line a layer, the raw pixels dashed.

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
    known = {metric for _, _, metric in values}
    panels = {metric: panel for metric, panel in PANELS.items() if metric in known}
    rows = [min(COLUMNS, len(panels) - first) for first in range(0, len(panels), COLUMNS)]
    with figure_style():
        heading = "The shape of each layer's activations while the network trains"
        save_figure(metric_figure(heading, values, layers, panels, rows, dpi, width), output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_geometry(
            snakemake.input.metrics,
            snakemake.params.layers,
            list(snakemake.output),
            snakemake.params.dpi,
            snakemake.params.width,
        )
