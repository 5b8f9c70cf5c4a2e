"""What the config says of how cells are measured."""

from dataclasses import dataclass

import numpy as np

from evolution.data.kinds import CLASSES

# Clusters that k-means looks for where there are no classes to count, and the fewest samples of one on average.
CLUSTERS, CLUSTER_SAMPLES = 10, 5


@dataclass(frozen=True)
class MeasureSettings:
    """What the config says of how cells are measured.

    Attributes
    ----------
    clusters : int or "auto"
        Of k-means. `auto`: see `cluster_count`.
    n_init : int
        Restarts of k-means.
    neighbors : int
        Of the leave-one-out k-NN scores and the purity.
    measures : sequence of str
        Of `registry.MEASURE_NAMES`, in any order: what is measured in addition to what always is.
    seed : int
        The run's. It is the same at every time: k-means' own noise would otherwise show as change from time to time.
    """

    clusters: int | str
    n_init: int
    neighbors: int
    measures: tuple[str, ...] | list[str]
    seed: int


def cluster_count(labels: np.ndarray | None, samples: int, target: str) -> int:
    """The clusters that `auto` stands for: as many as classes with samples, or ten where there are no classes.

    With fewer than 50 samples and no classes there are fewer, so that a cluster has five samples on average.

    Parameters
    ----------
    labels : array or None
        See `cell_metrics.layer_metrics`.
    samples : int
    target : str
        One of `evolution.data.kinds.TARGETS`.
    """
    if target == CLASSES:
        return len(np.unique(labels))
    return min(CLUSTERS, max(2, samples // CLUSTER_SAMPLES))
