"""What the curves of a training say is surely a slip: a loss that never fell, labels that do not fit the samples."""

import math
from collections.abc import Sequence

# An accuracy is above chance where it is so many standard deviations above what a network at chance has.
DEVIATIONS = 3.5
# With fewer known losses a training has only begun.
FEWEST_LOSSES = 3
# A loss that fell by a smaller share than this stands still.
FALLEN = 0.01
# A loss below this share of chance has left it behind. The accuracies may follow late, as evaluation takes the
# running means of batch norm, which settle in some steps. After LATE known losses they should have followed.
LEFT_BEHIND, LATE = 0.9, 10

RATE = "if this workflow trained the network: training.learning_rate"


def chance_of(counts: Sequence[int]) -> float:
    """The accuracy of a network that gives every sample the largest class.

    Parameters
    ----------
    counts : sequence of int (K,)
        The samples of each class.
    """
    return max(counts) / sum(counts)


def highest_by_chance(counts: Sequence[int]) -> float:
    """The accuracy that a network at chance stays below: chance and `DEVIATIONS` standard deviations of a binomial."""
    chance = chance_of(counts)
    return chance + DEVIATIONS * math.sqrt(chance * (1 - chance) / sum(counts))


def enough_samples(accuracy: float, counts: Sequence[int]) -> bool:
    """Whether the samples would show that a network halfway from chance to this accuracy is above chance."""
    halfway = (chance_of(counts) + accuracy) / 2
    lowest = halfway - DEVIATIONS * math.sqrt(halfway * (1 - halfway) / sum(counts))
    return lowest > highest_by_chance(counts)


def learning_warnings(
    *,
    times: Sequence[int],
    train_loss: Sequence[float],
    train_accuracy: Sequence[float],
    eval_accuracy: Sequence[float],
    train_counts: Sequence[int],
    eval_counts: Sequence[int],
    raw_knn_accuracy: float = math.nan,
    unit: str = "epoch",
) -> list[str]:
    """Say what is surely a slip in the curves of a training, and nothing of one that is only short or hard.

    So nothing is said before `FEWEST_LOSSES` are known, and nothing of accuracies on too few samples to tell a network
    from a network at chance. The warnings do not assume that this workflow trained the network.

    Parameters
    ----------
    times : sequence of int (E,)
        Ascending; 0 is before training.
    train_loss, train_accuracy, eval_accuracy : sequences of float (E,)
        As `tables/history.parquet` has them: the loss is NaN at time 0.
    train_counts, eval_counts : sequences of int (K,)
        The training and the evaluation samples of each class.
    raw_knn_accuracy : float
        The k-NN accuracy of the evaluation samples' raw inputs; NaN where they are not followed.
    unit : {"epoch", "step"}
        What times are counted in.

    Returns
    -------
    list of str
        Each is a warning with its reason.
    """
    losses = {time: loss for time, loss in zip(times, train_loss) if time > 0 and math.isfinite(loss)}
    if len(losses) < FEWEST_LOSSES:
        return []
    # A training that ran elsewhere is known at some of its times only.
    length = f"{len(losses)} {'epochs' if unit == 'epoch' and max(losses) == len(losses) else 'snapshots'}"
    # None: not known.
    raw_above_chance = None
    if math.isfinite(raw_knn_accuracy):
        raw_above_chance = raw_knn_accuracy > highest_by_chance(eval_counts)
    warnings = []
    first, best = next(iter(losses.values())), min(losses.values())
    still = first > 0 and first - best < FALLEN * first
    # Halfway from chance to 1, a loss that does not move is no slip: the network began with weights that fit.
    if still and train_accuracy[-1] < (chance_of(train_counts) + 1) / 2:
        reason = (
            f"The likely cause is a learning rate that is far too low or far too high ({RATE}), or outputs that do not "
            "depend on the weights"
        )
        if raw_above_chance is False:
            reason += (
                f", or the labels do not belong to the samples: the k-NN accuracy of the raw inputs is "
                f"{raw_knn_accuracy:.3f}, which is chance as well"
            )
        warnings.append(
            f"The training loss never fell by {100 * FALLEN:.0f} %: it was {first:.4f} at {unit} {min(losses)} and "
            f"{best:.4f} at best in {length}, and the accuracy on the training samples is "
            f"{train_accuracy[-1]:.3f} at the end. "
            f"{reason}."
        )
    if max(eval_accuracy) > highest_by_chance(eval_counts):
        return warnings
    chance, evaluation = chance_of(eval_counts), max(eval_accuracy)
    if train_accuracy[-1] > highest_by_chance(train_counts) and enough_samples(train_accuracy[-1], eval_counts):
        warnings.append(
            f"The network memorised its training samples (accuracy {train_accuracy[-1]:.3f}) and is at chance on the "
            f"evaluation samples: its accuracy on them is {evaluation:.3f} at best, and chance is {chance:.3f}. "
            + _why_memorised(raw_above_chance, raw_knn_accuracy)
        )
    nowhere = max(train_accuracy) <= highest_by_chance(train_counts) and enough_samples(1, train_counts)
    at_chance = chance_loss(train_counts)
    last = list(losses.values())[-1]
    late = last < LEFT_BEHIND * at_chance
    if nowhere and not still and raw_above_chance is not False and (not late or len(losses) >= LATE):
        warnings.append(
            f"The network learned nothing in {length}: its accuracy is {max(train_accuracy):.3f} on the "
            f"training samples and {evaluation:.3f} on the evaluation samples at best, and chance is {chance:.3f}. "
            + _why_nothing(raw_above_chance, raw_knn_accuracy)
        )
        if late:
            warnings[-1] += (
                f" The loss fell to {last:.4f} all the same, and chance gives {at_chance:.4f}: the network behaves "
                "differently in evaluation mode and in training (batch norm, dropout)."
            )
    return warnings


