"""How far a layout can be trusted (trustworthiness), and how far it moved (drift)."""

import logging
import math

import numpy as np
from scipy.spatial import procrustes
from sklearn import manifold
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from evolution.seeds import generator

log = logging.getLogger("evolution")

# Of more than `ALL_JUDGED` samples, `JUDGED` drawn at random are judged, each among all others: the mean over them is
# an unbiased estimate of the mean over all. Its standard error was 0.0003 to 0.0009 in layers of small_cnn.
ALL_JUDGED, JUDGED = 5000, 1000

# Samples whose distances to all others are in memory at once.
BLOCK = 100

# float32 leaves an error of 1e-6 in the squared distance of two unit rows. Of a sample with a nearer neighbour than
# this, in units of the rows' mean square, distances are computed in float64, which takes twice as long or more.
NEAREST_IN_FLOAT32 = 1e-3

# Rows that are in memory in float64 at once then.
ROWS = 4096


def trustworthiness(
    rows: np.ndarray,
    layout: np.ndarray,
    *,
    neighbors: int,
    seed: int,
    all_judged: int = ALL_JUDGED,
    judged: int = JUDGED,
    block: int = BLOCK,
) -> float:
    """Whether neighbours in the layout are neighbours among the rows (Venna and Kaski 2001).

    1 - 2 / (n k (2 N - 3 k - 1)) times a sum over n samples and the false neighbours of each: samples among its k
    nearest in the layout that are not among its k nearest rows. Summed is the rank r among the nearest rows, less k.
    Of rows that are equally far, scikit-learn, which judges up to `all_judged` samples, ranks one before the other at
    random; here, of more samples, all of them have the best rank.

    Parameters
    ----------
    rows : float array (N, D)
    layout : float array (N, 2)
    neighbors : int
        k; fewer than N / 2.
    seed : int
        The run's: samples are drawn by it where there are more than `all_judged`, the same ones at each time.
    all_judged, judged : int
        n is N up to the first, and above it the second.
    block : int
        Samples whose distances to all others are in memory at once.
    """
    samples = len(rows)
    if samples <= max(all_judged, judged):
        return float(manifold.trustworthiness(rows, layout, n_neighbors=neighbors))
    chosen = np.sort(generator(seed, "trustworthiness").choice(samples, judged, replace=False))
    search = NearestNeighbors(n_neighbors=neighbors + 1).fit(layout)
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    near = NEAREST_IN_FLOAT32 * squares.mean()
    squares = squares.astype(rows.dtype)
    penalties = []
    for start in range(0, judged, block):
        some = chosen[start : start + block]
        nearest = search.kneighbors(layout[some], return_distance=False)
        itself = nearest == some[:, None]
        # A sample with copies may be missing from its own list: then the last is left out.
        itself[~itself.any(axis=1), -1] = True
        nearest = nearest[~itself].reshape(len(some), neighbors)
        distances = rows[some] @ rows.T
        distances *= -2
        distances += squares
        distances += squares[some, None]
        close = (np.take_along_axis(distances, nearest, axis=1) < near).any(axis=1)
        if close.any():
            distances = distances.astype(np.float64)
            distances[close] = _exact_squares(rows[some[close]], rows)
        # The sample itself is made nearer than all others, so that the ranks of the others begin with 1.
        distances[np.arange(len(some)), some] = -np.inf
        reach = np.take_along_axis(distances, nearest, axis=1)
        ranks = np.stack([np.count_nonzero(distances < column[:, None], axis=1) for column in reach.T])
        penalties.append(np.clip(ranks - neighbors, 0, None).sum(axis=0))
    false = 2 * np.concatenate(penalties) / (neighbors * (2 * samples - 3 * neighbors - 1))
    error = false.std() * math.sqrt((1 / judged) * (1 - judged / samples))
    log.info("Trustworthiness of %d samples: its standard error is %.4f", judged, error)
    return float(1 - false.mean())


def _exact_squares(some: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Squared distances of some rows (M, D) to all rows (N, D), as float64 finds them; (M, N)."""
    parts = (rows[start : start + ROWS].astype(np.float64) for start in range(0, len(rows), ROWS))
    return np.hstack([euclidean_distances(some.astype(np.float64), part, squared=True) for part in parts])


def drift(previous: np.ndarray, layout: np.ndarray) -> float:
    """How far points moved between two layouts.

    Parameters
    ----------
    previous, layout : float arrays (N, 2)

    Returns
    -------
    float
        Median displacement of a point after Procrustes (translation, rotation, reflection and scale taken out),
        in units of the layout's root mean square radius; NaN where all points of a layout are the same.
    """
    if not (np.ptp(previous, axis=0).any() and np.ptp(layout, axis=0).any()):
        return math.nan
    first, second, _ = procrustes(previous, layout)
    displacement = np.linalg.norm(first - second, axis=1)
    return float(np.median(displacement) / np.sqrt((first**2).sum(axis=1).mean()))
