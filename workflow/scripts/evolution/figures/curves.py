"""Lines over epochs, named where they end."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evolution import PIXELS
from evolution.figures.style import INK, MUTED, headed_figure, layer_colors, shorten
from evolution.measures.long_tables import network_layers, series

LABEL_SIZE = 8

LABEL_SPACING = 1.25  # from one label's baseline to the next, in heights of a line

LABEL_X = 1.05  # axes fraction at which labels start; the way there is for leader lines

LABEL_LENGTH = 36

CURVE_LABEL = "curve label"

PRINTED_PANEL = 2.2  # inches of the narrowest panel on paper, without its lines' names


def curve_panels(
    title: str, note: str, rows: list[int], labels: list[str], dpi: int, width: float | None
) -> tuple[Figure, list[Axes]]:
    """An empty figure of panels whose lines will all be named at their ends.

    Parameters
    ----------
    title, note : str
        What is shown; how to read it.
    rows : list of int
        Panels in each row, up to three.
    labels : list of str
        The most names that one panel will hold.
    dpi : int
    width : float or None
        Inches of a column or page to print on: as many panels go into a row as can be read there, and the caption is
        left to say what title and note say. None: a headed figure for the screen.
    """
    name = 0.07 * max((len(shorten(label, LABEL_LENGTH)) for label in labels), default=0)
    names = len(labels) * LABEL_SIZE * LABEL_SPACING / 72
    if width is None:
        figure = headed_figure(title, note, 3 * (3.25 + name), len(rows) * (max(2.6, names) + 1.0), dpi)
        parts = figure.subfigures(len(rows), 1, squeeze=False).ravel()
        return figure, [axes for part, count in zip(parts, rows) for axes in part.subplots(1, count, squeeze=False)[0]]
    count = sum(rows)
    columns = min(count, max(1, int(width / (PRINTED_PANEL + name))))
    height = -(-count // columns) * (max(1.6, names) + 0.7)
    figure = headed_figure(title, note, width, height, dpi, printed=True)
    panels = figure.subplots(-(-count // columns), columns, squeeze=False).ravel()
    for axes in panels[count:]:
        axes.remove()
    return figure, list(panels[:count])


def title_panel(axes: Axes, title: str, explanation: str, y_label: str, printed: bool = False) -> None:
    """Say what a panel shows and, on a screen, how to read it, and name its axes; x is the epoch."""
    axes.set_title(title, pad=6 if printed else 21)
    if not printed:
        axes.annotate(
            explanation,
            (0, 1),
            xytext=(0, 7),
            xycoords="axes fraction",
            textcoords="offset points",
            color=MUTED,
            size=8,
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel(y_label)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))


def draw_curve(axes: Axes, epochs: np.ndarray, values: np.ndarray, color: str, label: str = "", **line) -> None:
    """Draw values over epochs; NaN leaves a gap, and a value between gaps gets a dot, which no line would show.

    Parameters
    ----------
    axes : Axes
    epochs : int array (E,)
    values : float array (E,)
    color : str
    label : str
        Name to write at the line's end, by `place_labels`; empty: none.
    **line
        Further properties of the line.
    """
    known = np.isfinite(values)
    before, after = np.append(False, known[:-1]), np.append(known[1:], False)
    axes.plot(epochs, values, color=color, **line)
    alone = known & ~before & ~after
    axes.plot(epochs[alone], values[alone], "o", color=color, zorder=line.get("zorder", 2))
    if label and known.any():
        label_end(axes, label, (epochs[known][-1], values[known][-1]), color)


def label_end(axes: Axes, label: str, end: tuple[float, float], color: str | None) -> None:
    """Name a line that ends at `end`, in data coordinates; `place_labels` moves the name to its place.

    A thin line of that colour leads from the end to the name; None: there is no line to lead from.
    """
    # From the middle of the name's left side; without patchA, as clipping at the name is the slowest part of a figure.
    leader = {"arrowstyle": "-", "color": color, "linewidth": 1, "relpos": (0, 0.5), "patchA": None}
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
    """Isotonic regression: the closest values, by the sum of squares, none of which is below the one before it.

    By the max-min formula (Robertson, Wright and Dykstra 1988, "Order Restricted Statistical Inference", theorem
    1.4.4): the i-th is the largest over first <= i of the least over last >= i of the mean from first to last. A few
    labels need no better, and to load scipy.optimize is a quarter of a figure's job.
    """
    sums, places = np.append(0, np.cumsum(values)), np.arange(len(values))
    count = places - places[:, None] + 1
    means = np.where(count > 0, (sums[1:] - sums[:-1, None]) / np.maximum(count, 1), np.inf)
    least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
    return np.where(count > 0, least, -np.inf).max(0)


def place_labels(figure: Figure) -> None:
    """Lay out a figure made by `curve_panels` and put the names of its lines beside their ends, none over another."""
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        labels = [text for text in axes.texts if text.get_gid() == CURVE_LABEL]
        ends = [axes.transAxes.inverted().transform(axes.transData.transform(label.xy))[1] for label in labels]
        line = LABEL_SIZE * LABEL_SPACING / 72 * figure.dpi / axes.bbox.height
        for label, y in zip(labels, spread(np.array(ends), line, 0, 1 - line / 2)):
            label.set_position((LABEL_X, y))


def draw_layer_curves(
    axes: Axes,
    values: dict[tuple[str, int, str], float],
    layers: list[str],
    metric: str,
    least_span: float,
    band: tuple[str, str] | None = None,
) -> None:
    """Draw one metric over epochs, a line a layer from light to dark, raw pixels as a dashed line.

    Parameters
    ----------
    axes : Axes
    values : dict
        (layer, epoch, metric) to value, see `tables.load_values`.
    layers : list of str
        In network order.
    metric : str
    least_span : float
        The least that the y axis spans, lest it blow noise up.
    band : pair of str, optional
        Metrics to shade each layer's curve between; nothing where the table lacks them.
    """
    curves = {layer: series(values, layer, metric) for layer in network_layers(layers)}
    last = max((epochs[-1] for epochs, _ in curves.values() if len(epochs)), default=0)
    pixels = values.get((PIXELS, 0, metric), np.nan)
    if np.isfinite(pixels):
        axes.axhline(pixels, color=MUTED, linestyle=(0, (4, 3)), linewidth=1.2, zorder=1.5)
        label_end(axes, "raw pixels", (last, pixels), MUTED)
    for color, (layer, (epochs, curve)) in zip(layer_colors(len(curves)), curves.items()):
        draw_curve(axes, epochs, curve, color, layer)
        low, high = (series(values, layer, edge)[1] for edge in band or ("", ""))
        if len(low) == len(high) == len(epochs):
            axes.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0)
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
    title: str,
    values: dict[tuple[str, int, str], float],
    layers: list[str],
    rows: list[int],
    dpi: int,
    width: float | None,
    more: str = "",
    names: tuple[str, ...] = (),
) -> tuple[Figure, list[Axes]]:
    """`curve_panels` for `draw_layer_curves`, with a note that says which line is which layer, and then `more`.

    `names` are those of further lines.
    """
    network = network_layers(layers)
    note = "One line per layer of the network: the darker, the deeper."
    if any(layer == PIXELS and np.isfinite(value) for (layer, _, _), value in values.items()):
        note += " Dashed: the raw pixels, which training does not change."
    return curve_panels(title, f"{note} {more}".strip(), rows, [*network, "raw pixels", *names], dpi, width)


def cell_edges(epochs: list[int]) -> np.ndarray:
    """Where one epoch's column ends and the next begins: half way; float (E + 1,)."""
    if len(epochs) == 1:
        return np.array([epochs[0] - 0.5, epochs[0] + 0.5])
    middles = (np.array(epochs[1:]) + np.array(epochs[:-1])) / 2
    return np.concatenate([[2 * epochs[0] - middles[0]], middles, [2 * epochs[-1] - middles[-1]]])


