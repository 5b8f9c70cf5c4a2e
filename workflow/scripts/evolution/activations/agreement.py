"""Whether a snapshot predicts what the training's own evaluation predicted.

Both evaluate the same weights on the same images, in two jobs and by two pieces of code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evolution.errors import ModelError
from evolution.models.repeatability import STATE_REMEDY

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
    class_accuracies : mapping of int to sequence of float (classes,)
        At each epoch, the share of each class's images that were predicted right; NaN or None for a class without.
    device : str
        The type of device, such as cpu or cuda.
    """

    class_accuracies: Mapping[int, Sequence[float | None]]
    device: str


def check_agreement(
    logits: np.ndarray, labels: np.ndarray, *, class_accuracy: Sequence[float | None], when: str, device: str
) -> None:
    """Compare how many images of each class are predicted right with what the training's history says.

    The numbers must be equal, but for images whose label's logit and best other logit are closer than `CLOSE`, or
    `CLOSE_ON_CPU`.

    Parameters
    ----------
    logits : float32 array (N, classes)
        Of the snapshot.
    labels : int64 array (N,)
    class_accuracy : sequence of float (classes,)
        The share of each class's images that the training predicted right; NaN or None for a class without images.
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
            f"{len(labels)} evaluation images right, and the training counted {expected.sum()}. The model keeps "
            f"something outside its state dict, or gives other results on another device. {STATE_REMEDY}",
            "model.name",
        )
