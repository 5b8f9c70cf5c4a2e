"""How many clusters there are where the config leaves it to the samples."""

import numpy as np
import pytest

from evolution.measures.measure_settings import cluster_count


@pytest.mark.parametrize(
    ("labels", "samples", "target", "count"),
    [
        (np.array([0, 0, 3, 7]), 4, "classes", 3),
        (np.arange(200.0), 200, "number", 10),
        (None, 50, "none", 10),
        (None, 34, "none", 6),
        (np.zeros((9, 2), bool), 9, "labels", 2),
    ],
)
def test_clusters_that_auto_stands_for(labels, samples, target, count):
    assert cluster_count(labels, samples, target) == count
