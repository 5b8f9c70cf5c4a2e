"""What the figures that compare runs share: the runs' values by group, lines with a band, a legend, columns.

The legend and the columns are those of the figure of attributes too.
"""

import textwrap
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from evolution.figures.curves import draw_curve, set_time_axis
from evolution.figures.style import MARGIN, FigureStyle, class_colors, headed_figure, shorten
from evolution.io.reading import damaged
from evolution.io.tables import load_table
from evolution.measures.intervals import log_mean_interval, mean_interval

# A legend cannot tell more lines than this apart: the other groups are grey.
MOST_GROUPS = 10

OTHERS = "#d9d9d9"

LEGEND_ROW = 0.2  # inches

LEGEND_NAME = 48  # characters

LEGEND_SIZE = 8

# Of a grid of panels: columns on a screen, and inches of the narrowest panel on paper.
MOST_COLUMNS, PRINTED_COLUMN = 6, 1.3

BAND_NOTE = (
    "Line: the mean of a group's runs, which differ in their seed alone (n of them), at the times that all of them "
    "have. Band: its 95 % confidence interval by Student's t, wide with two or three runs, and cut off at the panel's "
    "edge. A single run has none."
)

# Of one group: times (E,), and a row of values a run (n, E).
Curves = tuple[np.ndarray, np.ndarray]


def load_comparison(path: str, *keys: str) -> dict[str, dict[tuple, Curves]]:
    """Read a table of several runs.

    Parameters
    ----------
    path : path of `comparison/tables/*.parquet`
    *keys : str
        The columns that name a curve: layer and metric, or metric and class_name.

    Returns
    -------
    dict of dicts
        Group to key to its times, ascending, and values, NaN where a run has none; in the table's order.
    """
    table = load_table(path, "run", "group", "time", "value", *keys)
    if not table.num_rows:
        raise damaged(path, "no rows")
    names = ("group", "run", "time", "value", *keys)
    found: dict[str, dict[tuple, dict[str, dict[int, float]]]] = {}
    for group, run, time, value, *key in zip(*(table.column(name).to_pylist() for name in names)):
        runs = found.setdefault(group, {}).setdefault(tuple(key), {})
        runs.setdefault(run, {})[time] = np.nan if value is None else value
    return {
        group: {key: _aligned(list(runs.values())) for key, runs in curves.items()} for group, curves in found.items()
    }


def _aligned(runs: list[dict[int, float]]) -> Curves:
    """The runs' values at the times that all of them have; at all of their times where they share none.

    A training may end before the others of its group. A mean over the rest would then be of fewer trainings.
    """
    shared = set(runs[0]).intersection(*runs[1:])
    times = sorted(shared or set().union(*runs))
    return np.array(times), np.array([[run.get(time, np.nan) for time in times] for run in runs], float)


def final_value(curves: Curves | None) -> float:
    """The mean over the runs at the last time; minus infinity where there is none, so that it ranks last."""
    if curves is None:
        return -np.inf
    mean = mean_interval(curves[1])[0][-1]
    return mean if np.isfinite(mean) else -np.inf


def most_columns(style: FigureStyle) -> int:
    """How many columns a `metric_grid` has room for."""
    return MOST_COLUMNS if style.width is None else max(2, int((style.width - 0.6) / PRINTED_COLUMN))


def layer_columns(layers: dict[str, list[str]], most: int) -> list[dict[str, str]]:
    """Line the layers of several groups up in columns.

    Where all groups have the same layers, a column is a layer. Otherwise a group's first layer is in the first column,
    its last layer in the last, and the others are spread over the columns between. Where there are more layers than
    columns, the layers that are shown are spread over the depth.

    Parameters
    ----------
    layers : dict
        Group to its layers, in network order.
    most : int
        Columns, at least 2.

    Returns
    -------
    list of dicts
        For each column, group to its layer there.
    """
    last = min(most, max(map(len, layers.values()))) - 1
    columns: list[dict[str, str]] = [{} for _ in range(last + 1)]
    for group, names in layers.items():
        deepest = len(names) - 1
        if deepest >= last:
            chosen = {column: round(column * deepest / last) if last else deepest for column in range(last + 1)}
        else:
            chosen = {round(depth * last / deepest) if deepest else last: depth for depth in range(deepest + 1)}
        for column, depth in chosen.items():
            columns[column][group] = names[depth]
    return columns


