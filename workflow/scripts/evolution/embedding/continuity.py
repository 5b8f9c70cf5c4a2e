"""Going on from the layout of the snapshot before, so that dots move only where the network moved.

In the order in which `tsne.tsne` uses them: whether that layout is a start for these rows at all (`kept_neighbors`);
dots that it leaves far from where they belong now jump (`relocate_stranded`); while the loss falls, dots are drawn back
to where they were (`draw_back`); and now and then the result is compared with a layout from scratch (`review_due`).
"""

import math

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

# How many neighbours of a dot are looked at, and among how many of a row's nearest they count as near.
LAYOUT_NEIGHBORS, NEAR = 12, 90

# A stranded dot may jump to one of this many of its nearest neighbours.
JUMP_TARGETS = 10

# How much lower the loss must be there, in units of 1 / N: the whole layout's divergence is of the order of 1.
JUMP_GAIN = 0.1

# A dot lands next to its neighbour, this share of the way back: on the neighbour itself nothing would part the two.
LANDING_SHARE = 0.01

# Dots whose distances to all others are in memory at once.
BLOCK = 200


def kept_neighbors(layout: np.ndarray, rows: np.ndarray, distances: np.ndarray) -> float:
    """Share of the nearest neighbours in a layout that are near among the rows, less what chance alone gives.

    Parameters
    ----------
    layout : float array (N, 2)
    rows : float array (N, D)
    distances : float array (N, K)
        From each row to its K nearest others, ascending. A row no farther than the last of them counts as near, so that
        copies of a row are near each other.

    Returns
    -------
    float
        1 where all are near, 0 on average for an arrangement that says nothing of the rows.
    """
    search = NearestNeighbors(n_neighbors=max(1, min(LAYOUT_NEIGHBORS, len(layout) // 10))).fit(layout)
    others = search.kneighbors(return_distance=False)
    # The given distances and the ones computed here are rounded differently.
    reach = distances[:, -1] * (1 + 1e-4) + 1e-6 * np.abs(rows).max()
    kept = np.mean(np.linalg.norm(rows[others] - rows[:, None], axis=2) <= reach[:, None])
    chance = distances.shape[1] / (len(rows) - 1)
    return float((kept - chance) / (1 - chance))


def relocate_stranded(
    layout: np.ndarray, affinities: csr_matrix, neighbors: np.ndarray, crowding: np.ndarray, *, block: int = BLOCK
) -> tuple[np.ndarray, int]:
    """Let dots jump to one of their nearest neighbours where that lowers t-SNE's loss.

    A layout that goes on from the time before strands dots. An image that the network now represents as another class
    must cross its old cluster, whose dots repel it, and descent only goes downhill. A jump goes over the hill. For
    a dot that jumps alone, the loss KL = sum p_ij log(p_ij / q_ij) (van der Maaten and Hinton 2008) changes by
    2 sum_j p_ij log((1 + d'_ij^2) / (1 + d_ij^2)), where d' are the distances after the jump, and by the logarithm of
    the normalisation's change. All dots jump at once, but none to a dot that is about to leave.

    Parameters
    ----------
    layout : float array (N, 2)
    affinities : sparse float matrix (N, N)
        p_ij: symmetric, with an empty diagonal and a sum of 1.
    neighbors : int array (N, K)
        Each row's nearest others, the nearest first; the first `JUMP_TARGETS` count.
    crowding : float64 array (N,)
        Of each dot in the layout, see `repulsion`.
    block : int
        Dots that are looked at together.

    Returns
    -------
    relocated : float64 array (N, 2)
    number : int
        How many jumped.
    """
    layout = np.asarray(layout, dtype=np.float64)
    samples = len(layout)
    candidates = neighbors[:, :JUMP_TARGETS]
    normalisation = crowding.sum()
    target = np.arange(samples)
    for start in range(0, samples, block):
        dots = np.arange(start, min(start + block, samples))
        # Where each dot is, then where it could jump to.
        positions = np.concatenate([layout[dots, None], layout[candidates[dots]]], axis=1)
        attraction = _attraction(positions, affinities[dots], layout)
        to_candidates = np.square(positions[:, 1:] - positions[:, :1]).sum(axis=2)
        # After the jump a dot is at no distance from its neighbour, and its old position is empty.
        repelled = crowding[candidates[dots]] + 1 - 1 / (1 + to_candidates) - crowding[dots, None]
        change = 2 * (attraction[:, 1:] - attraction[:, :1]) + np.log1p(2 * repelled / normalisation)
        best = change.argmin(axis=1)
        lower = change[np.arange(len(dots)), best] < -JUMP_GAIN / samples
        target[dots[lower]] = candidates[dots, best][lower]
    leaving = target != np.arange(samples)
    jumping = leaving & ~leaving[target]
    landing = layout[target[jumping]]
    relocated = layout.copy()
    relocated[jumping] = landing + LANDING_SHARE * (layout[jumping] - landing)
    return relocated, int(jumping.sum())


def repulsion(layout: np.ndarray, *, block: int = BLOCK) -> np.ndarray:
    """The sum of 1 / (1 + d_ij^2) over the others, of each dot: its part of t-SNE's normalisation.

    Parameters
    ----------
    layout : float array (N, 2)
    block : int
        Dots whose distances to all others are in memory at once.

    Returns
    -------
    float64 array (N,)
    """
    blocks = (layout[start : start + block] for start in range(0, len(layout), block))
    # Each dot's distance to itself gives 1, which is taken off again.
    return np.concatenate([(1 / (1 + cdist(dots, layout, "sqeuclidean"))).sum(axis=1) for dots in blocks]) - 1


def draw_back(layout: np.ndarray, start: np.ndarray, *, share: float, distance: float) -> np.ndarray:
    """Draw each dot back to where it started.

    Both parameters are proximal steps (Parikh and Boyd 2014) of a price on movement. `share` is that of a price on
    squared movement, which slows all dots down. `distance` is that of a price on movement itself, as in the group
    lasso: dots on which little pulls stay where they were, and the others go. It is there because much of how dots move
    is wandering along a loss that is nearly flat.

    Parameters
    ----------
    layout, start : float arrays (N, 2)
    share : float
        Of its way from the start, how much each dot goes back.
    distance : float
        How far each dot goes back in addition, but not beyond its start, in units of the start's root mean square
        radius.

    Returns
    -------
    float array (N, 2)
    """
    moved = layout - start
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    radius = math.sqrt(np.square(start - start.mean(axis=0)).sum(axis=1).mean())
    left = np.maximum(length - distance * radius, 0)
    return start + (1 - share) * moved * np.divide(left, length, out=np.zeros_like(length), where=length > 0)


def review_due(before: int, time: int) -> bool:
    """Whether the layout of a snapshot is reviewed, see `tsne.tsne`.

    The first snapshot from time 4 on is reviewed, the first from 16 on, from 64 on, and so on by powers of 4: a
    network changes less the longer it trains, and a layout from scratch takes three times as long as going on. This
    does not depend on later snapshots, so that more times change no earlier layout.

    Parameters
    ----------
    before, time : int
        Of the snapshot before, and of this one.
    """
    return _powers(before) < _powers(time)


def _powers(time: int) -> int:
    """How many of 4, 16, 64, ... are no larger than this."""
    return max(0, (time.bit_length() - 1) // 2)


def _attraction(positions: np.ndarray, affinities: csr_matrix, layout: np.ndarray) -> np.ndarray:
    """sum_j p_ij log(1 + d_ij^2) of each dot at each position, (B, P); positions (B, P, 2), affinities (B, N)."""
    owner = np.repeat(np.arange(len(positions)), np.diff(affinities.indptr))
    distances = np.square(positions[owner] - layout[affinities.indices][:, None]).sum(axis=2)
    weighed = csr_matrix((affinities.data, np.arange(len(owner)), affinities.indptr), (len(positions), len(owner)))
    return weighed @ np.log1p(distances)
