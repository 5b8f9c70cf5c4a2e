"""When a training ends by itself, by hand."""

import math

import pytest

from evolution.training.ending import Progress, reason_to_end
from evolution.training.settings import Stop

ACCURACIES = [0.2, 0.5, 0.5, 0.4, 0.6, 0.6, 0.59, 0.6]


def test_progress_counts_the_epochs_since_the_best():
    progress, counted = Progress(), []
    for accuracy in ACCURACIES:
        progress.note(accuracy)
        counted.append((progress.best, progress.epochs_since))
    assert counted == [(0.2, 0), (0.5, 0), (0.5, 1), (0.5, 2), (0.6, 0), (0.6, 1), (0.6, 2), (0.6, 3)]


@pytest.mark.parametrize("cut", range(len(ACCURACIES)))
def test_progress_goes_on_from_a_checkpoint(cut):
    whole, part = Progress(), Progress()
    for index, accuracy in enumerate(ACCURACIES):
        if index == cut:
            part = Progress(**part.state())
        whole.note(accuracy)
        part.note(accuracy)
    assert part == whole


@pytest.mark.parametrize(
    ("stop", "ends"),
    [
        (Stop(patience=1), 3),
        (Stop(patience=2), 4),
        (Stop(patience=3), 8),
        (Stop(patience=4), None),
        (Stop(train_accuracy=0.5), 2),
        (Stop(train_accuracy=0.6), 5),
        (Stop(train_accuracy=0.61), None),
        (Stop(train_accuracy=0.6, patience=1), 3),
        (Stop(diverged=True), None),
        (Stop(), None),
    ],
)
def test_the_epoch_after_which_it_ends(stop, ends):
    progress = Progress()
    assert math.isnan(progress.best)
    for epoch, accuracy in enumerate(ACCURACIES, start=1):
        progress.note(accuracy)
        reason = reason_to_end(stop, {"train_accuracy": accuracy, "eval_accuracy": accuracy}, progress)
        if reason:
            assert epoch == ends and reason.startswith("the accuracy on the ")
            return
    assert ends is None
