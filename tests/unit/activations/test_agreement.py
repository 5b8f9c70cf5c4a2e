"""Predictions of a snapshot against what the training counted."""

import math

import numpy as np
import pytest

from evolution.activations.agreement import check_agreement
from evolution.errors import ModelError

# Of three images of class 0 two are right, of two of class 1 one, and of one of class 2 none.
LABELS = np.array([0, 0, 0, 1, 1, 2])
LOGITS = np.array([[3, 0, 0], [2, 0, 1], [0, 4, 0], [0, 5, 0], [6, 0, 0], [0, 2, 1]], np.float32)


def test_equal_counts():
    check_agreement(LOGITS, LABELS, class_accuracy=[2 / 3, 1 / 2, 0], when="epoch 3", device="cuda")
    check_agreement(LOGITS, LABELS, class_accuracy=[2 / 3, 1 / 2, 0, math.nan], when="epoch 3", device="cuda")
    check_agreement(LOGITS, LABELS, class_accuracy=[2 / 3, 1 / 2, 0, None], when="epoch 3", device="cuda")


@pytest.mark.parametrize("accuracy", [[1, 1 / 2, 0], [2 / 3, 0, 0], [1 / 3, 1 / 2, 1]])
def test_one_image_more_or_less(accuracy):
    counted = round(np.dot(accuracy, [3, 2, 1]))
    with pytest.raises(
        ModelError, match=rf"epoch 3 is not .* predicts 3 of 6 .* right, and the training counted {counted}"
    ):
        check_agreement(LOGITS, LABELS, class_accuracy=accuracy, when="epoch 3", device="cuda")


def test_the_same_accuracy_in_other_classes():
    with pytest.raises(ModelError, match=r"predicts 3 of 6 .* counted 3"):
        check_agreement(LOGITS, LABELS, class_accuracy=[1 / 3, 1, 0], when="epoch 3", device="cuda")


def test_an_image_between_two_classes_may_be_either_on_another_device():
    """One image of class 0 is right by a thousandth: another device may round it to the other side."""
    close = LOGITS.copy()
    close[0] = [3, 2.999, 0]
    for accuracy in (2 / 3, 1 / 3):
        check_agreement(close, LABELS, class_accuracy=[accuracy, 1 / 2, 0], when="epoch 3", device="cuda")
    with pytest.raises(ModelError):
        check_agreement(close, LABELS, class_accuracy=[0, 1 / 2, 0], when="epoch 3", device="cuda")
    with pytest.raises(ModelError):
        check_agreement(close, LABELS, class_accuracy=[2 / 3, 1, 0], when="epoch 3", device="cuda")


def test_on_the_same_device_only_rounding_counts():
    close = LOGITS.copy()
    close[0] = [3, 2.999, 0]
    check_agreement(close, LABELS, class_accuracy=[2 / 3, 1 / 2, 0], when="epoch 3", device="cpu")
    with pytest.raises(ModelError):
        check_agreement(close, LABELS, class_accuracy=[1 / 3, 1 / 2, 0], when="epoch 3", device="cpu")
    close[0] = [3, np.nextafter(np.float32(3), np.float32(0)), 0]
    check_agreement(close, LABELS, class_accuracy=[1 / 3, 1 / 2, 0], when="epoch 3", device="cpu")
