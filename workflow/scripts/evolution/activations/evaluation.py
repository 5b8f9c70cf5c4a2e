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
    loss = functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels))
    return {"eval_loss": loss.item()} | evaluate_classes(logits.argmax(1), labels, logits.shape[1])


def predicted_classes(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class that a network gives each sample, and how sure it is.

    Parameters
    ----------
    logits : float32 array (N, classes)

    Returns
    -------
    predicted : int64 array (N,)
    confidence : float32 array (N,)
        The softmax of the largest logit.
    """
    probability = torch.from_numpy(logits).softmax(1).max(1)
    return probability.indices.numpy(), probability.values.numpy()


def evaluate_classes(predicted: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, object]:
    """Accuracies where the predicted classes alone are known; parameters and result as `evaluate_logits`."""
    right = predicted == labels
    counts = np.bincount(labels, minlength=classes)
    by_class = np.bincount(labels, weights=right, minlength=classes) / np.where(counts, counts, np.nan)
    return {"eval_accuracy": right.mean().item(), "class_accuracy": by_class.tolist()}
