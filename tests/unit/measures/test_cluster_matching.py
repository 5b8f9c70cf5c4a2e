"""Clusters numbered after the classes that they match."""

from itertools import permutations

import numpy as np
import pytest

from evolution.measures.cluster_matching import match_clusters, matched_clusters


@pytest.mark.parametrize("clusters", [2, 4, 6])
def test_clusters_are_matched_so_that_most_samples_agree(clusters):
    rng = np.random.default_rng(clusters)
    labels, assigned = rng.integers(0, 4, 60), rng.integers(0, clusters, 60)
    assigned[:clusters] = range(clusters)
    matched = match_clusters(assigned, labels, 4)
    assert len(set(matched)) == len(matched) == clusters
    most = max(sum(np.array(choice)[assigned] == labels) for choice in permutations(range(max(clusters, 4)), clusters))
    assert sum(matched[assigned] == labels) == most


def test_clusters_are_numbered_after_their_classes():
    labels = np.array([0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(matched_clusters(np.array([2, 2, 0, 0, 1, -1]), labels, 3), [0, 0, 1, 1, 2, -1])
    np.testing.assert_array_equal(matched_clusters(np.full(6, -1), labels, 3), [-1] * 6)
