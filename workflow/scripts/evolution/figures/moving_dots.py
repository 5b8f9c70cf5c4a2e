"""The dots of a film, which are drawn in each frame at other positions."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from evolution.figures.sheets import dot_sizes, drawing_order

# How far a dot's polygon may be from the circle around it, in pixels; each corner costs time.
DEVIATION = 1 / 8

FEWEST_CORNERS = 6

# The dots are drawn in passes, each with some dots of every colour, so that the last colour does not cover the others
# where they meet.
PASSES = 8


def corners(radius: float) -> int:
    """How many corners make a polygon look like the circle around it, of this radius in pixels."""
    # Midway between two corners the polygon is nearest to the centre: radius * cos(pi / corners).
    return max(FEWEST_CORNERS, math.ceil(math.pi / math.acos(max(-1, 1 - DEVIATION / radius))))


class MovingDots:
    """The dots of a panel; several panels of one size may share them, one after the other.

    A scatter plot of matplotlib has a path for each dot, and drawing paths one by one takes most of its time. Here all
    dots of one pass and colour are one path, which halves the time.

    Parameters
    ----------
    axes : Axes
        One of the panels.
    colors : str array (N,)
        Of each dot.

    Attributes
    ----------
    order : int array (N,)
        The dots in the order in which `draw` takes them.
    """

    def __init__(self, axes: Axes, colors: np.ndarray):
        samples = len(colors)
        turn = np.empty(samples, int)
        turn[drawing_order(colors)] = np.arange(samples) * PASSES // samples
        _, color = np.unique(colors, return_inverse=True)
        self.order = np.lexsort((color, turn))
        changes = np.flatnonzero(np.diff(turn[self.order]) | np.diff(color[self.order])) + 1
        radii = np.sqrt(dot_sizes(axes, colors)) / 2 * axes.figure.dpi / 72
        circle = Path.unit_regular_polygon(corners(float(np.max(radii))))
        # Of all dots, or of each one.
        radii = radii if np.ndim(radii) == 0 else radii[self.order][:, None, None]
        self._outline = radii * circle.vertices
        # The corners of all paths; each path has a view of its part, so that `draw` moves it by writing here.
        self._corners = np.zeros((samples, *circle.vertices.shape))
        parts = np.split(self._corners, changes)
        paths = [Path(part.reshape(-1, 2), np.tile(circle.codes, len(part))) for part in parts]
        path_colors = colors[self.order][np.concatenate([[0], changes])]
        self._collection = PathCollection(paths, facecolors=path_colors, linewidths=0, transform=IdentityTransform())
        self._collection.set_figure(axes.figure)

    def draw(self, renderer: RendererBase, positions: np.ndarray) -> None:
        """Draw the dots at the positions.

        Parameters
        ----------
        renderer : RendererBase
        positions : float array (N, 2)
            In pixels right and up, sorted by `order`.
        """
        np.add(positions[:, None], self._outline, out=self._corners)
        self._collection.draw(renderer)
