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
    classes : int

    Returns
    -------
    int array (clusters.max() + 1,)
        No number twice; clusters without a class of their own are numbered from `classes` on.
    """
    count = int(clusters.max()) + 1
    overlap = np.zeros((count, max(count, classes)), int)
    inside = clusters >= 0
    np.add.at(overlap, (clusters[inside], labels[inside]), 1)
    return linear_sum_assignment(overlap, maximize=True)[1]


def matched_clusters(clusters: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Each sample's cluster under the number that `match_clusters` gives it, int (N,); -1 where there is none."""
    return np.append(match_clusters(clusters, labels, classes), -1)[clusters]
