"""The look that all figures share: fonts, colours, headings, and files that come out the same each time."""

import colorsys
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from evolution.errors import ConfigError
from evolution.figures.typefaces import BASE_FONT, font_file
from evolution.io.whole_files import whole_file

# Letters. To leave out so few of all names gains next to nothing.
SHORT_BEGINNING = 3

INK = "#1a1a1a"

MUTED = "#5c5c5c"

DASH = "\u2013"
# A value that is nearer to 1 is 1, but for the rounding of sums.
ROUNDING = 1e-6

LOOK = {
    "font.family": [BASE_FONT],
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

# The heading's sizes, in inches; NOTE_CHARACTERS is how many letters of the note fit into an inch.
MARGIN, TITLE_ROW, NOTE_ROW, NOTE_CHARACTERS = 0.15, 0.34, 0.17, 17

# Lightness and saturation (of HLS) that neighbouring hues take in turn when there are more classes than a palette has
# colours: by hue alone, at most 20 colours differ clearly.
MANY_TONES = ((0.25, 1.0), (0.55, 0.9), (0.4, 0.5), (0.7, 0.6))


@dataclass(frozen=True)
class FigureStyle:
    """What the config says about how a figure is drawn.

    Attributes
    ----------
    dpi : int
    width : float or None
        Inches of the paper's column or page to print on. The paper's caption then says what title and note say on a
        screen, so both are left out. None: for the screen.
    palette : str or None
        The colours of classes or groups, see `class_colors`; None for a figure that shows neither.
    colors : mapping of str to str
        The colours that some classes are given in place of the palette's, see `given_colors.colors_of_classes`.
    unit : {"epoch", "step"}
        What the run's times are counted in.
    time_axis : {"linear", "log"}
        The scale of an axis of time. log: linear up to the first time after 0, so that 0 shows.
    font : str or None
        The family that all is written in; None for `typefaces.BASE_FONT`. What it lacks, others draw.
    """

    dpi: int
    width: float | None = None
    palette: str | None = None
    colors: Mapping[str, str] = field(default_factory=dict)
    unit: str = "epoch"
    time_axis: str = "linear"
    font: str | None = None

    @property
    def fonts(self) -> tuple[str, ...]:
        """The families of fonts of a figure without names of the user's."""
        return (self.font or BASE_FONT,)

    @property
    def printed(self) -> bool:
        """Whether the figure is to be printed on paper."""
        return self.width is not None

    @property
    def a_time(self) -> str:
        """A single time, in words."""
        return "an epoch" if self.unit == "epoch" else f"a {self.unit}"


@contextmanager
def shared_look(fonts: Iterable[str] = (BASE_FONT,)) -> Iterator[None]:
    """Within this, matplotlib has its defaults and `LOOK`, whatever the user's matplotlibrc says.

    Parameters
    ----------
    fonts : iterable of str
        Families of fonts; a letter is drawn with the first that has it, or with `BASE_FONT`.

    Raises
    ------
    ConfigError
        If one of them is not installed.
    """
    families = list(dict.fromkeys([*fonts, BASE_FONT]))
    for family in families:
        font_file(family)
    with matplotlib.style.context(["default", LOOK | {"font.family": families}]):
        yield


class StyledFigure(Figure):
    """A figure that is drawn and saved in the look in which it was made, also after `shared_look` has ended.

    Matplotlib asks for the look again on drawing, when it makes ticks, and on saving.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._fonts = matplotlib.rcParams["font.family"]

    def draw(self, renderer):
        """See `matplotlib.figure.Figure.draw`."""
        with shared_look(self._fonts):
            super().draw(renderer)

    def savefig(self, *args, **options):
        """See `matplotlib.figure.Figure.savefig`."""
        with shared_look(self._fonts):
            super().savefig(*args, **options)


def class_colors(palette: str | None, count: int) -> list[str]:
    """Colours to tell classes apart.

    Parameters
    ----------
    palette : str
        A qualitative palette of matplotlib, such as petroff10 or tab10.
    count : int
        How many colours. If the palette has fewer, they are evenly spaced hues of four alternating tones instead,
        because repeated colours would make two classes look like one. Such hues are distinct, but not made for
        colour-blind readers.

    Returns
    -------
    list of str
        `#rrggbb`, all different.

    Raises
    ------
    ConfigError
        If matplotlib knows no such qualitative palette.
    """
    known = matplotlib.color_sequences
    if palette not in known:
        raise ConfigError(
            f"{palette!r} is not a qualitative palette; known: {', '.join(sorted(known))}", "plots.palette"
        )
    colors = [to_hex(color) for color in known[palette]]
    if count <= len(colors):
        return colors[:count]
    tones = (MANY_TONES[index % len(MANY_TONES)] for index in range(count))
    return [to_hex(colorsys.hls_to_rgb(index / count, *tone)) for index, tone in enumerate(tones)]


def layer_colors(count: int) -> list[str]:
    """Colours that follow the depth of the network, from light (first layer) to dark (last).

    The ramp is matplotlib's plasma, readable by colour-blind eyes and in grey, without its pale end, which would be
    lost on white.
    """
    depths = np.linspace(0.78, 0.0, count) if count > 1 else [0.3]
    return [to_hex(color) for color in matplotlib.colormaps["plasma"](depths)]


def shorten(name: str, length: int) -> str:
    """A name on one line of at most `length` characters.

    The middle is left out, because layer names differ at their ends. Chinese, Japanese and Korean letters are as wide
    as two, and count as two.
    """
    name = " ".join(name.split())
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in name)
    if len(name) + wide <= length:
        return name
    length = max(3, length * len(name) // (len(name) + wide))
    tail = (length - 1) // 2
    return f"{name[: length - 1 - tail]}…{name[len(name) - tail :]}"


def shorten_apart(names: Sequence[str], length: int) -> list[str]:
    """Names on one line of at most `length` characters, as `shorten` makes them; different names stay different.

    What all begin with is left out first, as it tells nothing. Where the middle tells names apart, less of the
    beginning or of the end is kept. Where none of these tells all apart, the most that any of them does.

    Parameters
    ----------
    names : sequence of str
    length : int
    """

    def cut(name: str, head: int) -> str:
        if shorten(name, length) == name:
            return name
        # Where letters are wide there is room for fewer.
        room = len(shorten(name, length)) - 1
        head = min(head, room)
        return f"{name[:head]}…{name[len(name) - (room - head) :]}"

    plain = [" ".join(name.split()) for name in names]
    best, wanted = [shorten(name, length) for name in plain], len(set(plain))
    if best == plain:
        return best
    # Whole words alone are left out: a number keeps its digits.
    low, high = min(plain, default=""), max(plain, default="")
    same = next((place for place, pair in enumerate(zip(low, high)) if pair[0] != pair[1]), min(len(low), len(high)))
    common = re.match(r".*[\s_.:/-]", low[:same])
    begin = len(common.group()) if common else 0
    if begin > SHORT_BEGINNING:
        best = [f"…{shorten(name[begin:], length - 1)}" for name in plain]
    ways = [partial(cut, head=head) for head in range(length - 1, -1, -1)]
    for way in ways:
        if len(set(best)) == wanted:
            break
        found = [way(name) for name in plain]
        best = found if len(set(found)) > len(set(best)) else best
    return best


def score(value: float, decimals: int = 2) -> str:
    """A metric's value as text: a dash where it is not defined, no minus before zero, and 1 only where it is 1."""
    if np.isnan(value):
        return DASH
    text = f"{value:z.{decimals}f}"
    return f">{1 - 10**-decimals:.{decimals}f}" if float(text) == 1 and value < 1 - ROUNDING else text


def accuracy_text(value: float) -> str:
    """An accuracy as text, as `score` writes it; and 0 only where nothing is right."""
    text = score(value)
    return "<0.01" if text == "0.00" and value > 0 else text


def per_cent(share: float) -> str:
    """A share as whole per cent, without the sign; 100 only where it is all."""
    text = f"{100 * share:.0f}"
    return ">99" if text == "100" and share < 1 - ROUNDING else text


def wrap_note(note: str, width: float) -> list[str]:
    """The lines of the note below a figure's title, for a figure of that width in inches."""
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
    for number, line in enumerate(lines):
        figure.text(MARGIN / width, 1 - heading_height(number) / height, line, size=8, color=MUTED, va="top")
    return middle


def headed_figure(*, title: str, note: str, width: float, height: float, style: FigureStyle) -> StyledFigure:
    """A figure with title and note, and an area below them that matplotlib lays out itself.

    Parameters
    ----------
    title, note : str
        What is seen; how to read it. A printed figure has neither.
    width, height : float
        Of the area, in inches.
    style : FigureStyle
    """
    if style.printed:
        figure = StyledFigure(figsize=(width, height), dpi=style.dpi, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.04, h_pad=0.04)
        return figure
    lines = wrap_note(note, width)
    header = heading_height(len(lines))
    figure = StyledFigure(figsize=(width, header + height), dpi=style.dpi, layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, height / (header + height)), w_pad=0.12, h_pad=0.1)
    draw_heading(figure, title, lines)
    return figure


def save_figure(figure: StyledFigure, paths: str | Path | Iterable[str | Path]) -> None:
    """Write a figure as PNG, PDF or SVG, by each path's ending; without dates and versions, for the same bytes."""
    for path in [paths] if isinstance(paths, (str, Path)) else paths:
        with whole_file(path) as temporary:
            figure.savefig(temporary, metadata=UNDATED[Path(path).suffix])
