"""Whether a snapshot predicts what the training's own evaluation predicted.

Both evaluate the same weights on the same images, in two jobs and by two pieces of code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evolution.data.kinds import CLASSES, LABELS, NUMBER
from evolution.data.targets import Targets
from evolution.errors import ModelError
from evolution.models.repeatability import STATE_REMEDY
from evolution.scores import average_precisions, mean_of_known

# A prediction may differ where the label's logit and the best other are closer than this share of the largest logit: a
# GPU multiplies with 10 bits of mantissa (TF32), or with 8 where a model asks for bfloat16, and snapshots are taken on
# a CPU. On the training's own device evolution.training.restoring compares more closely.
CLOSE = 3e-2
# The same where the training ran on a CPU too: sums that are shared among threads round in another order.
CLOSE_ON_CPU = 1e-4


@dataclass(frozen=True)
class Evaluated:
    """What a training found when it evaluated its network.

    Attributes
    ----------
    scores : mapping of int to sequence of float (K,)
        At each time; NaN or None for a class or label without samples. Of classes the share of each class's samples
        that were predicted right; of labels each one's average precision; of a number its R² alone (1,). Empty where
        there are no labels.
    device : str
        The type of device, such as cpu or cuda.
    """

    scores: Mapping[int, Sequence[float | None]]
    device: str


# The column of a training's history that `Evaluated.scores` are from, by target.
COMPARED = {CLASSES: "class_accuracy", LABELS: "class_average_precision", NUMBER: "eval_r2"}
# What rounding to float32 moves a score by.
ROUNDING = 1e-5


def check_outputs(
    outputs: np.ndarray, targets: Targets, *, scores: Sequence[float | None], when: str, device: str
) -> None:
    """Compare the scores of what a snapshot puts out with what the training's history says.

    Parameters
    ----------
    outputs : float32 array (N, K)
        Of the snapshot.
    targets : Targets
        Of the same samples; with values.
    scores : sequence of float
        See `Evaluated`.
    when, device : str
        See `check_agreement`.

    Raises
    ------
    ModelError
        If they differ by more than rounding explains.
    """
    if targets.target == CLASSES:
        check_agreement(outputs, targets.values, class_accuracy=scores, when=when, device=device)
        return
    share = CLOSE_ON_CPU if device == "cpu" else CLOSE
    if targets.target == NUMBER:
        low, high = _r2_bounds(outputs[:, 0], targets, share)
    else:
        low, high = _precision_bounds(outputs, targets.values, share)
    expected = np.array(scores, float)
    known = np.isfinite(expected) & np.isfinite(low)
    if (np.isfinite(expected) != np.isfinite(low)).any() or not (
        (low[known] - ROUNDING <= expected[known]) & (expected[known] <= high[known] + ROUNDING)
    ).all():
        what = "R²" if targets.target == NUMBER else "average precision"
        found, before = (mean_of_known(each) for each in ((low + high) / 2, expected))
        raise ModelError(
            f"the snapshot of {when} is not the network that was trained: its {what} on the evaluation samples is "
            f"{found:.6f}, and the training found {before:.6f}. The model keeps something outside its state dict, or "
            f"gives other results on another device. {STATE_REMEDY}",
            "model.name",
        )


def _r2_bounds(outputs: np.ndarray, targets: Targets, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest R², float64 (1,), if each output may move by a share of the largest one."""
    mean, std = targets.scale
    values = (targets.values - mean) / std
    total, errors = ((values - values.mean()) ** 2).sum(), np.abs(values - outputs)
    # As r_squared has it: the squares about the mean of equal values may not be 0, by rounding.
    if not np.ptp(values) > 0 or not np.isfinite(errors).all():
        return np.full(1, np.nan), np.full(1, np.nan)
    moved = share * np.abs(outputs).max()
    worst, best = ((errors + moved) ** 2).sum(), (np.maximum(errors - moved, 0) ** 2).sum()
    return np.array([1 - worst / total]), np.array([1 - best / total])


def _precision_bounds(outputs: np.ndarray, held: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest average precision of each label, if outputs may move by a share of the largest one.

    It is highest where all samples with the label have moved up and all others down. Outputs that are not finite leave
    the other labels as they are.
    """
    moved = share * np.abs(outputs[np.isfinite(outputs)]).max(initial=0)
    towards = np.where(held, moved, -moved)
    return average_precisions(held, outputs - towards), average_precisions(held, outputs + towards)


def check_agreement(
    logits: np.ndarray, labels: np.ndarray, *, class_accuracy: Sequence[float | None], when: str, device: str
) -> None:
    """Compare how many samples of each class are predicted right with what the training's history says.

    The numbers must be equal, but for samples whose label's logit and best other logit are closer than `CLOSE`, or
    `CLOSE_ON_CPU`.

    Parameters
    ----------
    logits : float32 array (N, classes)
        Of the snapshot.
    labels : int64 array (N,)
    class_accuracy : sequence of float (classes,)
        The share of each class's samples that the training predicted right; NaN or None for a class without samples.
    when : str
        The time, for the message.
    device : str
        The type of the training's device, such as cpu.

    Raises
    ------
    ModelError
        If they differ.
    """
    counts = np.bincount(labels, minlength=len(class_accuracy))
    accuracy = np.nan_to_num(np.array(class_accuracy, float))
    expected = np.rint(accuracy * counts).astype(int)
    right = np.bincount(labels[logits.argmax(1) == labels], minlength=len(counts))
    others = logits.copy()
    others[np.arange(len(labels)), labels] = -np.inf
    margin = np.abs(logits[np.arange(len(labels)), labels] - others.max(1))
    spread = np.abs(logits - logits.mean(1, keepdims=True)).max()
    close = np.bincount(labels[margin <= (CLOSE_ON_CPU if device == "cpu" else CLOSE) * spread], minlength=len(counts))
    if (np.abs(right - expected) > close).any():
        raise ModelError(
            f"the snapshot of {when} is not the network that was trained: it predicts {right.sum()} of "
            f"{len(labels)} evaluation samples right, and the training counted {expected.sum()}. The model keeps "
            f"something outside its state dict, or gives other results on another device. {STATE_REMEDY}",
            "model.name",
        )
