"""Warnings on curves: of slips of known kinds by simulation, and none of trainings that are right, short or hard."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from evolution.training.learning import (
    DEVIATIONS,
    chance_loss,
    chance_of,
    enough_samples,
    highest_by_chance,
    learning_warnings,
)

TEN, TWO = [100] * 10, [500] * 2


def warnings_of(losses, train, evaluation, *, train_counts=TEN, eval_counts=TEN, raw_inputs=math.nan):
    """Of the trained epochs' losses and accuracies; a single accuracy stands for one of each epoch."""
    count = len(losses)
    train, evaluation = (np.broadcast_to(values, count).tolist() for values in (train, evaluation))
    return learning_warnings(
        times=list(range(count + 1)),
        train_loss=[math.nan, *losses],
        train_accuracy=[chance_of(train_counts), *train],
        eval_accuracy=[chance_of(eval_counts), *evaluation],
        train_counts=train_counts,
        eval_counts=eval_counts,
        raw_knn_accuracy=raw_inputs,
    )


def falling(epochs, first=2.3, last=0.1):
    return np.geomspace(first, last, epochs).tolist()


def test_chance_by_hand():
    assert chance_of([3, 5, 2]) == 0.5
    # One standard deviation of 100 tosses of a coin is 0.05.
    assert highest_by_chance([50, 50]) == pytest.approx(0.5 + DEVIATIONS * 0.05)
    assert chance_loss([50, 50]) == pytest.approx(math.log(2))
    assert chance_loss([1, 3, 0]) == pytest.approx(-0.25 * math.log(0.25) - 0.75 * math.log(0.75))


@pytest.mark.parametrize("counts", [[10] * 10, [100] * 10, [171, 170], [30] * 3, [1] * 100])
def test_a_guesser_hardly_ever_goes_above_chance(counts):
    images = sum(counts)
    assert binom.sf(math.floor(highest_by_chance(counts) * images), images, chance_of(counts)) < 0.01


def test_how_many_samples_are_enough():
    """A network that is right halfway from chance to the accuracy must be told from a guesser nearly always."""
    assert not enough_samples(1, [1] * 10) and not enough_samples(1, [50, 50]) and not enough_samples(0.2, [10] * 10)
    for counts in ([5] * 10, [10] * 10, [100, 100], [500, 500]):
        assert enough_samples(1, counts)
        images = sum(counts)
        halfway = (chance_of(counts) + 1) / 2
        assert binom.cdf(math.floor(highest_by_chance(counts) * images), images, halfway) < 0.002


# The learning rate


@pytest.mark.parametrize("end", [2.3026, 2.2999, 2.31])
def test_a_loss_that_never_moved(end):
    (warning,) = warnings_of(np.linspace(2.3026, end, 6).tolist(), 0.11, 0.1)
    assert warning.startswith("The training loss never fell by 1 %: it was 2.3026 at epoch 1 and ")
    assert "in 6 epochs" in warning and "0.110" in warning
    assert "if this workflow trained the network: training.learning_rate" in warning
    assert "labels" not in warning


def test_labels_that_no_learning_rate_can_help():
    still = [2.3026] * 5
    (warning,) = warnings_of(still, 0.11, 0.1, raw_inputs=0.102)
    assert "or the labels do not belong to the samples: the k-NN accuracy of the raw inputs is 0.102" in warning
    (warning,) = warnings_of(still, 0.11, 0.1, raw_inputs=0.9)
    assert "labels" not in warning


@pytest.mark.parametrize(
    ("losses", "accuracy"),
    [
        ([2.3026] * 2, 0.1),  # two epochs
        ([2.3026, 2.2900, 2.2700], 0.15),  # slow: one per cent in three epochs
        ([0.02, 0.0199, 0.0199, 0.02], 0.995),  # the weights fitted from the start
        ([0.0, 0.0, 0.0], 1.0),
    ],
    ids=["short", "slow", "good weights", "zero"],
)
def test_losses_that_are_no_slip(losses, accuracy):
    assert warnings_of(losses, accuracy, accuracy) == []


def test_given_weights_that_training_leaves_where_they_are():
    """Far from chance and far from good: said, and nothing of a network that learned nothing."""
    (warning,) = warnings_of([1.2, 1.1999, 1.1998], 0.4, 0.38)
    assert warning.startswith("The training loss never fell")


# Memorised


@pytest.mark.parametrize("eval_counts", [[10] * 10, [100] * 10, [150] * 2])
def test_a_network_that_learned_by_heart(eval_counts):
    chance = chance_of(eval_counts)
    counts = {"train_counts": eval_counts, "eval_counts": eval_counts}
    (unknown,) = warnings_of(falling(10), np.linspace(chance, 1, 10), chance, **counts)
    (shuffled,) = warnings_of(falling(10), np.linspace(chance, 1, 10), chance, **counts, raw_inputs=chance)
    (fitting,) = warnings_of(falling(10), np.linspace(chance, 1, 10), chance, **counts, raw_inputs=0.8)
    for warning in (unknown, shuffled, fitting):
        assert warning.startswith(
            "The network memorised its training samples (accuracy 1.000) and is at chance on the evaluation samples: "
            f"its accuracy on them is {chance:.3f} at best, and chance is {chance:.3f}."
        )
    assert "Either the labels are shuffled against the samples, or" in unknown
    assert "the labels are probably shuffled against the samples" in shuffled and f"{chance:.3f}, is chance" in shuffled
    assert "shuffled" not in fitting and "normalisation" in fitting
    assert "The labels of the evaluation samples do fit these samples, as the k-NN accuracy" in fitting


