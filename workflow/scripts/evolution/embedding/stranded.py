"""Dots of a t-SNE layout that are far from where the data want them."""

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist

# Beside how many of its nearest neighbours a dot may land.
NEIGHBORS = 10

# How much lower the loss must be there, in units of 1 / N: the whole layout's divergence is of the order of 1.
GAIN = 0.1

# A dot lands beside the other, by this share of the way back: on it, nothing would tell the two apart.
BESIDE = 0.01

# Dots whose distances to the others are in memory at once.
BLOCK = 200


def relocate_stranded(layout: np.ndarray, affinities: csr_matrix, neighbors: np.ndarray) -> tuple[np.ndarray, int]:
    """Let dots jump to one of their nearest neighbours where that lowers t-SNE's loss.

    A layout that goes on from the epoch before strands dots: an image that the network has come to take for another
    class has all of its own cluster to cross, whose repulsion keeps it, and descent goes downhill only. A jump looks
    beyond. For a dot that jumps alone, the loss KL = sum p_ij log(p_ij / q_ij) (van der Maaten and Hinton 2008) changes
    by 2 sum_j p_ij log((1 + d'_ij^2) / (1 + d_ij^2)), d' being the distances after the jump, and by the logarithm of
    the normalisation's change. All dots jump at once, but none to a dot that is about to leave.

    Parameters
    ----------
    layout : float array (N, 2)
    affinities : sparse float matrix (N, N)
        p_ij: symmetric, none in the diagonal, of sum 1.
    neighbors : int array (N, K)
        Each row's nearest others, the nearest first; of more than `NEIGHBORS` the first ones count.

    Returns
    -------
    relocated : float64 array (N, 2)
    number : int
        How many jumped.
    """
    layout = np.asarray(layout, dtype=np.float64)
    samples = len(layout)
    candidates = neighbors[:, :NEIGHBORS]
    crowding = repulsion(layout)
    normalisation = crowding.sum()
    target = np.arange(samples)
    for start in range(0, samples, BLOCK):
        block = np.arange(start, min(start + BLOCK, samples))
        places = np.concatenate([layout[block, None], layout[candidates[block]]], axis=1)
        attraction = _attraction(places, affinities[block], layout)
        to_candidates = np.square(places[:, 1:] - places[:, :1]).sum(axis=2)
        # In its new place a dot is at no distance from the one there, and gone from where it was.
        repelled = crowding[candidates[block]] + 1 - 1 / (1 + to_candidates) - crowding[block, None]
        change = 2 * (attraction[:, 1:] - attraction[:, :1]) + np.log1p(2 * repelled / normalisation)
        best = change.argmin(axis=1)
        lower = change[np.arange(len(block)), best] < -GAIN / samples
        target[block[lower]] = candidates[block, best][lower]
    leaving = target != np.arange(samples)
    jumping = leaving & ~leaving[target]
    landing = layout[target[jumping]]
    relocated = layout.copy()
    relocated[jumping] = landing + BESIDE * (layout[jumping] - landing)
    return relocated, int(jumping.sum())


def repulsion(layout: np.ndarray) -> np.ndarray:
    """The sum of 1 / (1 + d_ij^2) over the others, of each dot: its part of t-SNE's normalisation.

    Parameters
    ----------
    layout : float array (N, 2)

    Returns
    -------
    float64 array (N,)
    """
    blocks = (layout[start : start + BLOCK] for start in range(0, len(layout), BLOCK))
    # Less what each has of itself.
    return np.concatenate([(1 / (1 + cdist(block, layout, "sqeuclidean"))).sum(axis=1) for block in blocks]) - 1


def _attraction(places: np.ndarray, affinities: csr_matrix, layout: np.ndarray) -> np.ndarray:
    """sum_j p_ij log(1 + d_ij^2) of each dot at each of its places, (B, P); places (B, P, 2), affinities (B, N)."""
    owner = np.repeat(np.arange(len(places)), np.diff(affinities.indptr))
    distances = np.square(places[owner] - layout[affinities.indices][:, None]).sum(axis=2)
    weighed = csr_matrix((affinities.data, np.arange(len(owner)), affinities.indptr), (len(places), len(owner)))
    return weighed @ np.log1p(distances)
