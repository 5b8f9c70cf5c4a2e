"""Figure of how far the layouts can be trusted, and how steady they are."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

from evolution.embedding.methods import METHODS
from evolution.figures.curves import metric_figure
from evolution.figures.style import figure_style, save_figure
from evolution.io.job_log import job_log
from evolution.measures.long_tables import load_values

DIVERGENCE = "kl_divergence"  # of t-SNE alone
DRIFT = "drift"
# Radii up to which drift's axis is linear; above it is logarithmic, since a layout that is made afresh moves a hundred
# times as far as one that goes on.
STEADY = 0.01
# Metric to title, explanation, name of the y axis, and the least that this axis spans.
PANELS = {
    DIVERGENCE: ("KL divergence", "what the layout gets wrong; lower is better", "KL divergence", 0.1),
    "trustworthiness": (
        "Trustworthiness",
        "how real the layout's neighbourhoods are; 1 is best",
        "trustworthiness",
        0.02,
    ),
    DRIFT: ("Drift", "how far dots moved; a lone peak: made afresh", "median movement (layout radii)", 0.05),
}


def plot_embedding_quality(
    embedding_table: str,
    layers: list[str],
    output: list[str],
    dpi: int,
    width: float | None = None,
    method: str = "tsne",
) -> None:
    """Draw KL divergence (of t-SNE), trustworthiness and drift over epochs, a line a layer.

    Parameters
    ----------
    embedding_table : path of `tables/embedding.parquet`
    layers : list of str
        In network order.
    output : paths to write, PNG, PDF or SVG
    dpi : int
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    values = load_values(embedding_table)
    shown = {metric: panel for metric, panel in PANELS.items() if method == "tsne" or metric != DIVERGENCE}
    with figure_style():
        heading = f"How faithful and how steady the {METHODS[method].title} layouts are"
        save_figure(metric_figure(heading, values, layers, shown, [len(shown)], dpi, width, {DRIFT: STEADY}), output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_embedding_quality(
            snakemake.input.embedding,
            snakemake.params.layers,
            list(snakemake.output),
            snakemake.params.dpi,
            snakemake.params.width,
            snakemake.params.method,
        )