def test_simulated_trainings_on_shuffled_labels_are_found():
    random = np.random.default_rng(0)
    for counts in ([10] * 10, [30] * 10, [100] * 10, [500] * 2):
        images, chance = sum(counts), chance_of(counts)
        found = [
            warnings_of(
                falling(8),
                np.linspace(chance, 0.95, 8),
                random.binomial(images, chance, 8) / images,
                train_counts=counts,
                eval_counts=counts,
            )
            for _ in range(200)
        ]
        assert sum(map(bool, found)) >= 195


def test_simulated_trainings_that_generalise_are_not_warned_of():
    """On few images too: also where the network is right for half of what it could learn."""
    random = np.random.default_rng(0)
    for classes in (2, 3, 10, 50):
        for each in (1, 2, 5, 10, 30, 100):
            counts = [each] * classes
            images, chance = sum(counts), chance_of(counts)
            for accuracy in ((chance + 1) / 2, 0.95):
                for _ in range(100):
                    right = random.binomial(images, np.linspace(chance, accuracy, 6)[2:]) / images
                    assert (
                        warnings_of(
                            falling(4), np.linspace(chance, 1, 4), right, train_counts=counts, eval_counts=counts
                        )
                        == []
                    )


def test_one_image_more_of_some_classes():
    """1003 images of ten classes: chance is the share of the largest."""
    counts = [101] * 3 + [100] * 7
    assert chance_of(counts) == 101 / 1003
    assert warnings_of(falling(5), 0.98, 0.97, train_counts=counts, eval_counts=counts) == []
    assert len(warnings_of(falling(5), 0.98, 101 / 1003, train_counts=counts, eval_counts=counts)) == 1


def test_a_class_without_images():
    assert warnings_of(falling(5), 0.98, 0.97, eval_counts=[100] * 9 + [0]) == []


# Nothing learned


def test_a_network_that_learned_nothing():
    losses = [31.0, 2.9, 2.31, 2.303]
    for raw_inputs, words in (
        (0.85, "The labels do fit the samples"),
        (math.nan, "The cause lies in the labels, in the model"),
    ):
        (warning,) = warnings_of(losses, 0.1, 0.1, raw_inputs=raw_inputs)
        assert warning.startswith("The network learned nothing in 4 epochs: its accuracy is 0.100 on the training ")
        assert words in warning and "if this workflow trained the network: training.learning_rate" in warning
        assert "evaluation mode" not in warning
    assert warnings_of(losses, 0.1, 0.1, raw_inputs=0.1) == [], (
        "where the raw_inputs are at chance too, the task may be hard"
    )
    assert warnings_of(losses[:2], 0.1, 0.1, raw_inputs=0.85) == []
    assert warnings_of(losses, [0.1, 0.2, 0.1, 0.1], 0.1, raw_inputs=0.85) == [], "above chance at one epoch"


def test_batch_norm_is_given_time():
    """The loss falls in training mode; after few steps the running means are not those of the data yet."""
    assert warnings_of(falling(4, 2.2, 1.5), 0.1, 0.1, raw_inputs=0.85) == []
    (warning,) = warnings_of(falling(20, 2.2, 0.5), 0.1, 0.1, raw_inputs=0.85)
    assert "The loss fell to 0.5000 all the same, and chance gives 2.3026" in warning
    assert "evaluation mode" in warning


def test_few_training_images_say_nothing():
    for counts in ([5] * 2, [1] * 10, [20] * 2):
        assert warnings_of([3.0, 2.0, 2.4], chance_of(counts), chance_of(counts), train_counts=counts) == []


def test_steps_and_snapshots_of_a_training_elsewhere_are_called_so():
    for unit, times, words in (
        ("step", [0, 500, 1000, 1500], "at step 500 and 2.3000 at best in 3 snapshots"),
        ("epoch", [0, 10, 20, 30], "at epoch 10 and 2.3000 at best in 3 snapshots"),
        ("epoch", [0, 1, 2, 3], "at epoch 1 and 2.3000 at best in 3 epochs"),
    ):
        (warning,) = learning_warnings(
            times=times,
            train_loss=[math.nan, 2.3, 2.3, 2.3],
            train_accuracy=[0.1] * 4,
            eval_accuracy=[0.1] * 4,
            train_counts=TEN,
            eval_counts=TEN,
            unit=unit,
        )
        assert words in warning
