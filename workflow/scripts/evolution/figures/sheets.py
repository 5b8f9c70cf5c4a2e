"""Sheets of maps: equal square cells below a heading and a legend of the colours."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evolution.figures.style import (
    MARGIN,
    FigureStyle,
    StyledFigure,
    draw_heading,
    heading_height,
    shorten,
    shorten_apart,
    wrap_note,
)

# Inches.
GAP, PRINTED_GAP = 0.12, 0.05

BAND_GAP = 0.3  # more, between bands of rows

PRINTED_MARGIN = 0.04

NARROWEST_CELL = 0.4

CELL_TITLE = 0.24

LEGEND_ROW = 0.19

NARROWEST = 7.0

# Of very many maps side by side, a screen would show none: they go on in further bands then, of so many.
MOST_COLUMNS, BAND_COLUMNS = 10, 8

# A cell's title: width of a letter of the metric and of the name, and how many letters of the name it shows at most.
SCORE_WIDTH, NAME_WIDTH, NAME_LENGTH = 0.08125, 0.082, 36

LEGEND_SIZE = 8

DOT_COVER = 0.22  # share of a cell that its dots cover where none overlap

# The dots of groups that have no colour of their own.
OTHERS = "#d0d0d0"
# Where less than this share of the dots has a colour, these have up to so many times the area of the others.
FEW_COLORED, LARGER = 0.25, 6

# Inches of a colour scale's bar.
SCALE_WIDTH, SCALE_BAR, SCALE_HEIGHT = 3.0, 0.11, 0.36


@dataclass(frozen=True)
class ColorScale:
    """The colours of a number.

    Attributes
    ----------
    title : str
        What the number is called.
    low, high : float
        The numbers of the first and the last colour.
    colors : tuple of str
        From low to high, evenly spaced.
    extended_below, extended_above : bool
        Whether there are numbers beyond an end, which have its colour.
    """

    title: str
    low: float
    high: float
    colors: tuple[str, ...]
    extended_below: bool = False
    extended_above: bool = False


@dataclass
class Sheet:
    """A figure of maps.

    Attributes
    ----------
    figure : StyledFigure
    axes : object array (rows, columns) of Axes
    right, top : float
        Where the title's line ends, as fractions of the figure; another text may stand there.
    """

    figure: StyledFigure
    axes: np.ndarray
    right: float
    top: float


def square_limits(layouts: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """The square that holds all layouts.

    Parameters
    ----------
    layouts : list of float arrays (N, 2)

    Returns
    -------
    center : float array (2,)
    half : float
        Half the square's side, with a margin of 5 %; 1 where all points coincide.
    """
    low = np.min([layout.min(axis=0) for layout in layouts], axis=0).astype(float)
    high = np.max([layout.max(axis=0) for layout in layouts], axis=0).astype(float)
    return (low + high) / 2, float((high - low).max() / 2 * 1.05) or 1.0


def limit_map(axes: Axes, limits: tuple[np.ndarray, float]) -> None:
    """Let axes show the square of `square_limits`."""
    (x, y), half = limits
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half))


def dot_size(axes: Axes, samples: int) -> float:
    """The square of a dot's diameter, in points, for so many of them."""
    side = axes.get_window_extent().width / axes.figure.dpi * 72
    return float(np.clip(DOT_COVER * side**2 / samples, 1.2, 30))


def dot_sizes(axes: Axes, colors: np.ndarray) -> float | np.ndarray:
    """The square of each dot's diameter, in points: one for all, or float (N,).

    Where few of very many dots have a colour, these are larger, so that they can be found among the grey ones.

    Parameters
    ----------
    axes : Axes
    colors : str array (N,)
    """
    size = dot_size(axes, len(colors))
    colored = colors != OTHERS
    if not 0 < np.count_nonzero(colored) < FEW_COLORED * len(colors):
        return size
    return np.where(colored, min(dot_size(axes, np.count_nonzero(colored)), LARGER * size), size)


