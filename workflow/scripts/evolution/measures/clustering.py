"""k-means, restart by restart, and how well its clusters agree with the true classes."""

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    davies_bouldin_score,
    homogeneity_completeness_v_measure,
    silhouette_samples,
)

from evolution.measures.devices import place
from evolution.measures.registry import MATRIX_SAMPLES

if TYPE_CHECKING:
    import torch

# Centres of unit rows that are nearer than this are the same but for rounding.
SAME_CENTRE = 1e-6


def refines(labels: np.ndarray, others: np.ndarray) -> bool:
    """Whether each group of `labels` lies within one group of `others`; int arrays (N,)."""
    pairs = np.unique(np.stack([labels, others]), axis=1).shape[1]
    return pairs == len(np.unique(labels))


def kmeans_restarts(
    rows: np.ndarray,
    *,
    clusters: int,
    n_init: int,
    seed: int,
    together: int = MATRIX_SAMPLES,
    device: "torch.device | None" = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """k-means (Lloyd, k-means++) `n_init` times over.

    The best labels are bit for bit those of `KMeans(clusters, n_init=n_init, random_state=seed)`, which also draws all
    its restarts from one generator and keeps the first with the lowest inertia, but does not return the others.

    Parameters
    ----------
    rows : float array (N, D)
    clusters, n_init, seed : int
    together : int
        Of more rows than this the restarts are found side by side, see `lloyd.side_by_side`: labels are then those of
        scikit-learn up to rounding.
    device : torch.device or None
        Where that is done, see `devices.find_device`.

    Returns
    -------
    best : int array (N,)
        Labels of the restart with the lowest inertia (sum of squared distances to the centres).
    restarts : list of n_init int arrays (N,)
    """
    if len(rows) > together:
        from evolution.measures.lloyd import side_by_side

        fits = side_by_side(place(rows, device), clusters=clusters, n_init=n_init, seed=seed)
    else:
        random = np.random.RandomState(seed)
        found = (KMeans(clusters, init="k-means++", n_init=1, random_state=random).fit(rows) for _ in range(n_init))
        fits = [(fit.labels_, fit.inertia_) for fit in found]
    best, lowest = fits[0]
    for labels, inertia in fits[1:]:
        # As scikit-learn does: a lower inertia by rounding alone, for the same clusters, is no better.
        if inertia < lowest and not refines(labels, best):
            best, lowest = labels, inertia
    return best, [labels for labels, _ in fits]


def rand_index_spread(labels: np.ndarray, restarts: list[np.ndarray]) -> dict[str, float]:
    """The adjusted Rand index (Hubert and Arabie 1985) of each k-means restart against the classes: its spread.

    The restarts differ in their random start alone, so a curve that moves within this spread shows k-means' chance and
    no change of the layer. sd is the population's standard deviation.
    """
    indices = np.array([adjusted_rand_score(labels, restart) for restart in restarts])
    summary = {"min": indices.min(), "mean": indices.mean(), "max": indices.max(), "sd": indices.std()}
    return {f"adjusted_rand_index_{name}": float(value) for name, value in summary.items()}


def adjusted_mutual_information(labels: np.ndarray, assigned: np.ndarray) -> dict[str, float]:
    """Mutual information of clusters and classes, adjusted for chance, arithmetic mean (Vinh, Epps, Bailey 2010)."""
    return {"adjusted_mutual_information": float(adjusted_mutual_info_score(labels, assigned))}


def v_measure(labels: np.ndarray, assigned: np.ndarray) -> dict[str, float]:
    """Homogeneity, completeness, and their harmonic mean (Rosenberg and Hirschberg 2007)."""
    values = homogeneity_completeness_v_measure(labels, assigned)
    return {name: float(value) for name, value in zip(("homogeneity", "completeness", "v_measure"), values)}


def davies_bouldin(rows: np.ndarray, groups: np.ndarray) -> float:
    """How wide the groups are for the distance of their centres (Davies and Bouldin 1979).

    Parameters
    ----------
    rows : float array (N, D)
        Unit rows, as k-means sees them.
    groups : int array (N,)
        Clusters or classes.

    Returns
    -------
    float
        0 is best. NaN where there is one group, where each sample is a group, and where two groups have the same
        centre, for which scikit-learn would give 0.
    """
    known = np.unique(groups)
    if not 1 < len(known) < len(groups):
        return math.nan
    centres = np.stack([rows[groups == group].mean(0, dtype=np.float64) for group in known])
    return float(davies_bouldin_score(rows, groups)) if pdist(centres).min() > SAME_CENTRE else math.nan


def silhouettes(distances: np.ndarray, groups: np.ndarray) -> np.ndarray | None:
    """Each sample's silhouette (Rousseeuw 1987), float (N,).

    None where there is one group, and where each sample is a group.

    Parameters
    ----------
    distances : float array (N, N)
    groups : int array (N,)
    """
    several = 1 < len(np.unique(groups)) < len(groups)
    return silhouette_samples(distances, groups, metric="precomputed") if several else None


def silhouettes_of_sums(sums: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Each sample's silhouette (Rousseeuw 1987), float64 (N,), from its distances to each group.

    (b - a) / max(a, b), where a is a sample's mean distance to the others of its group, and b the smallest of its mean
    distances to another group. 0 of a sample that is alone in its group.

    Parameters
    ----------
    sums : float64 array (N, K)
        The sum of each sample's distances to the samples of each of K groups, two or more.
    groups : int array (N,)
        From 0 to K - 1, none of which is empty.
    """
    counts, samples = np.bincount(groups, minlength=sums.shape[1]), np.arange(len(groups))
    within = sums[samples, groups] / np.maximum(counts[groups] - 1, 1)
    means = sums / counts
    means[samples, groups] = np.inf
    nearest = means.min(1)
    larger = np.maximum(within, nearest)
    alone = counts[groups] == 1
    return np.divide(nearest - within, larger, out=np.zeros(len(groups)), where=(larger > 0) & ~alone)


def class_means(values: np.ndarray | None, labels: np.ndarray, classes: int) -> list[float]:
    """The mean of the samples' values over each class; NaN for a class of fewer than two samples."""
    if values is None:
        return [math.nan] * classes
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, values, minlength=classes)
    return [float(total / count) if count > 1 else math.nan for total, count in zip(sums, counts)]
