"""k-means clusters as they are shown: numbered after the classes that they match."""

import numpy as np
from scipy.optimize import linear_sum_assignment


def match_clusters(clusters: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Give each cluster the number of a class, such that as many samples as possible agree.

    Cluster numbers are arbitrary; with its class's number, a cluster can be drawn in its class's colour.

    Parameters
    ----------
    clusters : int array (N,)
        -1 where there is none.
    labels : int array (N,)
        -1 where there is none.
    classes : int

    Returns
    -------
    int array (clusters.max() + 1,)
        No number twice; clusters without a class of their own are numbered from `classes` on.
    """
    count = int(clusters.max()) + 1
    overlap = np.zeros((count, max(count, classes)), int)
    inside = (clusters >= 0) & (labels >= 0)
    np.add.at(overlap, (clusters[inside], labels[inside]), 1)
    return linear_sum_assignment(overlap, maximize=True)[1]


def matched_clusters(clusters: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Each sample's cluster under the number that `match_clusters` gives it, int (N,); -1 where there is none."""
    return np.append(match_clusters(clusters, labels, classes), -1)[clusters]


def followed_clusters(clusters: np.ndarray, reference: np.ndarray | None = None) -> np.ndarray:
    """Clusters of one layer over time, each under the number of the cluster that most of its samples are in later on.

    Where there are no classes to number clusters after, this keeps a cluster's number as long as its samples stay
    together. It begins with the last time, at which a network's clusters are the clearest, and goes back.

    Parameters
    ----------
    clusters : int array (times, N)
        -1 where there is none.
    reference : int array (N,), optional
        What the last time's clusters are numbered after, such as those of the next layer. Without it they are numbered
        by size, from the largest.

    Returns
    -------
    int array (times, N)
        At each time no number stands for two clusters.
    """
    if reference is None:
        last = clusters[-1]
        sizes = np.bincount(last[last >= 0], minlength=1)
        reference = np.append(np.argsort(np.argsort(-sizes, kind="stable"), kind="stable"), -1)[last]
    followed = np.empty_like(clusters)
    for time in reversed(range(len(clusters))):
        followed[time] = matched_clusters(clusters[time], reference, int(reference.max()) + 1)
        # A time without clusters breaks no chain.
        reference = followed[time] if (followed[time] >= 0).any() else reference
    return followed
