"""Figure of neural collapse: how the classes draw together, layer by layer and at the classifier."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from evolution.figures.curves import Panel, draw_curve, draw_layer_curves, layer_panels, place_labels, title_panel
from evolution.figures.style import INK, MUTED, FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.io.tables import load_table
from evolution.measures.long_tables import load_values

CLASSIFIER = "classifier's input"
PANELS = {
    "nc1": Panel("NC1: classes become points", "variance within classes for that between them", "NC1", 0),
    "nc2_equinorm": Panel("NC2: equal lengths", "spread of the class centres' distances", "sd / mean", 0.1),
    "nc2_equiangular": Panel(
        "NC2: equal angles", "mean difference from a simplex's cosines", "|cos + 1 / (C - 1)|", 0.1
    ),
    "nc3_self_duality": Panel(
        "NC3: classifier follows classes", "its weights against the class centres", "distance²", 0.2
    ),
    "nc4_agreement": Panel(
        "NC4: nearest centre decides", "share where it is the network's class; 1: all", "share", 0.1
    ),
}


def load_collapse(path: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Read `tables/collapse.parquet`.

    Returns
    -------
    dict
        Metric to times, int (E,), and values, float (E,), NaN where it is not defined.
    """
    table = load_table(path, "time", "metric", "value")
    rows = list(zip(*(table.column(name).to_pylist() for name in ("metric", "time", "value"))))
    found = {}
    for metric in dict.fromkeys(metric for metric, _, _ in rows):
        points = sorted((time, math.nan if value is None else value) for name, time, value in rows if name == metric)
        times, values = zip(*points)
        found[metric] = np.array(times), np.array(values, float)
    return found


def plain_decades(axes: Axes) -> None:
    """Write the ticks of a logarithmic y axis as plain numbers; a range within a decade gets more ticks."""
    low, high = axes.get_ylim()
    within = high < 30 * low
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if within else (1,), numticks=20))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def plot_neural_collapse(*, metrics_table: str, collapse_table: str, layers: list[str], style: FigureStyle) -> Figure:
    """Draw NC1 to NC4 over times: a line a layer, and a black one for the classifier's input.

    Parameters
    ----------
    metrics_table : path of `tables/metrics.parquet`
    collapse_table : path of `tables/collapse.parquet`
    layers : list of str
        In network order.
    style : FigureStyle
    """
    values, at_classifier = load_values(metrics_table), load_collapse(collapse_table)
    known = {metric for _, _, metric in values}
    with shared_look():
        figure, panels = layer_panels(
            title="Neural collapse: how the classes draw together",
            values=values,
            layers=layers,
            rows=[3, 2],
            style=style,
            ending=(
                "Black: what the classifier, the last linear layer, is given. All on the evaluation samples. As "
                "classes collapse, NC1, NC2 and NC3 fall towards 0, and NC4 rises to 1."
            ),
            extra_lines=(CLASSIFIER,),
        )
        for axes, (metric, panel) in zip(panels, PANELS.items()):
            # The classifier first, because `draw_layer_curves` sets the y axis by the lines that it finds.
            times, curve = at_classifier[metric]
            draw_curve(axes, times, curve, INK, CLASSIFIER, linewidth=2, zorder=3)
            if metric == "nc1":
                axes.set_yscale("log")
            if metric in known:
                draw_layer_curves(axes=axes, values=values, layers=layers, metric=metric, least_span=panel.least_span)
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
            title_panel(axes, panel, style)
        place_labels(figure)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_neural_collapse(
            metrics_table=snakemake.input.metrics,
            collapse_table=snakemake.input.collapse,
            layers=snakemake.params.layers,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
