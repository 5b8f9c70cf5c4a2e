"""Clusters and neighbours of few points, by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.measure_settings import MeasureSettings

pytestmark = pytest.mark.usefixtures("one_thread")

# Two directions 2 * asin(sqrt(0.2)) apart and their opposites, of different lengths: on the unit circle the
# neighbouring ones are NEAR apart, the others FAR, and opposite ones 2.
FOUR = np.array([[1, 0], [0.06, 0.08], [-30, 0], [-0.6, -0.8]], np.float32)
NEAR, FAR = math.sqrt(0.8), math.sqrt(3.2)
PAIRS = MeasureSettings(clusters=2, n_init=10, neighbors=1, measures=(), seed=0)


def test_four_points_by_hand():
    values, assigned, _ = layer_metrics(FOUR, np.array([0, 0, 1, 1]), PAIRS)
    assert assigned[0] == assigned[1] != assigned[2] == assigned[3]
    silhouette = 1 - NEAR / ((FAR + 2) / 2)
    assert values == pytest.approx(
        {
            "silhouette": silhouette,
            "adjusted_rand_index": 1,
            "normalized_mutual_information": 1,
            "label_silhouette": silhouette,
            "knn_accuracy": 1,
        },
        abs=1e-6,
    )


def test_four_points_with_labels_across():
    values, *_ = layer_metrics(FOUR, np.array([0, 1, 0, 1]), PAIRS)
    # No pair is together in both: (0 - 2 * 2 / 6) / (2 - 2 * 2 / 6).
    assert values["adjusted_rand_index"] == pytest.approx(-0.5)
    assert values["normalized_mutual_information"] == pytest.approx(0, abs=1e-12)
    assert values["label_silhouette"] == pytest.approx((NEAR + FAR) / 2 / 2 - 1, abs=1e-6)
    assert values["knn_accuracy"] == 0


def test_votes_that_tie_go_to_the_smallest_label():
    # The first and the last point see a 0 and a 1, the one between them two zeros: all three are called 0.
    rows = np.eye(3, dtype=np.float32)
    values, *_ = layer_metrics(rows, np.array([0, 1, 0]), replace(PAIRS, neighbors=2))
    assert values["knn_accuracy"] == pytest.approx(2 / 3)
