"""Lines over times, named where they end."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, ScalarFormatter

from evolution import RAW_INPUTS
from evolution.figures.layer_names import layer_title
from evolution.figures.log_time import START, log_ticks
from evolution.figures.style import INK, MUTED, FigureStyle, headed_figure, layer_colors, shorten
from evolution.measures.long_tables import series, without_raw_inputs

LABEL_SIZE = 8

LABEL_SPACING = 1.25  # from one label's baseline to the next, in heights of a line

LABEL_X = 1.05  # axes fraction at which labels start; leader lines run from the axes' edge to there

LABEL_LENGTH = 36

CURVE_LABEL = "curve label"

PRINTED_PANEL = 2.2  # inches of the narrowest panel on paper, without its lines' names


@dataclass(frozen=True)
class Panel:
    """What one panel of curves says of its metric.

    Attributes
    ----------
    title, explanation : str
        What is shown; how to read it.
    y_label : str
    least_span : float
        The least range of the y axis, so that noise does not fill the panel.
    """

    title: str
    explanation: str
    y_label: str
    least_span: float = 0.0


def curve_panels(
    *, title: str, note: str, rows: list[int], labels: list[str], style: FigureStyle
) -> tuple[Figure, list[Axes]]:
    """An empty figure of panels whose lines will all be named at their ends.

    Parameters
    ----------
    title, note : str
        What is shown; how to read it.
    rows : list of int
        Panels in each row, up to three. A printed figure has as many panels in a row as can be read.
    labels : list of str
        The names that the fullest panel will hold.
    style : FigureStyle
    """
    name = 0.07 * max((len(shorten(label, LABEL_LENGTH)) for label in labels), default=0)
    names = len(labels) * LABEL_SIZE * LABEL_SPACING / 72
    if style.width is None:
        figure = headed_figure(
            title=title,
            note=note,
            # What stands above two panels takes the room of three; one alone would be too flat in it.
            width=(3 if max(rows) > 1 else 2) * (3.25 + name),
            height=len(rows) * (max(2.6, names) + 1.0),
            style=style,
        )
        bands = figure.subfigures(len(rows), 1, squeeze=False).ravel()
        return figure, [axes for band, count in zip(bands, rows) for axes in band.subplots(1, count, squeeze=False)[0]]
    count = sum(rows)
    columns = min(count, max(1, int(style.width / (PRINTED_PANEL + name))))
    height = -(-count // columns) * (max(1.6, names) + 0.7)
    figure = headed_figure(title=title, note=note, width=style.width, height=height, style=style)
    panels = figure.subplots(-(-count // columns), columns, squeeze=False).ravel()
    for axes in panels[count:]:
        axes.remove()
    return figure, list(panels[:count])


def title_panel(axes: Axes, panel: Panel, style: FigureStyle) -> None:
    """Write what a panel shows, on a screen also how to read it, and what its axes are; x is the time."""
    axes.set_title(panel.title, pad=6 if style.printed else 21)
    if not style.printed:
        axes.annotate(
            panel.explanation,
            (0, 1),
            xytext=(0, 7),
            xycoords="axes fraction",
            textcoords="offset points",
            color=MUTED,
            size=8,
        )
    axes.set_ylabel(panel.y_label)
    set_time_axis(axes, style)


def set_time_axis(axes: Axes, style: FigureStyle, *, ticks: int = 6, name: bool = True) -> None:
    """Scale, tick and name an x axis of time, once its curves are drawn.

    Parameters
    ----------
    axes : Axes
    style : FigureStyle
    ticks : int
        How many short ones there are at most, after 0.
    name : bool
        Whether the axis is named, by the unit of time.
    """
    if name:
        axes.set_xlabel(style.unit)
    # Lines across the axes, such as a threshold, have another transformation, in which x goes from 0 to 1.
    curves = [line for line in axes.lines if line.get_transform() == axes.transData]
    times = np.concatenate([np.asarray(line.get_xdata(), float) for line in curves] or [np.zeros(0)])
    after_start = times[times > 0]
    if style.time_axis == "linear" or not len(after_start):
        tick_times(axes.xaxis, times.max(initial=0), ticks=ticks, min_n_ticks=1)
        return
    first, last = after_start.min(), after_start.max()
    scale_log_time(axes.xaxis, times, most=ticks // 2 if style.printed else ticks)
    margin = (last / first) ** 0.05 if last > first else 1.05
    axes.set_xlim(*((-0.1 * first, 1.05 * last) if times.min() <= 0 else (first / margin, last * margin)))


def scale_log_time(axis: Axis, times: np.ndarray, *, most: int) -> None:
    """Give an axis the scale and ticks of a logarithmic axis of time that shows 0.

    Parameters
    ----------
    axis : Axis
        The x or the y axis of its axes.
    times : float array (E,)
        With one after 0 at least.
    most : int
        Ticks after 0, at most.
    """
    after_start = times[times > 0]
    axes, first = axis.axes, after_start.min()
    set_scale = axes.set_xscale if axis is axes.xaxis else axes.set_yscale
    set_scale("symlog", linthresh=first, linscale=START)
    named = log_ticks(first, after_start.max(), most=most, with_start=times.min() <= 0)
    axis.set_major_locator(FixedLocator(named))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:.0f}")


def set_cell_axis(axis: Axis, times: list[int], style: FigureStyle, *, ticks: int, digits: int = 4) -> None:
    """Scale and tick an axis along which a heat map has a column or a row for each time, see `cell_edges`.

    Parameters
    ----------
    axis : Axis
    times : list of int
    style : FigureStyle
    ticks, digits : int
        See `tick_times`.
    """
    if style.time_axis == "log" and times[-1] > 0:
        scale_log_time(axis, np.array(times, float), most=ticks)
    else:
        tick_times(axis, times[-1], ticks=ticks, digits=digits)


def tick_times(axis: Axis, last: float, *, ticks: int, digits: int = 4, min_n_ticks: int = 2) -> None:
    """Tick a linear axis of time at whole numbers, and write them out.

    matplotlib would write 1500000 steps as 1.5, and 1e6 at the end of the axis.

    Parameters
    ----------
    axis : Axis
    last : float
        The last time.
    ticks : int
        How many numbers of so many `digits` have room; of longer ones fewer do.
    digits : int
    min_n_ticks : int
        See `MaxNLocator`.
    """
    fitting = max(1, ticks * digits // max(len(f"{last:.0f}"), digits))
    axis.set_major_locator(MaxNLocator(fitting, integer=True, min_n_ticks=min_n_ticks))
    formatter = ScalarFormatter(useOffset=False)
    formatter.set_scientific(False)
    axis.set_major_formatter(formatter)


def draw_curve(axes: Axes, times: np.ndarray, values: np.ndarray, color: str, label: str = "", **line) -> None:
    """Draw values over times; NaN leaves a gap, and a value between gaps gets a dot, because no line would show it.

    Parameters
    ----------
    axes : Axes
    times : int array (E,)
    values : float array (E,)
    color : str
    label : str
        Name to write at the line's end, by `place_labels`; empty: none.
    **line
        Other properties of the line, see `Axes.plot`.
    """
    known = np.isfinite(values)
    before, after = np.append(False, known[:-1]), np.append(known[1:], False)
    axes.plot(times, values, color=color, **line)
    alone = known & ~before & ~after
    axes.plot(times[alone], values[alone], "o", color=color, zorder=line.get("zorder", 2))
    if label and known.any():
        label_end(axes, label, (times[known][-1], values[known][-1]), color)


def label_end(axes: Axes, label: str, end: tuple[float, float], color: str | None) -> None:
    """Name a line that ends at `end`, in data coordinates; `place_labels` puts the name where it can be read.

    A dotted leader line of that colour joins the end and the name; None: no leader line. A solid one reads as if the
    curve went on.
    """
    # From the middle of the name's left side; without patchA, because clipping at the name is the slowest part of a
    # figure.
    leader = {"arrowstyle": "-", "color": color, "linewidth": 0.9, "linestyle": ":", "relpos": (0, 0.5), "patchA": None}
    leader |= {"shrinkA": 2, "shrinkB": 0}
    axes.annotate(
        shorten(label, LABEL_LENGTH),
        end,
        xytext=(LABEL_X, 0.5),
        textcoords="axes fraction",
        va="center",
        size=LABEL_SIZE,
        color=MUTED if color is None else INK,
        annotation_clip=False,
        gid=CURVE_LABEL,
        arrowprops=None if color is None else leader,
    )


def spread(wanted: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Move positions apart to at least `gap`, in order, all within low..high, by the least sum of squared moves.

    Parameters
    ----------
    wanted : float array (K,)
    gap, low, high : float
        The gap shrinks where K positions do not fit.

    Returns
    -------
    float array (K,)
    """
    if len(wanted) == 0:
        return np.zeros(0)
    steps = min(gap, (high - low) / max(len(wanted) - 1, 1)) * np.arange(len(wanted))
    order = np.argsort(wanted, kind="stable")
    placed = np.empty(len(wanted))
    placed[order] = np.clip(_ascending(np.asarray(wanted, float)[order] - steps), low, high - steps[-1]) + steps
    return placed