def draw_map(axes: Axes, layout: np.ndarray, colors: np.ndarray, limits: tuple[np.ndarray, float]) -> None:
    """Draw one layout, each point in its colour.

    Parameters
    ----------
    axes : Axes
    layout : float array (N, 2)
    colors : str array (N,)
    limits : see `square_limits`
    """
    limit_map(axes, limits)
    order = drawing_order(colors)
    sizes = dot_sizes(axes, colors)
    axes.scatter(*layout[order].T, s=sizes if np.ndim(sizes) == 0 else sizes[order], c=colors[order], linewidths=0)


def drawing_order(colors: np.ndarray) -> np.ndarray:
    """The order in which to draw points of these colours, int (N,).

    It is mixed, so that the last class does not cover the others where they meet; only grey points are below all
    others.
    """
    order = np.random.default_rng(0).permutation(len(colors))
    return order[np.argsort(colors[order] != OTHERS, kind="stable")]


def legend_columns(widths: list[float], available: float) -> int:
    """The most columns in which a legend fits, filled column by column and evenly.

    Parameters
    ----------
    widths : list of float
        Of each entry.
    available : float
    """
    even = {math.ceil(len(widths) / rows) for rows in range(1, len(widths) + 1)}
    for columns in sorted(even, reverse=True):
        if sum(max(column) for column in np.array_split(widths, columns)) <= available:
            return columns
    return 1


def cell_side(layers: list[str], least: float, metric: str = "ARI") -> float:
    """Inches of a cell's side: at least `least`, and enough for layer name and the metric's name and value above it."""
    longest = max(len(name) for name in layers)
    return max(least, SCORE_WIDTH * len(f"{metric} 0.00") + NAME_WIDTH * min(longest, NAME_LENGTH))


def title_size(axes: Axes, layers: list[str], metric: str = "ARI") -> float:
    """The size of the letters above a cell, smaller where cells are narrow."""
    room = axes.get_window_extent().width / axes.figure.dpi
    return 9 * min(1, room / cell_side(layers, 0, metric))


def title_cell(axes: Axes, layer: str, layers: list[str], metric: str = "ARI", value: str = "") -> None:
    """Write a layer's name and, where it has a value, a metric above its cell."""
    size = title_size(axes, layers, metric)
    axes.set_title(shorten(layer, NAME_LENGTH), size=size)
    axes.set_title(f"{metric} {value}" if value else "", loc="right", size=size, weight="normal")


def bands_of(count: int, style: FigureStyle, row_label_width: float = 0.0) -> tuple[int, int]:
    """Into how many bands maps side by side are broken, and how many columns each has.

    Parameters
    ----------
    count : int
        Of maps.
    style : FigureStyle
        On paper there are as many in a band as have room.
    row_label_width : float
        See `map_sheet`.
    """
    most = count if count <= MOST_COLUMNS else BAND_COLUMNS
    if style.width is not None:
        room = style.width - 2 * PRINTED_MARGIN - row_label_width + PRINTED_GAP
        most = max(1, int(room / (NARROWEST_CELL + PRINTED_GAP)))
    bands = math.ceil(count / most)
    return bands, math.ceil(count / bands)


