"""Whether a linear layer gives the outputs: the answers of the workflow."""

import numpy as np
import pytest
import torch

from activation_recorder.classifier import Classifier, gives_outputs
from evolution.activations import classifier as theirs

RANDOM = np.random.default_rng(0)
INPUTS, WEIGHT = RANDOM.normal(size=(30, 6)).astype(np.float32), RANDOM.normal(size=(4, 6)).astype(np.float32)
BIAS = RANDOM.normal(size=4).astype(np.float32)
LOGITS = INPUTS @ WEIGHT.T + BIAS


def softmax(logits):
    return torch.from_numpy(logits).softmax(1).numpy()


OUTPUTS = {
    "the same": (LOGITS, True),
    "log-softmax": (torch.from_numpy(LOGITS).log_softmax(1).numpy(), True),
    "softmax": (softmax(LOGITS), True),
    "a softmax that is sure": (softmax(100 * LOGITS), False),
    "temperature": (10 * LOGITS, True),
    "bfloat16": (torch.from_numpy(LOGITS).bfloat16().float().numpy(), True),
    "a negative factor": (-LOGITS, False),
    "a mean of two heads": (LOGITS + INPUTS @ RANDOM.normal(size=(4, 6)).T.astype(np.float32), False),
    "relu": (np.maximum(LOGITS, 0), False),
}


@pytest.mark.parametrize(("outputs", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_as_in_the_workflow(outputs, expected):
    classifier = Classifier(INPUTS, WEIGHT, BIAS)
    assert gives_outputs(classifier, outputs) == theirs.gives_outputs(classifier, outputs) == expected


def test_a_classifier_of_zeros():
    zeros = Classifier(INPUTS, 0 * WEIGHT, 0 * BIAS)
    assert gives_outputs(zeros, 0 * LOGITS) and not gives_outputs(zeros, LOGITS)


def test_what_is_not_finite_says_nothing():
    assert gives_outputs(Classifier(INPUTS, WEIGHT, BIAS), np.full_like(LOGITS, np.nan))
