"""Clusters numbered after the classes that they match."""

from itertools import permutations

import numpy as np
import pytest

from evolution.measures.cluster_matching import followed_clusters, match_clusters, matched_clusters


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


def test_samples_without_a_class_match_nothing():
    np.testing.assert_array_equal(matched_clusters(np.array([0, 0, 0, 1]), np.array([1, -1, -1, 0]), 2), [1, 1, 1, 0])


def test_clusters_that_stay_together_keep_their_number():
    """The same three groups under other numbers at each time."""
    groups, rng = np.repeat([0, 1, 2], [10, 30, 20]), np.random.default_rng(0)
    clusters = np.stack([rng.permutation(3)[groups] for _ in range(6)]).astype(np.int16)
    # From the largest, which is group 1.
    by_size = np.array([2, 0, 1])[groups]
    np.testing.assert_array_equal(followed_clusters(clusters), np.tile(by_size, (6, 1)))
    # After a reference, such as another layer.
    np.testing.assert_array_equal(followed_clusters(clusters, groups), np.tile(groups, (6, 1)))


def test_clusters_are_followed_through_a_drift_and_through_a_time_without_any():
    # One sample changes sides at each time, so that the last clusters have little to do with the first.
    clusters = np.stack([(np.arange(12) + time) % 12 < 6 for time in range(7)]).astype(np.int16)
    followed = followed_clusters(np.where(np.arange(7)[:, None] % 2 == 1, 1 - clusters, clusters))
    assert (np.abs(np.diff(followed, axis=0)).sum(axis=1) == 2).all()
    clusters[3] = -1
    followed = followed_clusters(clusters)
    assert (followed[3] == -1).all() and (followed[2] != followed[4]).sum() == 4


def test_more_clusters_than_before_have_numbers_of_their_own():
    clusters = np.array([[0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1]])
    followed = followed_clusters(clusters)
    np.testing.assert_array_equal(followed[1], [0, 0, 0, 0, 1, 1])
    assert len(set(followed[0])) == 3 and (followed[0, 4:] == 1).all()
    assert (followed_clusters(np.full((2, 4), -1)) == -1).all()
