"""Dots that are drawn over and over, each time elsewhere."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from evolution.figures.sheets import dot_size, drawing_order

# How far a dot's edge may be from the circle that it stands for, in pixels; each corner costs time.
DEVIATION = 1 / 8

FEWEST_CORNERS = 6

# Of all dots, each with some of every colour, lest the last colour cover the others wherever they meet.
PASSES = 8


def corners(radius: float) -> int:
    """How many corners make a polygon look like the circle around it, of this radius in pixels."""
    # Midway between two corners the polygon is nearest to the centre: radius * cos(pi / corners).
    return max(FEWEST_CORNERS, math.ceil(math.pi / math.acos(max(-1, 1 - DEVIATION / radius))))


class MovingDots:
    """The dots of one panel, or of several of one size, in turn.

    Matplotlib takes a path for each dot of a scatter plot, and most of the time is spent on taking them one by one.
    Here the dots of a pass that have one colour are one path: half the time.

    Parameters
    ----------
    axes : Axes
        One of the panels.
    colors : str array (N,)
        Of each dot.

    Attributes
    ----------
    order : int array (N,)
        How `draw` wants the dots sorted.
    """

    def __init__(self, axes: Axes, colors: np.ndarray):
        samples = len(colors)
        turn = np.empty(samples, int)
        turn[drawing_order(samples)] = np.arange(samples) * PASSES // samples
        _, color = np.unique(colors, return_inverse=True)
        self.order = np.lexsort((color, turn))
        changes = np.flatnonzero(np.diff(turn[self.order]) | np.diff(color[self.order])) + 1
        radius = math.sqrt(dot_size(axes, samples)) / 2 * axes.figure.dpi / 72
        circle = Path.unit_regular_polygon(corners(radius))
        self._outline = radius * circle.vertices
        # All paths' corners; each path keeps looking at its part of them.
        self._corners = np.zeros((samples, *circle.vertices.shape))
        parts = np.split(self._corners, changes)
        paths = [Path(part.reshape(-1, 2), np.tile(circle.codes, len(part))) for part in parts]
        of_paths = colors[self.order][np.concatenate([[0], changes])]
        self._collection = PathCollection(paths, facecolors=of_paths, linewidths=0, transform=IdentityTransform())
        self._collection.set_figure(axes.figure)

    def draw(self, renderer: object, places: np.ndarray) -> None:
        """Draw the dots, sorted as `order` has it, at these places: pixels right and up, float array (N, 2)."""
        np.add(places[:, None], self._outline, out=self._corners)
        self._collection.draw(renderer)
