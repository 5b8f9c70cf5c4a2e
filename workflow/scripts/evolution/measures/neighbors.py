"""Each sample's nearest neighbours, and what is measured of them."""

import math
from typing import TYPE_CHECKING

import numpy as np
from sklearn.neighbors import NearestNeighbors

from evolution.measures.blocks import Search, about_mean, nearest_of, pass_over
from evolution.measures.copies import find_copies
from evolution.measures.devices import place
from evolution.measures.registry import MATRIX_SAMPLES

if TYPE_CHECKING:
    import torch

# The share of the ratios that is fitted: the largest ones come from a few outliers.
KEPT_RATIOS = 0.9
# Ratios that differ from 1 by less are rounding: all samples are equally far from each other.
ROUNDING = 1e-6


def nearest(geometry: np.ndarray, neighbors: int, metric: str) -> np.ndarray:
    """Each sample's nearest neighbours, itself left out, nearest first.

    Parameters
    ----------
    geometry : float array (N, N) or (N, D)
        Distances (metric precomputed), or rows, whose distances are then taken in chunks.
    neighbors : int
    metric : str

    Returns
    -------
    int array (N, neighbors)
    """
    search = NearestNeighbors(n_neighbors=neighbors, metric=metric, algorithm="brute").fit(geometry)
    return search.kneighbors(return_distance=False)


def votes(nearby: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The class that each sample's neighbours vote for, int (N,); of classes with equally many votes the smallest.

    Parameters
    ----------
    nearby : int array (N, neighbors)
        See `nearest`.
    labels : int array (N,)
    """
    near = np.sort(labels[nearby], axis=1)
    # How often each neighbour's class is there. Of equally many the first is found, which is the smallest.
    counts = sum((near == near[:, [one]]).astype(np.int32) for one in range(near.shape[1]))
    return near[np.arange(len(near)), counts.argmax(1)]


def means(nearby: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of each sample's neighbours: k-NN regression, and of labels the share of neighbours that have each.

    Parameters
    ----------
    nearby : int array (N, neighbors)
        See `nearest`.
    values : float array (N,) or bool array (N, K)

    Returns
    -------
    float64 array (N,) or (N, K)
    """
    # One neighbour at a time: of many labels, all at once would take `neighbors` times the memory.
    return sum(values[near].astype(np.float64) for near in nearby.T) / nearby.shape[1]


def purity(nearby: np.ndarray, labels: np.ndarray) -> float:
    """The share of a sample's neighbours that are of its own class, averaged over the samples.

    The neighbourhood form of cluster purity (Manning, Raghavan, Schuetze 2008, section 16.3); in embeddings it is also
    called neighbourhood hit (Paulovich et al. 2008). Chance is the classes' own share.

    Parameters
    ----------
    nearby : int array (N, neighbors)
        Among unit rows; see `nearest`.
    labels : int array (N,)
    """
    return float((labels[nearby] == labels[:, None]).mean())


def intrinsic_dimension(
    rows: np.ndarray,
    *,
    two_nearest: np.ndarray | None = None,
    matrix_samples: int = MATRIX_SAMPLES,
    device: "torch.device | None" = None,
) -> float:
    """TwoNN: the dimension of the surface that the samples lie on (Facco, d'Errico, Rodriguez, Laio 2017).

    Where the density is even, the ratio mu of the distances to the second and to the first neighbour follows
    F(mu) = 1 - mu^-d. With F estimated by the ratios' ranks, d is the slope of -log(1 - F) over log(mu), a line
    through the origin; the largest tenth of the ratios is left out, as in the paper. Copies of a sample are left out
    too: the surface has none, and their ratios are not defined.

    Parameters
    ----------
    rows : float array (N, D)
        Raw or compact activations, and not their unit rows: lengths are a dimension too.
    two_nearest : float64 array (M, 2) or None
        The distances of the M rows that are no copies to the nearest two others, where they are known.
    matrix_samples : int
        Of more rows than this, distances are taken in blocks.
    device : torch.device or None
        Where these are taken, see `devices.find_device`.

    Returns
    -------
    float
        NaN where fewer than 10 samples are no copies, or all ratios are 1.
    """
    distances = _two_nearest(rows, matrix_samples, device) if two_nearest is None else two_nearest
    if len(distances) < 10:
        return math.nan
    first, second = distances[distances[:, 0] > 0].T
    if len(first) < 10:
        return math.nan
    ratios = np.sort(np.log(second / first))
    kept = int(KEPT_RATIOS * len(ratios))
    x, y = ratios[:kept], -np.log1p(-np.arange(1, kept + 1) / len(ratios))
    return float(x @ y / (x @ x)) if x[-1] > ROUNDING else math.nan


def _two_nearest(rows: np.ndarray, matrix_samples: int, device: "torch.device | None") -> np.ndarray:
    """The distances of each row that is no copy to the nearest two others, float64 (M, 2)."""
    if len(rows) > matrix_samples:
        first, _ = find_copies(rows)
        rows = rows if len(first) == len(rows) else rows[first]
        if len(rows) < 10:
            return np.zeros((len(rows), 2))
        scale, rows = float(np.abs(rows).max()), place(rows, device)
        centred = about_mean(rows, scale=scale)
        search = Search(np.ones(len(rows), bool), 2)
        pass_over(centred, np.zeros((len(rows), 0)), [search])
        return np.sqrt(nearest_of(search, rows, centred.error(False), scale=centred.scale, exact=True)[1])
    rows = np.unique(rows, axis=0).astype(np.float64)
    if len(rows) < 10:
        return np.zeros((len(rows), 2))
    # About their mean, as distances are taken from inner products, in which a large common part would drown them.
    rows -= rows.mean(0)
    return NearestNeighbors(n_neighbors=2, metric="euclidean", algorithm="brute").fit(rows).kneighbors()[0]