def group_colors(
    groups: list[str], rank: Callable[[str], float], palette: str | None, every: list[str]
) -> dict[str, str]:
    """The colour of each group of a figure; of many groups, only those that rank highest have one.

    A figure may show some groups alone, such as those whose samples have classes. A group has one colour in all figures
    nevertheless, as long as there are no more groups than colours.

    Parameters
    ----------
    groups : list of str
        That the figure shows.
    rank : callable
        Of a group's name.
    palette : str
        See `class_colors`.
    every : list of str
        All groups of the comparison.
    """
    if len(every) <= MOST_GROUPS:
        colors = dict(zip(every, class_colors(palette, len(every))))
        return {group: colors[group] for group in groups}
    named = sorted(sorted(groups, key=rank, reverse=True)[:MOST_GROUPS], key=groups.index)
    return dict(zip(named, class_colors(palette, len(named))))


def others_note(groups: list[str], colors: dict[str, str], ranked: str) -> str:
    """What the note says of the groups without a colour; empty where all have one."""
    if len(colors) == len(groups):
        return ""
    return f" In colour: the {len(colors)} of {len(groups)} groups {ranked}; the others are grey, without bands."


def compared_figure(
    *,
    title: str,
    note: str,
    sizes: dict[str, int],
    colors: dict[str, str],
    width: float,
    height: float,
    style: FigureStyle,
) -> tuple[Figure, SubFigure]:
    """A headed figure with a legend of the groups on top, and the area below it to draw in.

    Parameters
    ----------
    title, note : str
    sizes : dict
        Group to how many runs it has.
    colors : dict
        Group to its colour; groups without one share an entry.
    width, height : float
        See `legend_figure`.
    style : FigureStyle
    """
    legend = [(f"{shorten(group, LEGEND_NAME)} (n = {sizes[group]})", color) for group, color in colors.items()]
    if len(sizes) > len(colors):
        legend.append((f"{len(sizes) - len(colors)} more groups", OTHERS))
    return legend_figure(title=title, note=note, legend=legend, width=width, height=height, style=style)


