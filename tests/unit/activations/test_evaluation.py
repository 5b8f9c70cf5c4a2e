"""Loss and accuracies from logits."""

import math

import numpy as np

from evolution.activations.evaluation import evaluate_logits


def test_by_hand():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], np.float32))
    found = evaluate_logits(logits, np.array([0, 1, 1]))
    assert math.isclose(found["eval_loss"], -(math.log(0.5) + math.log(0.7) + math.log(0.3)) / 3, rel_tol=1e-6)
    assert found["eval_accuracy"] == 2 / 3
    assert found["class_accuracy"][:2] == [1, 0.5] and math.isnan(found["class_accuracy"][2])