def _ascending(values: np.ndarray) -> np.ndarray:
    """Isotonic regression: the closest ascending values, by the sum of squares.

    By the max-min formula (Robertson, Wright and Dykstra 1988, "Order Restricted Statistical Inference", theorem
    1.4.4): the i-th value is the maximum over first <= i of the minimum over last >= i of the mean from first to last.
    It is fast enough for a few labels; loading scipy.optimize would take a quarter of a figure's job.
    """
    sums, indices = np.append(0, np.cumsum(values)), np.arange(len(values))
    count = indices - indices[:, None] + 1
    means = np.where(count > 0, (sums[1:] - sums[:-1, None]) / np.maximum(count, 1), np.inf)
    least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
    return np.where(count > 0, least, -np.inf).max(0)


def place_labels(figure: Figure) -> None:
    """Lay out a figure made by `curve_panels` and put the names of its lines next to their ends, none over another."""
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        labels = [text for text in axes.texts if text.get_gid() == CURVE_LABEL]
        ends = [axes.transAxes.inverted().transform(axes.transData.transform(label.xy))[1] for label in labels]
        line = LABEL_SIZE * LABEL_SPACING / 72 * figure.dpi / axes.bbox.height
        for label, y in zip(labels, spread(np.array(ends), line, 0, 1 - line / 2)):
            label.set_position((LABEL_X, y))


