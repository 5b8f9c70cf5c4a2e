"""Figure of what each layer is organised by: the target, and each of the samples' attributes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evolution import RAW_INPUTS
from evolution.data.kinds import BASELINES, OTHER
from evolution.data.targets import load_targets
from evolution.figures.comparison import layer_columns, legend_figure, metric_grid, most_columns
from evolution.figures.curves import draw_curve
from evolution.figures.fonts import drawable_names
from evolution.figures.layer_names import layer_title
from evolution.figures.metric_titles import METRIC_TITLES
from evolution.figures.style import INK, MUTED, FigureStyle, class_colors, save_figure, shared_look, shorten
from evolution.io.job_log import job_log
from evolution.measures.long_tables import load_values, series, without_raw_inputs

PANEL_WIDTH, PANEL_HEIGHT = 2.1, 1.65  # inches
LEGEND_NAME = 40  # characters
TARGET = ""  # what stands for the target where an attribute has its name
R2_CHANCE = "R² is 0 or somewhat below"
# What metrics are by chance that have the same level whatever number of values a column has, so that columns can be
# compared. Of R² it is below 0, as neighbours or a probe that know nothing predict worse than the mean.
BY_CHANCE = {"adjusted_rand_index": "the adjusted Rand index is 0", "knn_r2": R2_CHANCE, "linear_probe_r2": R2_CHANCE}
NOTE = "Each panel: one measure of one layer over time, a line for {of_target}each attribute that the measure fits. "
TARGET_NOTE = (
    "Where the line of an attribute lies above that of the target, the layer is organised by it rather than by the "
    "target. "
)
COMPARABLE_NOTE = "By chance {levels}: such lines within one panel can be compared with each other. "
CHANCE_NOTE = "Chance is lower the more values a column has: compare accuracies over time and layers. "
BASELINE_NOTE = "Dashed: the baseline, {baseline}."


def measured(values: dict[tuple[str, int, str], float], attributes: list[str]) -> dict[str, dict[str, str]]:
    """The metrics that any attribute was measured by, and what each was measured against.

    Parameters
    ----------
    values : dict
        (layer, time, metric) to value; "metric:attribute" is a metric against an attribute.
    attributes : list of str

    Returns
    -------
    dict of dicts
        Metric, in the order of `METRIC_TITLES`, to what it was measured against: `TARGET` or the attribute, and the
        name in the table. The target's own is there where it was measured.
    """
    known = {metric for _, _, metric in values}
    found = {}
    for metric in METRIC_TITLES:
        of_attributes = {name: f"{metric}:{name}" for name in attributes if f"{metric}:{name}" in known}
        if of_attributes:
            found[metric] = {TARGET: metric} | of_attributes if metric in known else of_attributes
    return found


def plot_attributes(
    *,
    dataset: str,
    metrics_table: str,
    layers: list[str],
    attributes: list[str],
    baseline: str = BASELINES[OTHER],
    style: FigureStyle,
) -> Figure:
    """Draw each measure (rows) of each layer (columns) over times, a line for the target and each attribute.

    Parameters
    ----------
    dataset : path of dataset.npz
    metrics_table : path of `tables/metrics.parquet`
    layers : list of str
        In network order, the raw inputs first where they are followed.
    attributes : list of str
        The columns of the samples that were measured against.
    baseline : str
        How the raw inputs are called.
    style : FigureStyle
    """
    targets, values = load_targets(dataset), load_values(metrics_table)
    rows = measured(values, attributes)
    modules = without_raw_inputs(layers)
    columns = [column[""] for column in layer_columns({"": modules}, most_columns(style))]
    present = [name for name in [TARGET, *attributes] if any(name in of for of in rows.values())]
    of_attributes = [name for name in present if name != TARGET]
    colors = dict(zip(of_attributes, class_colors(style.palette, len(of_attributes)))) | {TARGET: INK}
    target_name = f"the target: {targets.name}" if targets.name else "the target"
    names, fonts = drawable_names([target_name if name == TARGET else name for name in present], style.font)
    note = NOTE.format(of_target="the target and for " * (TARGET in present))
    if TARGET in present and of_attributes:
        note += TARGET_NOTE
    levels = dict.fromkeys(BY_CHANCE[metric] for metric in rows if metric in BY_CHANCE)
    if levels:
        note += COMPARABLE_NOTE.format(levels=" and ".join(levels))
    if set(rows) - set(BY_CHANCE):
        note += CHANCE_NOTE
    if any(layer == RAW_INPUTS for layer, _, _ in values):
        note += BASELINE_NOTE.format(baseline=baseline)
    if len(modules) > len(columns):
        note += f" Shown are {len(columns)} of {len(modules)} layers."

    def draw(axes: Axes, metric: str, column: int) -> list[float]:
        """Draw a line for the target and each attribute, and the level of the raw inputs in the same colour."""
        ends = []
        # The target's line last, over the others.
        for name, measured_as in reversed(rows[metric].items()):
            times, curve = series(values, columns[column], measured_as)
            draw_curve(axes, times, curve, colors[name], zorder=3 if name == TARGET else 2)
            level = next(iter(series(values, RAW_INPUTS, measured_as)[1]), np.nan)
            if np.isfinite(level):
                axes.axhline(level, color=colors[name], linestyle=(0, (4, 3)), linewidth=0.9, zorder=1.5)
            known = np.append(curve[np.isfinite(curve)], [level] if np.isfinite(level) else [])
            ends += [known.min(), known.max()] if len(known) else []
        return ends

    with shared_look(fonts):
        figure, below = legend_figure(
            title="What each layer is organised by while the network trains",
            note=note,
            legend=[(shorten(text, LEGEND_NAME), colors[name]) for text, name in zip(names, present)],
            width=style.width or max(7.0, 0.8 + PANEL_WIDTH * len(columns)),
            height=0.5 + (1.35 if style.printed else PANEL_HEIGHT) * max(1, len(rows)),
            style=style,
        )
        if not rows:
            figure.text(0.5, 0.3, "nothing was measured against an attribute", ha="center", color=MUTED)
            return figure
        metric_grid(
            below,
            metrics={metric: METRIC_TITLES[metric] for metric in rows},
            layers=[layer_title(layer) for layer in columns],
            draw=draw,
            style=style,
        )
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_attributes(
            dataset=snakemake.input.dataset,
            metrics_table=snakemake.input.metrics,
            layers=snakemake.params.layers,
            attributes=snakemake.params.attributes,
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
