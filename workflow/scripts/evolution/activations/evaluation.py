"""What a network predicts and how well, from its outputs, by the kind of target."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from evolution.activations.predictions import UNKNOWN
from evolution.data.kinds import CLASSES, LABELS, NUMBER
from evolution.data.targets import Targets
from evolution.scores import average_precisions, mean_of_known, r_squared


@dataclass(frozen=True)
class Evaluation:
    """What a network predicts for N samples, and how well.

    Attributes
    ----------
    predicted : array
        Of classes int64 (N,); of a number float64 (N,), in its own units; of K labels float32 (N, K), the probability
        of each. Without labels it is the largest output, int64 (N,), where the outputs are named, or else `UNKNOWN`.
    confidence : float32 array (N,)
        Of classes the softmax of the largest output. NaN for other targets.
    measures : dict
        eval_loss, eval_SCORE and class_SCORE, as far as the target has them (`evolution.data.kinds.SCORES`).
    """

    predicted: np.ndarray
    confidence: np.ndarray
    measures: dict[str, object]


def evaluate_outputs(outputs: np.ndarray, targets: Targets) -> Evaluation:
    """What a network predicts and how well, from its outputs.

    Parameters
    ----------
    outputs : float32 array (N, K)
        Of classes and labels their logits; of a number its value in the units of `Targets.scale`, (N, 1).
    targets : Targets
        Of the same samples.
    """
    unsure = np.full(len(outputs), np.nan, np.float32)
    if targets.target == CLASSES:
        return Evaluation(*predicted_classes(outputs), evaluate_logits(outputs, targets.values))
    if targets.target == NUMBER:
        mean, std = targets.scale
        predicted = mean + std * outputs[:, 0].astype(np.float64)
        loss = float((((predicted - targets.values) / std) ** 2).mean())
        return Evaluation(predicted, unsure, {"eval_loss": loss, "eval_r2": r_squared(targets.values, predicted)})
    if targets.target == LABELS:
        logits = torch.from_numpy(outputs).double()
        held = torch.from_numpy(targets.values).double()
        loss = functional.binary_cross_entropy_with_logits(logits, held).item()
        measures = {"eval_loss": loss} | evaluate_labels(outputs, targets.values)
        return Evaluation(logits.sigmoid().float().numpy(), unsure, measures)
    if outputs.shape[1] == len(targets.names):
        return Evaluation(*predicted_classes(outputs), {})
    return Evaluation(np.full(len(outputs), UNKNOWN), unsure, {})


def evaluate_labels(scores: np.ndarray, held: np.ndarray) -> dict[str, object]:
    """The scores of predicted labels.

    Parameters
    ----------
    scores : float array (N, K)
        Logits or probabilities.
    held : bool array (N, K)

    Returns
    -------
    dict
        eval_average_precision, the mean over the labels that some samples have and some do not, and
        class_average_precision, list of float (K,), NaN for the other labels.
    """
    by_label = average_precisions(held, scores)
    return {"eval_average_precision": mean_of_known(by_label), "class_average_precision": by_label.tolist()}


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