def chance_warnings(eval_accuracy: Sequence[float], eval_counts: Sequence[int]) -> list[str]:
    """Warn of a network that ran elsewhere and is at chance here, at all of its snapshots.

    Parameters
    ----------
    eval_accuracy : sequence of float (E,)
    eval_counts : sequence of int (K,)
        The evaluation samples of each class.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    if len(eval_accuracy) < 2 or max(eval_accuracy) > highest_by_chance(eval_counts):
        return []
    return [
        f"The network's accuracy on the evaluation samples is {max(eval_accuracy):.3f} at best, which is chance "
        f"({chance_of(eval_counts):.3f}). If it was better where it was trained, it does not see here what it saw "
        "there: look at the order of the classes, at how the samples are prepared (dataset.normalize and "
        "dataset.image_size, or your function), and at the weights that were taken (checkpoints.key; the snapshots' "
        "logs say which). In a recording, labels and predictions must be of the same samples in one order."
    ]


def chance_loss(counts: Sequence[int]) -> float:
    """The cross entropy of a network that gives every sample the classes' shares, in nats."""
    shares = [count / sum(counts) for count in counts if count]
    return -sum(share * math.log(share) for share in shares)


def _why_memorised(raw_above_chance: bool | None, raw_knn_accuracy: float) -> str:
    """Why a network knows its training samples and is at chance on the others."""
    if raw_above_chance is None:
        return (
            "Either the labels are shuffled against the samples, or the evaluation samples are of another kind than "
            "the training samples. With activations.raw_inputs this warning says more."
        )
    if raw_above_chance:
        return (
            f"The labels of the evaluation samples do fit these samples, as the k-NN accuracy of the raw inputs is "
            f"{raw_knn_accuracy:.3f}. So the cause lies in the training: in the labels of the training samples, in "
            "the order of the classes, in the normalisation, or in evaluation samples of another kind than the "
            "training samples."
        )
    return (
        f"The k-NN accuracy of the raw inputs, {raw_knn_accuracy:.3f}, is chance as well: the labels are probably "
        "shuffled against the samples. If they are right, the samples show too little of their classes."
    )


def _why_nothing(raw_above_chance: bool | None, raw_knn_accuracy: float) -> str:
    """Why a network knows no samples at all, where the raw inputs do not speak against the labels."""
    if raw_above_chance is None:
        return f"The cause lies in the labels, in the model or in the training ({RATE})."
    return (
        f"The labels do fit the samples, as the k-NN accuracy of the raw inputs is {raw_knn_accuracy:.3f}: the cause "
        f"lies in the model or in the training ({RATE})."
    )
