"""A sheet of samples: rows of small squares below headings, with lines of text below each."""

import textwrap
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from evolution.figures.style import MARGIN, MUTED, FigureStyle, StyledFigure, draw_heading, heading_height, wrap_note

COUNT = 12
SIDE, PRINTED_SIDE = 0.95, 0.62  # inches, with the space to the next one
PICTURE = 0.8  # of a side, what a picture may fill
PRINTED_MARGIN, PRINTED_LETTERS = 0.04, 15  # inches; letters of a heading, to the inch
SPACING = 1.25  # from one line to the next, in heights of a line
# Inches above a row's heading, below it, and above the lines below the pictures.
ABOVE, BELOW, LINES = 0.2, 0.08, 0.04
# A picture that is flatter or narrower than so many to one is stretched: one of 1 x 500 pixels would be no thicker than
# a hair.
FLATTEST = 6


@dataclass(frozen=True)
class Entry:
    """A sample in the figure.

    Attributes
    ----------
    sample : int
    what, when : str
        What is written below it, above its number.
    """

    sample: int
    what: str
    when: str

    @property
    def lines(self) -> str:
        """All that is written below it."""
        return "\n".join(text for text in (self.what, self.when, f"#{self.sample}") if text)


# Rows of samples, by their headings.
Rows = dict[str, list[Entry]]


def samples_in_row(style: FigureStyle) -> int:
    """How many samples have room next to each other."""
    return COUNT if style.width is None else max(1, min(COUNT, int(style.width / PRINTED_SIDE)))


def sample_side(style: FigureStyle) -> float:
    """Inches from one sample to the next."""
    return SIDE if style.width is None else style.width / samples_in_row(style)


def shown_shape(height: int, width: int) -> tuple[float, float]:
    """Height and width of a picture, in sides of the square that it fills; very flat or narrow ones are stretched.

    Parameters
    ----------
    height, width : int
        Of the image, in pixels.
    """
    longest = max(height, width)
    return max(height / longest, 1 / FLATTEST), max(width / longest, 1 / FLATTEST)


def sample_sheet(
    *, title: str, note: str, rows: Rows, flat: float, lines_size: float, style: FigureStyle
) -> tuple[StyledFigure, dict[str, list[Axes]]]:
    """Lay out a sheet: headings and lines of text are written, the squares are empty.

    The layout is fixed in inches, so a row takes the room that it fills.

    Parameters
    ----------
    title, note : str
        What is shown; how to read it.
    rows : Rows
        A row without entries says "none".
    flat : float
        Height of the highest picture, in sides of its square.
    lines_size : float
        Of the letters below a picture, in points.
    style : FigureStyle

    Returns
    -------
    figure : StyledFigure
    squares : dict of str to list of Axes
        By heading, as many as have room in a row; those without an entry stay empty.
    """
    count, side = samples_in_row(style), sample_side(style)
    margin = PRINTED_MARGIN if style.printed else MARGIN
    width = style.width or 2 * margin + count * side
    note_lines = [] if style.printed else wrap_note(note, width)
    heading_size = 7 if style.printed else 10
    picture, pitch = PICTURE * side, (width - 2 * margin) / count
    headings = [textwrap.fill(heading, int(width * PRINTED_LETTERS)) if style.printed else heading for heading in rows]
    heading_rows = [(heading.count("\n") + 1) * heading_size * SPACING / 72 + BELOW for heading in headings]
    line = lines_size * SPACING / 72
    below = [
        LINES + flat * picture + line * max(entry.lines.count("\n") + 1 for entry in entries) if entries else 2 * line
        for entries in rows.values()
    ]
    top = margin if style.printed else heading_height(len(note_lines))
    height = top + sum(heading_rows) + sum(below) + len(rows) * ABOVE + margin
    figure = StyledFigure(figsize=(width, height), dpi=style.dpi)
    if not style.printed:
        draw_heading(figure, title, note_lines)
    squares: dict[str, list[Axes]] = {}
    for (key, entries), heading, heading_row, room in zip(rows.items(), headings, heading_rows, below):
        top += ABOVE
        figure.text(margin / width, 1 - top / height, heading, size=heading_size, weight="bold", va="top")
        top += heading_row
        squares[key] = []
        for place in range(count):
            left = margin + place * pitch + (pitch - picture) / 2
            box = (left / width, 1 - (top + flat * picture) / height, picture / width, flat * picture / height)
            squares[key].append(figure.add_axes(box))
            squares[key][-1].set_axis_off()
        for axes, entry in zip(squares[key], entries):
            axes.annotate(
                entry.lines, (0.5, 0), xytext=(0, -72 * LINES), xycoords="axes fraction", textcoords="offset points",
                ha="center", va="top", size=lines_size,
            )  # fmt: skip
        if not entries:
            figure.text(margin / width, 1 - top / height, "none", size=lines_size, color=MUTED, va="top")
        top += room
    return figure, squares


def draw_picture(axes: Axes, image: np.ndarray, flat: float) -> None:
    """Draw an image into its square, at the top.

    Parameters
    ----------
    axes : Axes
        `flat` times as high as wide.
    image : uint8 array (C, H, W)
        One channel or three.
    flat : float
    """
    high, wide = shown_shape(*image.shape[1:])
    pixels = image.transpose(1, 2, 0)
    axes.imshow(
        pixels if pixels.shape[2] == 3 else pixels[..., 0],
        cmap="gray", vmin=0, vmax=255, aspect="auto", extent=((1 - wide) / 2, (1 + wide) / 2, flat - high, flat),
    )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, flat))
