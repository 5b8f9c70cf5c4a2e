"""Figure of how well the layers of each group of runs cluster over the training."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evolution import RAW_INPUTS
from evolution.data.kinds import BASELINES, OTHER
from evolution.figures.comparison import (
    BAND_NOTE,
    Curves,
    compared_figure,
    draw_groups,
    final_value,
    group_colors,
    layer_columns,
    load_comparison,
    metric_grid,
    most_columns,
    others_note,
)
from evolution.figures.metric_titles import METRIC_TITLES
from evolution.figures.style import MUTED, FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.measures.intervals import mean_interval
from evolution.measures.long_tables import ADJUSTED_RAND, MAIN_METRICS

# Always measured, by what the samples are measured against.
SHOWN_METRICS = (*MAIN_METRICS.values(), "normalized_mutual_information", "label_silhouette", "knn_accuracy")
PANEL_WIDTH, PANEL_HEIGHT = 2.1, 1.55  # inches
# Where the groups' raw inputs differ by more than this in a metric, there is no common baseline.
ALIKE = 0.05


def raw_level(values: dict[str, dict[tuple, Curves]], metric: str) -> float:
    """A metric of the raw inputs, where all groups have about the same value; else NaN."""
    means = [
        mean_interval(curves[RAW_INPUTS, metric][1])[0][0]
        for curves in values.values()
        if (RAW_INPUTS, metric) in curves
    ]
    known = np.array(means)[np.isfinite(means)]
    measured = [curves for curves in values.values() if any(name == metric for _, name in curves)]
    return known.mean() if len(known) == len(measured) and len(known) and np.ptp(known) <= ALIKE else np.nan


def main_metric(curves: dict[tuple, Curves]) -> str:
    """What a group is judged by: silhouettes, which come last, are measured whatever the target."""
    known = {metric for _, metric in curves}
    return next((metric for metric in MAIN_METRICS.values() if metric in known), ADJUSTED_RAND)


def plot_compared_metrics(
    *,
    metrics_table: str,
    layers: dict[str, list[str]],
    threshold: float,
    baseline: str = BASELINES[OTHER],
    style: FigureStyle,
) -> Figure:
    """Draw each metric (rows) in each layer (columns) over times, a line a group.

    Parameters
    ----------
    metrics_table : path of `comparison/tables/metrics.parquet`
    layers : dict
        Group to its layers, in network order.
    threshold : float
        Of the metric that groups are judged by, drawn dotted.
    baseline : str
        How the raw inputs of all groups are called.
    style : FigureStyle
    """
    values = load_comparison(metrics_table, "layer", "metric")
    columns = layer_columns(layers, most_columns(style))
    known = {metric for curves in values.values() for _, metric in curves}
    metrics = [metric for metric in SHOWN_METRICS if metric in known]
    judged_by = {group: main_metric(curves) for group, curves in values.items()}
    groups = list(layers)
    colors = group_colors(
        groups,
        lambda group: final_value(values[group].get((layers[group][-1], judged_by[group]))),
        style.palette,
        groups,
    )
    baselines = {metric: raw_level(values, metric) for metric in metrics}
    judges = [metric for metric in metrics if metric in judged_by.values()]
    named = " or ".join(METRIC_TITLES[metric][0].lower() + METRIC_TITLES[metric][1:] for metric in judges)
    note = BAND_NOTE + others_note(groups, colors, f"whose last layer ends with the highest {named}")
    if np.isfinite(list(baselines.values())).any():
        note += f" Dashed: {baseline}."
    if len(judges) > 1:
        note += " The groups are measured against different targets: a row shows those that have its measure."
    reached = {
        metric
        for group, metric in judged_by.items()
        for layer in layers[group]
        if (layer, metric) in values[group] and (values[group][layer, metric][1] >= threshold).any()
    }
    if reached:
        note += f" Dotted: the threshold {threshold:g} of crossing.md."
    if len({tuple(names) for names in layers.values()}) > 1:
        note += " The networks differ in their layers: a column is a place between the first layer and the last."
    longest = max(map(len, layers.values()))
    if longest > len(columns):
        note += f" Shown are {len(columns)} of up to {longest} layers."
    clusters = judges == [ADJUSTED_RAND]
    what = f"{'well ' * clusters}each layer's activations {'cluster' if clusters else 'are organised'}"
    sizes = {group: max(len(curves[1]) for curves in values[group].values()) for group in layers}

    def draw(axes: Axes, metric: str, column: int) -> list[float]:
        """Draw the groups that have the metric, and the levels to compare them with."""
        keys = {group: (layer, metric) for group, layer in columns[column].items()}
        ends = draw_groups(
            axes, {group: values[group][key] for group, key in keys.items() if key in values[group]}, colors
        )
        if np.isfinite(baselines[metric]):
            axes.axhline(baselines[metric], color=MUTED, linestyle=(0, (4, 3)), linewidth=1, zorder=1.2)
        if metric in reached:
            axes.axhline(threshold, color=MUTED, linestyle=":", linewidth=1, zorder=1.2)
        return ends

    with shared_look(style.fonts):
        figure, below = compared_figure(
            title=f"How {what}, run against run",
            note=note,
            sizes=sizes,
            colors=colors,
            width=style.width or max(7.0, 0.7 + PANEL_WIDTH * len(columns)),
            height=0.5 + (1.3 if style.printed else PANEL_HEIGHT) * len(metrics),
            style=style,
        )
        metric_grid(
            below,
            metrics={metric: METRIC_TITLES[metric] for metric in metrics},
            layers=[" | ".join(dict.fromkeys(column.values())) for column in columns],
            draw=draw,
            style=style,
        )
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_compared_metrics(
            metrics_table=snakemake.input.metrics,
            layers=snakemake.params.layers,
            threshold=snakemake.params.threshold,
            baseline=snakemake.params.baseline,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                palette=snakemake.params.palette,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
