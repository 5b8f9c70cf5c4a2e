"""Figure of neural collapse: how the classes draw together, layer by layer and at the classifier."""

import math

import numpy as np
from matplotlib.figure import Figure

from evolution.data.kinds import BASELINES, OTHER
from evolution.figures.collapse_panels import COLLAPSED, PANELS, nc2_note, plain_decades, say_no_classifier
from evolution.figures.curves import draw_curve, draw_layer_curves, layer_panels, place_labels, title_panel
from evolution.figures.style import INK, FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.io.tables import load_table
from evolution.measures.long_tables import load_values

CLASSIFIER = "classifier's input"


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


def plot_neural_collapse(
    *, metrics_table: str, collapse_table: str, layers: list[str], baseline: str = BASELINES[OTHER], style: FigureStyle
) -> Figure:
    """Draw NC1 to NC4 over times: a line a layer, and a black one for the classifier's input.

    Parameters
    ----------
    metrics_table : path of `tables/metrics.parquet`
    collapse_table : path of `tables/collapse.parquet`
    layers : list of str
        In network order.
    baseline : str
        How the raw inputs are called.
    style : FigureStyle
    """
    values, at_classifier = load_values(metrics_table), load_collapse(collapse_table)
    known = {metric for _, _, metric in values}
    nc2 = [value for (_, _, metric), value in values.items() if metric.startswith("nc2")]
    with shared_look(style.fonts):
        figure, panels = layer_panels(
            title="Neural collapse: how the classes draw together",
            values=values,
            layers=layers,
            rows=[3, 2],
            style=style,
            baseline=baseline,
            ending=(
                "Black: what the classifier, the last linear layer, is given. All on the evaluation samples. "
                f"{COLLAPSED}{nc2_note(nc2)}"
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
                draw_layer_curves(
                    axes=axes,
                    values=values,
                    layers=layers,
                    metric=metric,
                    least_span=panel.least_span,
                    baseline=baseline,
                )
            if metric == "nc1":
                plain_decades(axes)
            if metric not in known and not np.isfinite(curve).any():
                say_no_classifier(axes)
            title_panel(axes, panel, style)
        place_labels(figure)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_neural_collapse(
            metrics_table=snakemake.input.metrics,
            collapse_table=snakemake.input.collapse,
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