def metric_figure(
    title: str,
    values: dict[tuple[str, int, str], float],
    layers: list[str],
    panels: dict[str, tuple[str, str, str, float]],
    rows: list[int],
    dpi: int,
    width: float | None,
    linear_up_to: dict[str, float] | None = None,
) -> Figure:
    """A figure of a metric a panel, drawn by `draw_layer_curves`.

    Parameters
    ----------
    title : str
    values : dict
        (layer, epoch, metric) to value.
    layers : list of str
        In network order.
    panels : dict
        Metric to title, explanation, name of the y axis, and the least that this axis spans.
    rows, dpi, width
        See `curve_panels`.
    linear_up_to : dict, optional
        Metrics that are no less than 0, and whose y axis is logarithmic above these values.
    """
    figure, drawn = layer_panels(title, values, layers, rows, dpi, width)
    for axes, (metric, (name, explanation, y_label, least_span)) in zip(drawn, panels.items()):
        draw_layer_curves(axes, values, layers, metric, least_span)
        title_panel(axes, name, explanation, y_label, width is not None)
        if limit := (linear_up_to or {}).get(metric):
            _, high = axes.get_ylim()
            axes.set_yscale("symlog", linthresh=limit)
            axes.set_ylim(0, high)
            axes.yaxis.set_major_formatter("{x:g}")
    place_labels(figure)
    return figure
