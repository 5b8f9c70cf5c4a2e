"""How well a network classifies, from its outputs."""

import numpy as np
import torch
from torch.nn import functional


def evaluate_logits(logits: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """Loss and accuracies of a network.

    Parameters
    ----------
    logits : float32 array (N, classes)
    labels : int64 array (N,)

    Returns
    -------
    dict
        eval_loss (mean cross entropy) and eval_accuracy, float; class_accuracy, list of float (classes,), NaN for a
        class without samples.
    """
    right = logits.argmax(1) == labels
    counts = np.bincount(labels, minlength=logits.shape[1])
    by_class = np.bincount(labels, weights=right, minlength=logits.shape[1]) / np.where(counts, counts, np.nan)
    loss = functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels))
    return {"eval_loss": loss.item(), "eval_accuracy": right.mean().item(), "class_accuracy": by_class.tolist()}