def draw_layer_curves(
    *,
    axes: Axes,
    values: dict[tuple[str, int, str], float],
    layers: list[str],
    metric: str,
    least_span: float,
    baseline: str,
    band: tuple[str, str] | None = None,
) -> None:
    """Draw one metric over times, a line a layer from light to dark, raw inputs as a dashed line.

    Parameters
    ----------
    axes : Axes
    values : dict
        (layer, time, metric) to value, see `long_tables.load_values`.
    layers : list of str
        In network order.
    metric : str
    least_span : float
        The least range of the y axis, so that noise does not fill the panel.
    baseline : str
        How the raw inputs are called.
    band : pair of str, optional
        Metrics to shade each layer's curve between; not shaded where the table lacks them.
    """
    curves = {layer: series(values, layer, metric) for layer in without_raw_inputs(layers)}
    last = max((times[-1] for times, _ in curves.values() if len(times)), default=0)
    # At the first snapshot, whatever its time.
    level = next(iter(series(values, RAW_INPUTS, metric)[1]), np.nan)
    if np.isfinite(level):
        axes.axhline(level, color=MUTED, linestyle=(0, (4, 3)), linewidth=1.2, zorder=1.5)
        label_end(axes, layer_title(RAW_INPUTS, baseline), (last, level), MUTED)
    for color, (layer, (times, curve)) in zip(layer_colors(len(curves)), curves.items()):
        draw_curve(axes, times, curve, color, layer)
        low, high = (series(values, layer, edge)[1] for edge in band or ("", ""))
        if len(low) == len(high) == len(times):
            axes.fill_between(times, low, high, color=color, alpha=0.15, linewidth=0)
    low, high = axes.get_ylim()
    if high - low < least_span:
        low, high = (low + high - least_span) / 2, (low + high + least_span) / 2
    axes.set_ylim(low, high)
    undefined = [layer for layer, (_, curve) in curves.items() if not np.isfinite(curve).any()]
    if len(undefined) == len(curves):
        axes.text(0.5, 0.5, "no layer has a value", transform=axes.transAxes, color=MUTED, ha="center")
    else:
        for layer in undefined:
            label_end(axes, f"{shorten(layer, LABEL_LENGTH - 10)}: no value", (last, low), None)


