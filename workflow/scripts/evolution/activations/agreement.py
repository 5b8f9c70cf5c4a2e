"""Whether a snapshot predicts what the training's own evaluation predicted.

Both evaluate the same weights on the same images, in two jobs and by two pieces of code.
"""

from collections.abc import Sequence

import numpy as np

from evolution.errors import ModelError

# A prediction may differ where the label's logit and the best other are closer than this share of the largest logit: a
# GPU multiplies with 10 bits of mantissa (TF32), or with 8 where a model asks for bfloat16, and snapshots are taken on
# a CPU. On the training's own device evolution.training.restoring compares more closely.
CLOSE = 3e-2


def check_agreement(
    logits: np.ndarray, labels: np.ndarray, *, class_accuracy: Sequence[float | None], epoch: int
) -> None:
    """Compare how many images of each class are predicted right with what the training's history says.

    The numbers must be equal, but for images whose label's logit and best other logit are closer than `CLOSE`.

    Parameters
    ----------
    logits : float32 array (N, classes)
        Of the snapshot.
    labels : int64 array (N,)
    class_accuracy : sequence of float (classes,)
        The share of each class's images that the training predicted right; NaN or None for a class without images.
    epoch : int
        For the message.

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
    close = np.bincount(labels[margin <= CLOSE * spread], minlength=len(counts))
    if (np.abs(right - expected) > close).any():
        raise ModelError(
            f"the snapshot of epoch {epoch} is not the network that was trained: it predicts {right.sum()} of "
            f"{len(labels)} evaluation images right, and the training counted {expected.sum()}. The model keeps "
            "something outside its state dict (use self.register_buffer, or get_extra_state and set_extra_state), or "
            "computes otherwise on another device.",
            "model.name",
        )