def legend_figure(
    *, title: str, note: str, legend: list[tuple[str, str]], width: float, height: float, style: FigureStyle
) -> tuple[Figure, SubFigure]:
    """A headed figure with a legend of its lines on top, and the area below it to draw in.

    Parameters
    ----------
    title, note : str
    legend : list of (str, str)
        Name and colour of each line.
    width, height : float
        In inches, the height without heading and legend.
    style : FigureStyle
    """
    names = [name for name, _ in legend]
    lines = [Line2D([], [], color=color, linewidth=2) for _, color in legend]
    columns = max(1, int((width - 0.2) / (0.5 + 0.068 * max(map(len, names), default=1))))
    top = LEGEND_ROW * -(-len(names) // columns) + 0.05
    figure = headed_figure(title=title, note=note, width=width, height=top + height, style=style)
    above, below = figure.subfigures(2, 1, height_ratios=[top, height])
    # As far from the edge as the heading, in heights of a letter.
    edge = {"borderpad": 0, "borderaxespad": MARGIN * 72 / LEGEND_SIZE}
    above.legend(
        lines, names, loc="center left", ncols=columns, frameon=False, fontsize=LEGEND_SIZE, handlelength=1.6, **edge
    )
    return figure, below


def compared_panels(
    *, count: int, columns: int, printed_panel: float, style: FigureStyle, **about: object
) -> tuple[Figure, list[Axes]]:
    """A `compared_figure` with panels in rows.

    Parameters
    ----------
    count : int
        Panels.
    columns : int
        Panels in a row on a screen.
    printed_panel : float
        The least width of a panel on paper, in inches.
    style : FigureStyle
    **about
        title, note, sizes and colors, see `compared_figure`.
    """
    if style.width is not None:
        columns = min(count, max(1, int(style.width / printed_panel)))
    rows = -(-count // columns)
    height = rows * (2.1 if style.printed else 3.3)
    figure, below = compared_figure(width=style.width or 11.4, height=height, style=style, **about)
    panels = below.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[count:]:
        axes.remove()
    return figure, list(panels[:count])


def metric_grid(
    area: SubFigure,
    *,
    metrics: dict[str, str],
    layers: list[str],
    draw: Callable[[Axes, str, int], list[float]],
    style: FigureStyle,
) -> None:
    """Draw metrics (rows) of layers (columns) over times; the panels of a row have one y axis.

    Parameters
    ----------
    area : SubFigure
    metrics : dict
        Metric to its title.
    layers : list of str
        What is written above each column.
    draw : callable
        Draws a panel: into the axes, the metric, in the column of that number. Returns what the y axis must hold, see
        `limit_y_axis`.
    style : FigureStyle
    """
    panels = area.subplots(len(metrics), len(layers), sharex=True, sharey="row", squeeze=False)
    for row, (metric, title) in zip(panels, metrics.items()):
        ends = []
        for column, axes in enumerate(row):
            ends += draw(axes, metric, column)
            set_time_axis(axes, style, ticks=4, name=False)
        limit_y_axis(row[0], ends)
        row[0].set_ylabel(textwrap.fill(title, 20), size=8)
    for axes, layer in zip(panels[0], layers):
        axes.set_title(shorten(layer, 14 if style.printed else 24), size=9)
    for axes in panels[-1]:
        axes.set_xlabel(style.unit)
    area.align_ylabels()


def draw_groups(axes: Axes, curves: dict[str, Curves], colors: dict[str, str]) -> list[float]:
    """Draw each group's mean and interval over the times; on a logarithmic y axis those of the logarithms.

    There an interval of the values themselves might reach below 0, where the axis does not.

    Returns
    -------
    list of float
        The least and the largest value of any run that the axis can show, for `limit_y_axis`; empty where there is
        none.
    """
    logarithmic = axes.get_yscale() == "log"
    interval = log_mean_interval if logarithmic else mean_interval
    ends: list[float] = []
    # Many bands over each other would hide the lines.
    opacity = 0.18 if len(colors) <= 4 else 0.1
    for group, (times, values) in curves.items():
        # Where a run has no value, such as that of a layer that collapsed, a mean would be of the others.
        whole = np.isfinite(values).all(axis=0)
        mean, low, high = (np.where(whole, each, np.nan) for each in interval(values))
        color = colors.get(group)
        if color is None:
            draw_curve(axes, times, mean, OTHERS, linewidth=0.7, zorder=1.5)
        else:
            axes.fill_between(times, low, high, color=color, alpha=opacity, linewidth=0, zorder=1.8)
            draw_curve(axes, times, mean, color, zorder=2.5)
        known = values[np.isfinite(values) & ((values > 0) | (not logarithmic))]
        ends += [known.min(), known.max()] if len(known) else []
    return [min(ends), max(ends)] if ends else []


def limit_y_axis(axes: Axes, ends: list[float], least_span: float = 0.1) -> None:
    """Let the y axis span the values `ends`, and at least `least_span`, so that noise does not fill the panel.

    A logarithmic axis spans at least a factor of 2, whatever `least_span` is.
    """
    if not ends:
        return
    logarithmic = axes.get_yscale() == "log"
    low, high = np.log([min(ends), max(ends)]) if logarithmic else (min(ends), max(ends))
    margin = max(0.05 * (high - low), ((np.log(2) if logarithmic else least_span) - (high - low)) / 2)
    limits = low - margin, high + margin
    axes.set_ylim(*(np.exp(limits) if logarithmic else limits))
