"""How far a layout can be trusted (trustworthiness), and how far it moved (drift)."""

import math

import numpy as np
from scipy.spatial import procrustes
from sklearn import manifold
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from evolution.seeds import generator

# Of more samples, this many drawn at random are judged, each among all others: the mean over them is an unbiased
# estimate of the mean over all.
JUDGED = 5000

# Samples whose distances to all others are in memory at once.
BLOCK = 100


def trustworthiness(rows: np.ndarray, layout: np.ndarray, neighbors: int, seed: int, judged: int = JUDGED) -> float:
    """Whether neighbours in the layout are neighbours among the rows (Venna and Kaski 2001).

    1 - 2 / (n k (2 N - 3 k - 1)) times the sum, over n samples and those of their k nearest in the layout that are not
    among their k nearest rows, of how far down the list of nearest rows those stand, less k.

    Parameters
    ----------
    rows : float array (N, D)
    layout : float array (N, 2)
    neighbors : int
        k; fewer than N / 2.
    seed : int
        The config's: of the samples that are drawn where there are more than `judged`.
    judged : int
        n is this, or N where that is less.
    """
    samples = len(rows)
    if samples <= judged:
        return float(manifold.trustworthiness(rows, layout, n_neighbors=neighbors))
    chosen = np.sort(generator(seed, "trustworthiness").choice(samples, judged, replace=False))
    search = NearestNeighbors(n_neighbors=neighbors + 1).fit(layout)
    penalty = 0
    for start in range(0, judged, BLOCK):
        block = chosen[start : start + BLOCK]
        nearest = search.kneighbors(layout[block], return_distance=False)
        itself = nearest == block[:, None]
        # Among copies of a sample it may not be in its own list: then the last goes.
        itself[~itself.any(axis=1), -1] = True
        nearest = nearest[~itself].reshape(len(block), neighbors)
        distances = euclidean_distances(rows[block], rows)
        # Nearer than all others, so that the sample itself is counted and ranks begin with 1.
        distances[np.arange(len(block)), block] = -1
        reach = np.take_along_axis(distances, nearest, axis=1)
        for column in reach.T:
            ranks = (distances < column[:, None]).sum(axis=1)
            penalty += int(np.clip(ranks - neighbors, 0, None).sum())
    return 1 - 2 * penalty / (judged * neighbors * (2 * samples - 3 * neighbors - 1))


def drift(previous: np.ndarray, layout: np.ndarray) -> float:
    """How far points moved between two layouts.

    Parameters
    ----------
    previous, layout : float arrays (N, 2)

    Returns
    -------
    float
        Median displacement of a point after Procrustes (translation, rotation, reflection and scale taken out),
        in units of the layout's root mean square radius; NaN where all points of a layout are one.
    """
    if not (np.ptp(previous, axis=0).any() and np.ptp(layout, axis=0).any()):
        return math.nan
    first, second, _ = procrustes(previous, layout)
    displacement = np.linalg.norm(first - second, axis=1)
    return float(np.median(displacement) / np.sqrt((first**2).sum(axis=1).mean()))