def layer_panels(
    *,
    title: str,
    values: dict[tuple[str, int, str], float],
    layers: list[str],
    rows: list[int],
    style: FigureStyle,
    baseline: str,
    ending: str = "",
    extra_lines: tuple[str, ...] = (),
) -> tuple[Figure, list[Axes]]:
    """`curve_panels` for `draw_layer_curves`.

    Parameters
    ----------
    title : str
    values : dict
        (layer, time, metric) to value.
    layers : list of str
        In network order.
    rows, style
        See `curve_panels`.
    baseline : str
        How the raw inputs are called.
    ending : str
        The end of the note, after the sentences that say which line is which layer.
    extra_lines : tuple of str
        Names of lines in addition to the layers'.
    """
    note = "One line per layer of the network: the darker, the deeper."
    if any(layer == RAW_INPUTS and np.isfinite(value) for (layer, _, _), value in values.items()):
        note += f" Dashed: the baseline, {baseline}, which training does not change."
    labels = [*without_raw_inputs(layers), layer_title(RAW_INPUTS, baseline), *extra_lines]
    return curve_panels(title=title, note=f"{note} {ending}".strip(), rows=rows, labels=labels, style=style)


def cell_edges(times: list[int]) -> np.ndarray:
    """The edges of a heat map's columns, half way between the times (E,); float (E + 1,)."""
    if len(times) == 1:
        return np.array([times[0] - 0.5, times[0] + 0.5])
    middles = (np.array(times[1:]) + np.array(times[:-1])) / 2
    return np.concatenate([[2 * times[0] - middles[0]], middles, [2 * times[-1] - middles[-1]]])


def metric_figure(
    *,
    title: str,
    values: dict[tuple[str, int, str], float],
    layers: list[str],
    panels: dict[str, Panel],
    rows: list[int],
    style: FigureStyle,
    baseline: str,
    linear_up_to: dict[str, float] | None = None,
) -> Figure:
    """A figure with a panel for each metric, drawn by `draw_layer_curves`.

    Parameters
    ----------
    title : str
    values : dict
        (layer, time, metric) to value.
    layers : list of str
        In network order.
    panels : dict
        Metric to its panel.
    rows, style
        See `curve_panels`.
    baseline : str
        How the raw inputs are called.
    linear_up_to : dict, optional
        Metrics that are no less than 0, and whose y axis is logarithmic above these values.
    """
    figure, drawn = layer_panels(title=title, values=values, layers=layers, rows=rows, style=style, baseline=baseline)
    for axes, (metric, panel) in zip(drawn, panels.items()):
        draw_layer_curves(
            axes=axes, values=values, layers=layers, metric=metric, least_span=panel.least_span, baseline=baseline
        )
        title_panel(axes, panel, style)
        if limit := (linear_up_to or {}).get(metric):
            _, high = axes.get_ylim()
            axes.set_yscale("symlog", linthresh=limit)
            axes.set_ylim(0, high)
            axes.yaxis.set_major_formatter("{x:g}")
    place_labels(figure)
    return figure
