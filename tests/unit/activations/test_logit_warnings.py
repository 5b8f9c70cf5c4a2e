"""Outputs that are not logits."""

import re

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from evolution.activations.logit_warnings import logit_warnings


@pytest.fixture
def logits():
    return (3 * np.random.default_rng(0).normal(size=(200, 5))).astype(np.float32)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (lambda x: softmax(x, axis=1), "ends in a softmax"),
        (expit, "seems to end in a sigmoid"),
        (lambda x: expit(20 * x), "seems to end in a sigmoid"),
        (lambda x: np.maximum(x, 0), "seems to end in a ReLU: none of its outputs is negative, and [45]\\d% are 0"),
    ],
)
def test_models_that_end_in_something_else(logits, end, said):
    (found,) = logit_warnings(end(logits).astype(np.float32))
    assert found.startswith("The model") and re.search(said, found)


@pytest.mark.parametrize(
    "outputs",
    [
        lambda x: x,
        lambda x: log_softmax(x, axis=1),
        lambda x: x - x.min(),
        lambda x: np.zeros_like(x) - 1,
        lambda x: np.zeros_like(x),
        lambda x: 0.4 + x / 100,
        lambda x: np.full_like(x, 0.5),
        lambda x: np.full_like(x, np.nan),
        lambda x: softmax(x, axis=1)[:5],
    ],
)
def test_logits_and_what_is_too_little_to_tell(logits, outputs):
    assert logit_warnings(outputs(logits).astype(np.float32)) == []


def test_outputs_of_other_targets(logits):
    """Labels want logits too, whose sum says nothing; a number may be anything."""
    (found,) = logit_warnings(expit(logits), "labels")
    assert "The loss and the predictions take the sigmoid of them once more" in found
    assert logit_warnings(logits, "labels") == []
    assert logit_warnings(np.maximum(logits, 0), "labels") == []
    assert logit_warnings(expit(logits[:, :1]), "number") == []
    assert logit_warnings(expit(logits), "none") == []
