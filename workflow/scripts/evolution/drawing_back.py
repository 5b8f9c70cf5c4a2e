"""Keeping the dots of a layout that goes on from another near to where they were."""

import math
from collections.abc import Callable

import numpy as np


def draw_back(layout: np.ndarray, start: np.ndarray, share: float, distance: float) -> np.ndarray:
    """Draw each dot back to where it started.

    Both are proximal steps (Parikh and Boyd 2014) of a price on movement. One on squared movement, `share`, slows all
    dots down. One on movement itself, `distance`, the group lasso's, leaves those where they were that little draws
    away, and lets the others go: much of how dots move is wandering along a loss that is nearly flat.

    Parameters
    ----------
    layout, start : float arrays (N, 2)
    share : float
        Of the way from its start, that each dot goes back.
    distance : float
        How far each dot goes back besides, in units of the start's root mean square radius, and not beyond its start.

    Returns
    -------
    float array (N, 2)
    """
    moved = layout - start
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    radius = math.sqrt(np.square(start - start.mean(axis=0)).sum(axis=1).mean())
    left = np.maximum(length - distance * radius, 0)
    return start + (1 - share) * moved * np.divide(left, length, out=np.zeros_like(length), where=length > 0)


def drawing_back(start: np.ndarray, share: float, distance: float) -> Callable[[int, float, np.ndarray], None]:
    """`draw_back` as a callback of openTSNE: of iteration, error and the layout, which it changes in place."""

    def draw(iteration: int, error: float, layout: np.ndarray) -> None:
        layout[:] = draw_back(np.asarray(layout), start, share, distance)

    return draw
