"""Small drawings of samples that are no images: a signal as lines, a row of a table as bars."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from evolution.data.lettering import LETTERS, letters
from evolution.data.standardising import standardised_columns

# Pixels of a drawing.
WIDTH, HEIGHT = 96, 64
# It is drawn so many times larger, and reduced: lines become smooth.
FINER = 4
# The share of all values at either end that may leave the drawing: one outlier would flatten all other signals.
OUTSIDE = 0.002

# Of the channels of a signal; further ones are drawn behind them, in grey.
CHANNEL_COLOURS = ((31, 83, 155), (206, 92, 0), (38, 128, 66))
GREY, LINE_OF_ZERO = (205, 205, 205), (170, 170, 170)
# Of values above and below their column's mean.
ABOVE, BELOW = (31, 83, 155), (206, 92, 0)
# Standard deviations at which a bar ends.
LONGEST = 3
# Bars in a drawing, of a table with more columns the first ones; and the most that there is room to name.
MOST_BARS, MOST_NAMED = 32, 6
# Pixels for the names of columns.
NAMES_WIDTH = 40


def signal_sketches(signals: np.ndarray) -> np.ndarray:
    """Signals as lines over time, on one scale for each channel.

    Parameters
    ----------
    signals : float array (N, C, T) or (N, T)

    Returns
    -------
    uint8 array (N, 3, HEIGHT, WIDTH)
        RGB. The first three channels have colours, and all others are grey.
    """
    signals = signals[:, None] if signals.ndim == 2 else signals
    low, high = np.quantile(signals, (OUTSIDE, 1 - OUTSIDE), axis=(0, 2))
    span = np.where(high > low, high - low, 1)
    heights = np.clip((signals - low[:, None]) / span[:, None], 0, 1)
    heights = np.where((high > low)[:, None], heights, 0.5)
    colours = [*CHANNEL_COLOURS[: signals.shape[1]], *[GREY] * (signals.shape[1] - len(CHANNEL_COLOURS))]
    # The last one drawn lies on top.
    order = list(range(signals.shape[1]))[::-1]
    across = np.linspace(2, WIDTH - 3, signals.shape[2]) if signals.shape[2] > 1 else np.array([2, WIDTH - 3])
    made = np.empty((len(signals), 3, HEIGHT, WIDTH), np.uint8)
    for place, sample in enumerate(heights):
        image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), "white")
        draw = ImageDraw.Draw(image)
        for channel in order:
            down = HEIGHT - 3 - sample[channel] * (HEIGHT - 6)
            points = [(x * FINER, y * FINER) for x, y in zip(across, np.broadcast_to(down, across.shape))]
            draw.line(points, fill=colours[channel], width=int(1.5 * FINER), joint="curve")
        made[place] = _reduced(image)
    return made


def row_sketches(rows: np.ndarray, columns: Sequence[str]) -> np.ndarray:
    """Rows of a table as horizontal bars, a column below the other: standard deviations from the column's mean.

    Parameters
    ----------
    rows : float array (N, D)
        In whatever units: they are standardised here, all rows together.
    columns : sequence of str (D,)
        Their names; few of them are written in front of the bars.

    Returns
    -------
    uint8 array (N, 3, HEIGHT, WIDTH)
        RGB. To the right and blue is above the mean, to the left and orange below it.
    """
    scores = standardised_columns(rows[:, :MOST_BARS])
    count = scores.shape[1]
    named = bool(columns) and count <= MOST_NAMED
    left = NAMES_WIDTH if named else 2
    middle, reach = (left + WIDTH - 2) / 2, (WIDTH - 2 - left) / 2
    edges = np.linspace(1, HEIGHT - 1, count + 1)
    ground = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), "white")
    draw = ImageDraw.Draw(ground)
    draw.line([(middle * FINER, 0), (middle * FINER, HEIGHT * FINER)], fill=LINE_OF_ZERO, width=FINER)
    made = np.empty((len(scores), 3, HEIGHT, WIDTH), np.uint8)
    for place, row in enumerate(np.clip(scores / LONGEST, -1, 1)):
        image = ground.copy()
        draw = ImageDraw.Draw(image)
        for top, bottom, value in zip(edges, edges[1:], row):
            gap = (bottom - top) * 0.12
            ends = sorted((middle, middle + value * reach))
            box = [ends[0] * FINER, (top + gap) * FINER, ends[1] * FINER, (bottom - gap) * FINER]
            draw.rectangle(box, fill=ABOVE if value >= 0 else BELOW)
        made[place] = _reduced(image)
    if named:
        names = _names(columns, edges)
        made[:, :, :, :NAMES_WIDTH] = np.minimum(made[:, :, :, :NAMES_WIDTH], names[:, :, :NAMES_WIDTH])
    return made


def _names(columns: Sequence[str], edges: np.ndarray) -> np.ndarray:
    """The names of columns, each at the height of its bar: uint8 (3, HEIGHT, WIDTH)."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    font = letters()
    for name, top, bottom in zip(columns, edges, edges[1:]):
        while name and font.getlength(name) > NAMES_WIDTH - 3:
            name = name.removesuffix("…")[:-1] + "…" if len(name) > 1 else ""
        draw.text((1, (top + bottom) / 2 - LETTERS / 2 - 1), name, fill="black", font=font)
    return np.asarray(image).transpose(2, 0, 1)


def _reduced(image: Image.Image) -> np.ndarray:
    """A drawing in its final size: uint8 (3, HEIGHT, WIDTH)."""
    return np.asarray(image.reduce(FINER)).transpose(2, 0, 1)
