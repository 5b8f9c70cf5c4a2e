"""Figure of neural collapse: how the classes draw together, layer by layer and at the classifier."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from evolution.figures.curves import draw_curve, draw_layer_curves, layer_panels, place_labels, title_panel
from evolution.figures.style import INK, MUTED, figure_style, save_figure
from evolution.io.job_log import job_log
from evolution.io.tables import load_table
from evolution.measures.long_tables import load_values

CLASSIFIER = "classifier's input"
# Metric to title, explanation, name of the y axis, and the least that this axis spans.
PANELS = {
    "nc1": ("NC1: classes become points", "variance within classes for that between them", "NC1", 0),
    "nc2_equinorm": ("NC2: equal lengths", "spread of the class centres' distances", "sd / mean", 0.1),
    "nc2_equiangular": ("NC2: equal angles", "mean difference from a simplex's cosines", "|cos + 1 / (C - 1)|", 0.1),
    "nc3_self_duality": ("NC3: classifier follows classes", "its weights against the class centres", "distance²", 0.2),
    "nc4_agreement": ("NC4: nearest centre decides", "share where it is the network's class; 1: all", "share", 0.1),
}


def load_collapse(path: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Read `tables/collapse.parquet`.

    Returns
    -------
    dict
        Metric to epochs, int (E,), and values, float (E,), NaN where it is not defined.
    """
    table = load_table(path, "epoch", "metric", "value")
    rows = list(zip(*(table.column(name).to_pylist() for name in ("metric", "epoch", "value"))))
    found = {}
    for metric in dict.fromkeys(metric for metric, _, _ in rows):
        points = sorted((epoch, math.nan if value is None else value) for name, epoch, value in rows if name == metric)
        epochs, values = zip(*points)
        found[metric] = np.array(epochs), np.array(values, float)
    return found


def plain_decades(axes: Axes) -> None:
    """Write the ticks of a logarithmic y axis as plain numbers; a range within a decade gets more of them."""
    low, high = axes.get_ylim()
    within = high < 30 * low
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if within else (1,), numticks=20))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def plot_neural_collapse(
    metrics_table: str, collapse_table: str, layers: list[str], output: list[str], dpi: int, width: float | None = None
) -> None:
    """Draw NC1 to NC4 over epochs: a line a layer, and a black one for the classifier's input.

    Parameters
    ----------
    metrics_table : path of `tables/metrics.parquet`
    collapse_table : path of `tables/collapse.parquet`
    layers : list of str
        In network order.
    output : paths to write, PNG, PDF or SVG
    dpi : int
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    """
    values, at_classifier = load_values(metrics_table), load_collapse(collapse_table)
    known = {metric for _, _, metric in values}
    with figure_style():
        more = (
            "Black: what the classifier, the last linear layer, is given. All on the evaluation images. As classes "
            "collapse, NC1, NC2 and NC3 fall towards 0, and NC4 rises to 1."
        )
        heading = "Neural collapse: how the classes draw together"
        figure, panels = layer_panels(heading, values, layers, [3, 2], dpi, width, more, (CLASSIFIER,))
        for axes, (metric, (title, explanation, y_label, least_span)) in zip(panels, PANELS.items()):
            # First, so that the axis takes its range from it too.
            epochs, curve = at_classifier[metric]
            draw_curve(axes, epochs, curve, INK, CLASSIFIER, linewidth=2, zorder=3)
            if metric == "nc1":
                axes.set_yscale("log")
            if metric in known:
                draw_layer_curves(axes, values, layers, metric, least_span)
            if metric == "nc1":
                plain_decades(axes)
            if metric not in known and not np.isfinite(curve).any():
                axes.text(
                    0.5,
                    0.5,
                    "no classifier, or none that is linear",
                    transform=axes.transAxes,
                    color=MUTED,
                    ha="center",
                )
            title_panel(axes, title, explanation, y_label, width is not None)
        place_labels(figure)
        save_figure(figure, output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_neural_collapse(
            snakemake.input.metrics,
            snakemake.input.collapse,
            snakemake.params.layers,
            list(snakemake.output),
            snakemake.params.dpi,
            snakemake.params.width,
        )
