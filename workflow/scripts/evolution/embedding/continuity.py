"""Going on from the layout of the snapshot before: when that is sound, and how dots stay near to where they were."""

import math
from collections.abc import Callable

import numpy as np
from sklearn.neighbors import NearestNeighbors

# How many neighbours of a dot are looked at, and among how many of a row's nearest they count as near.
NEIGHBORS, NEAR = 12, 90


def kept_neighbors(layout: np.ndarray, rows: np.ndarray, distances: np.ndarray) -> float:
    """Share of the nearest neighbours in a layout that are near among the rows, less what chance alone gives.

    Parameters
    ----------
    layout : float array (N, 2)
    rows : float array (N, D)
    distances : float array (N, K)
        From each row to its K nearest, the last the farthest: these are near, and what is as far as the last of them,
        so that copies are near each other.

    Returns
    -------
    float
        1 where all are near, 0 on average for an arrangement that says nothing of the rows.
    """
    search = NearestNeighbors(n_neighbors=max(1, min(NEIGHBORS, len(layout) // 10))).fit(layout)
    others = search.kneighbors(return_distance=False)
    # The distances given and those taken here are of different roundings.
    reach = distances[:, -1] * (1 + 1e-4) + 1e-6 * np.abs(rows).max()
    kept = np.mean(np.linalg.norm(rows[others] - rows[:, None], axis=2) <= reach[:, None])
    chance = distances.shape[1] / (len(rows) - 1)
    return float((kept - chance) / (1 - chance))


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


def review_due(before: int, epoch: int) -> bool:
    """Whether the layout of a snapshot is reviewed, see `layouts.tsne`.

    That of the first snapshot from epoch 4 on is, from 16, from 64, and so on by powers of 4: a network changes the
    less the longer it trains, and a fresh start takes thrice as long as going on. It does not depend on what follows.

    Parameters
    ----------
    before, epoch : int
        Of the snapshot before, and of this one.
    """
    return _powers(before) < _powers(epoch)


def _powers(epoch: int) -> int:
    """How many of 4, 16, 64, ... are no larger than this."""
    return max(0, (epoch.bit_length() - 1) // 2)
