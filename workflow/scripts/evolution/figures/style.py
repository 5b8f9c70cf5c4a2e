"""The look that all figures share: fonts, colours, and files that come out the same each time."""

import colorsys
import textwrap
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from evolution.errors import UserError
from evolution.io.whole_files import whole_file

INK = "#1a1a1a"

MUTED = "#5c5c5c"

DASH = "\u2013"

STYLE = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so a figure is the same on every machine
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#8c8c8c",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.6,
    "lines.markersize": 3.5,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "pdf.fonttype": 42,  # text stays text, to search and to edit
    "svg.fonttype": "none",
    "svg.hashsalt": "evolution",
    "text.parse_math": False,  # a $ in a class name is a $
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}

UNDATED = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".svg": {"Date": None, "Creator": None},
}

# Of the heading, in inches; NOTE_CHARACTERS is how many of its letters go into one.
MARGIN, TITLE_ROW, NOTE_ROW, NOTE_CHARACTERS = 0.15, 0.34, 0.17, 17

# Lightness and saturation (of HLS) that neighbouring hues take in turn when there are more classes than a palette has
# colours: with hue alone, 20 are the most that differ clearly.
MANY_TONES = ((0.25, 1.0), (0.55, 0.9), (0.4, 0.5), (0.7, 0.6))


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw and save figures inside this: matplotlib's defaults and `STYLE`, whatever the user's matplotlibrc says."""
    with matplotlib.style.context(["default", STYLE]):
        yield


def class_colors(palette: str, count: int) -> list[str]:
    """Colours to tell classes apart.

    Parameters
    ----------
    palette : str
        A qualitative palette of matplotlib, such as petroff10 or tab10.
    count : int
        How many colours. More than the palette has: evenly spaced hues of four alternating tones instead, since
        repeated colours would make two classes look like one. They are distinct, but not made for colour-blind readers.

    Returns
    -------
    list of str
        `#rrggbb`, all different.

    Raises
    ------
    UserError
        If matplotlib knows no such qualitative palette.
    """
    known = matplotlib.color_sequences
    if palette not in known:
        raise UserError(f"plots.palette: {palette!r} is not a qualitative palette; known: {', '.join(sorted(known))}")
    colors = [to_hex(color) for color in known[palette]]
    if count <= len(colors):
        return colors[:count]
    tones = (MANY_TONES[place % len(MANY_TONES)] for place in range(count))
    return [to_hex(colorsys.hls_to_rgb(place / count, *tone)) for place, tone in enumerate(tones)]


def layer_colors(count: int) -> list[str]:
    """Colours that follow the depth of the network, from light (first layer) to dark (last).

    The ramp is matplotlib's plasma, readable by colour-blind eyes and in grey, without its pale end, which would be
    lost on white.
    """
    depths = np.linspace(0.78, 0.0, count) if count > 1 else [0.3]
    return [to_hex(color) for color in matplotlib.colormaps["plasma"](depths)]


def shorten(name: str, length: int) -> str:
    """A name on one line of at most `length` characters; its middle gives way, as layer names end in what differs.

    Chinese, Japanese and Korean letters are as wide as two, and count so.
    """
    name = " ".join(name.split())
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in name)
    if len(name) + wide <= length:
        return name
    length = max(3, length * len(name) // (len(name) + wide))
    tail = (length - 1) // 2
    return f"{name[: length - 1 - tail]}…{name[len(name) - tail :]}"


def score(value: float, decimals: int = 2) -> str:
    """A metric's value as text: a dash where it is not defined, and no minus before zero."""
    return DASH if np.isnan(value) else f"{value:z.{decimals}f}"


def wrap_note(note: str, width: float) -> list[str]:
    """The lines of a note beneath a figure's title, for a figure of that width in inches."""
    return textwrap.wrap(note, int((width - 2 * MARGIN) * NOTE_CHARACTERS))


def heading_height(lines: int) -> float:
    """Inches that a title and a note of that many lines take at the top of a figure."""
    return MARGIN + TITLE_ROW + NOTE_ROW * lines


def draw_heading(figure: Figure, title: str, lines: list[str]) -> float:
    """Write a figure's title, what is seen, and a note on how to read it.

    Returns
    -------
    float
        Where the title stands, as a fraction of the figure's height.
    """
    width, height = figure.get_size_inches()
    middle = 1 - (MARGIN + TITLE_ROW / 2 - 0.03) / height
    figure.text(MARGIN / width, middle, title, size=12, weight="bold", va="center")
    for place, line in enumerate(lines):
        figure.text(MARGIN / width, 1 - heading_height(place) / height, line, size=8, color=MUTED, va="top")
    return middle


def headed_figure(title: str, note: str, width: float, height: float, dpi: int, printed: bool = False) -> Figure:
    """A figure with title and note, and below them room of that many inches that matplotlib lays out itself.

    One to be printed has neither, as the paper's caption says what is seen.
    """
    if printed:
        figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.04, h_pad=0.04)
        return figure
    lines = wrap_note(note, width)
    header = heading_height(len(lines))
    figure = Figure(figsize=(width, header + height), dpi=dpi, layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, height / (header + height)), w_pad=0.12, h_pad=0.1)
    draw_heading(figure, title, lines)
    return figure


def save_figure(figure: Figure, paths: str | list[str]) -> None:
    """Write a figure as PNG, PDF or SVG, by each path's ending; without dates and versions, for the same bytes."""
    for path in [paths] if isinstance(paths, (str, Path)) else paths:
        with whole_file(path) as temporary:
            figure.savefig(temporary, metadata=UNDATED[Path(path).suffix])
