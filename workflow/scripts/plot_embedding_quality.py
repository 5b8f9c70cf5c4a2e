"""Figure of how far the layouts can be trusted, and how steady they are."""

from matplotlib.figure import Figure

from evolution.data.kinds import BASELINES, OTHER
from evolution.embedding.methods import METHODS
from evolution.figures.curves import Panel, metric_figure
from evolution.figures.style import FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.measures.long_tables import load_values

DIVERGENCE = "kl_divergence"  # of t-SNE alone
DRIFT = "drift"
# Radii up to which drift's axis is linear. Above it is logarithmic, because a layout that starts from scratch moves a
# hundred times as far as one that goes on.
STEADY = 0.01
PANELS = {
    DIVERGENCE: Panel("KL divergence", "what the layout gets wrong; lower is better", "KL divergence", 0.1),
    "trustworthiness": Panel(
        "Trustworthiness",
        "how real the layout's neighbourhoods are; 1 is best",
        "trustworthiness",
        0.02,
    ),
    DRIFT: Panel("Drift", "how far dots moved; a lone peak: made from scratch", "median movement (layout radii)", 0.05),
}


def plot_embedding_quality(
    *,
    embedding_table: str,
    layers: list[str],
    baseline: str = BASELINES[OTHER],
    style: FigureStyle,
    method: str = "tsne",
) -> Figure:
    """Draw KL divergence (of t-SNE), trustworthiness and drift over times, a line a layer.

    Parameters
    ----------
    embedding_table : path of `tables/embedding.parquet`
    layers : list of str
        In network order.
    baseline : str
        How the raw inputs are called.
    style : FigureStyle
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    values = load_values(embedding_table)
    panels = {metric: panel for metric, panel in PANELS.items() if method == "tsne" or metric != DIVERGENCE}
    with shared_look(style.fonts):
        return metric_figure(
            title=f"How faithful and how steady the {METHODS[method].title} layouts are",
            values=values,
            layers=layers,
            panels=panels,
            rows=[len(panels)],
            style=style,
            baseline=baseline,
            linear_up_to={DRIFT: STEADY},
        )


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_embedding_quality(
            embedding_table=snakemake.input.embedding,
            layers=snakemake.params.layers,
            baseline=snakemake.params.baseline,
            method=snakemake.params.method,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