def map_sheet(
    *,
    rows: int,
    columns: int,
    cell: float,
    title: str,
    note: str,
    legend: list[tuple[str, str]],
    style: FigureStyle,
    row_label_width: float = 0.0,
    scale: ColorScale | None = None,
    bands: int = 1,
) -> Sheet:
    """Lay out a sheet of empty square cells under title, note and legend.

    The layout is fixed in inches. Matplotlib's layout engine would take seconds for a sheet of a hundred cells and
    would let each sheet look different.

    Parameters
    ----------
    rows, columns : int
    cell : float
        Side of a cell, in inches; on paper it follows from the width.
    title, note : str
        What is shown; how to read it.
    legend : list of (str, str)
        Name and colour of each class.
    style : FigureStyle
    row_label_width : float
        Inches to leave free left of the cells.
    scale : ColorScale, optional
        In place of the legend.
    bands : int
        Parts in which the rows come, with some space between them.
    """
    names = shorten_apart([name for name, _ in legend], 24)
    margin = PRINTED_MARGIN if style.printed else MARGIN
    gap = PRINTED_GAP if style.printed else GAP
    if style.width is None:
        width = max(NARROWEST, 2 * margin + row_label_width + columns * (cell + gap) - gap)
    else:
        width = style.width
        cell = (width - 2 * margin - row_label_width + gap) / columns - gap
    figure = StyledFigure(figsize=(width, 1), dpi=style.dpi)
    probe = figure.text(0, 0, "", size=LEGEND_SIZE)
    entries = []
    for name in names:
        probe.set_text(name)
        entries.append(probe.get_window_extent().width / style.dpi + 0.3)
    probe.remove()
    columns_of_legend = legend_columns(entries, width - 2 * margin) if entries else 1
    note_lines = wrap_note(note, width)
    legend_top = margin if style.printed else heading_height(len(note_lines)) + 0.04
    legend_height = SCALE_HEIGHT if scale else LEGEND_ROW * math.ceil(len(names) / columns_of_legend)
    header = legend_top + legend_height + 0.08
    height = header + rows * (CELL_TITLE + cell) + (rows - 1) * gap + (bands - 1) * BAND_GAP + margin
    figure.set_size_inches(width, height)
    top = 1.0 if style.printed else draw_heading(figure, title, note_lines)
    if scale:
        draw_scale(figure, scale, margin, legend_top)
    else:
        draw_legend(figure, names, [color for _, color in legend], margin, legend_top, columns_of_legend)
    axes = np.empty((rows, columns), object)
    for row in range(rows):
        for column in range(columns):
            left = margin + row_label_width + column * (cell + gap)
            bottom = header + (row + 1) * (CELL_TITLE + cell) + row * gap + row * bands // rows * BAND_GAP
            axes[row, column] = figure.add_axes(
                (left / width, 1 - bottom / height, cell / width, cell / height), xticks=[], yticks=[]
            )
            axes[row, column].spines[:].set(visible=True, color="#d9d9d9")
    return Sheet(figure, axes, 1 - margin / width, top)


def draw_legend(
    figure: StyledFigure, names: list[str], colors: list[str], left: float, top: float, columns: int
) -> None:
    """Draw a legend of dots.

    Parameters
    ----------
    figure : StyledFigure
        In its final size.
    names, colors : lists of str
    left, top : float
        Inches from the figure's left and upper edge.
    columns : int
    """
    width, height = figure.get_size_inches()
    figure.legend(
        [Line2D([], [], linestyle="", marker="o", markersize=5.5, color=color) for color in colors],
        names,
        loc="upper left",
        bbox_to_anchor=(left / width, 1 - top / height),
        ncols=columns,
        fontsize=LEGEND_SIZE,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=0.8,
        handletextpad=0.4,
        columnspacing=0.9,
        labelspacing=LEGEND_ROW * 72 / LEGEND_SIZE - 1.1,
    )


def draw_scale(figure: StyledFigure, scale: ColorScale, left: float, top: float) -> None:
    """Draw a colour scale with its name on the left and its numbers below.

    Parameters
    ----------
    figure : StyledFigure
        In its final size.
    scale : ColorScale
    left, top : float
        Inches from the figure's left and upper edge.
    """
    width, height = figure.get_size_inches()
    middle = 1 - (top + SCALE_BAR / 2 + 0.03) / height
    name = figure.text(left / width, middle, shorten(scale.title, 24), size=LEGEND_SIZE, va="center")
    # Room for the numbers at the ends, which stand half outside of the bar.
    start = left + name.get_window_extent().width / figure.dpi + 0.3
    length = min(SCALE_WIDTH, width - start - left - 0.3)
    axes = figure.add_axes((start / width, middle - SCALE_BAR / 2 / height, length / width, SCALE_BAR / height))
    colors = ListedColormap(scale.colors)
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    bar = Colorbar(
        axes,
        ScalarMappable(Normalize(scale.low, scale.high), colors),
        orientation="horizontal",
        extend=extend[scale.extended_below, scale.extended_above],
        ticks=MaxNLocator(5 if length > 2 else 3),
    )
    bar.outline.set_visible(False)
    axes.tick_params(length=2, labelsize=LEGEND_SIZE - 1, pad=1.5)
