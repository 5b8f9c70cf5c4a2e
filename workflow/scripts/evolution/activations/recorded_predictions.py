"""What a recording says of its model's predictions, by the kind of target."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from evolution.activations.evaluation import Evaluation, evaluate_classes, evaluate_labels, evaluate_outputs
from evolution.activations.predictions import UNKNOWN
from evolution.data.kinds import LABELS, NONE, NUMBER, SCORES
from evolution.data.targets import Targets
from evolution.errors import UserError
from evolution.sources.recording_format import CLASS_NAMES


def evaluate_recorded(
    given: np.ndarray | None, targets: Targets, *, path: str | None
) -> tuple[Evaluation, np.ndarray | None]:
    """What a time says of the model's predictions, and its outputs where they are there.

    Parameters
    ----------
    given : array or None
        Of classes the outputs, float32 (N, K), or the predicted classes, int64 (N,); of a number (N,) or (N, 1), in the
        unit of the labels; of labels (N, K), probabilities where all are from 0 to 1 and not all 0, and else logits.
        None where there are none.
    targets : Targets
        Of the same samples.
    path : str or None
        Of the predictions, for messages.

    Returns
    -------
    evaluation : Evaluation
        With NaN or `UNKNOWN` where nobody knows.
    outputs : float32 array (N, K) or None
        Logits, or what the model puts out in their place.

    Raises
    ------
    UserError
        If the predictions are none of the target.
    """
    if given is None:
        return _unknown(targets), None
    if targets.target == NUMBER:
        return _evaluated_number(given, path, targets), None
    if targets.target == LABELS:
        return _evaluated_labels(given, path, targets)
    if given.ndim == 2:
        return evaluate_outputs(given, targets), given
    if given.dtype.kind == "f":
        raise UserError(
            f"{path} is {given.dtype} {given.shape}; give the model's outputs, floats (N, K), or the classes that "
            "it predicts, whole numbers (N,). A number for each sample goes with labels that are numbers"
        )
    if targets.target == NONE and not targets.names:
        return _unknown(targets), None
    classes = len(targets.names)
    if given.min() < 0 or given.max() >= classes:
        raise UserError(
            f"{path} has classes from {given.min()} to {given.max()}, and there are {classes} classes; "
            f"count them from 0, and name all of them in {CLASS_NAMES}.npy"
        )
    measures = {} if targets.target == NONE else evaluate_classes(given, targets.values, classes)
    return Evaluation(given, _unsure(len(given)), measures), None


def _unsure(samples: int) -> np.ndarray:
    return np.full(samples, math.nan, np.float32)


def _unknown(targets: Targets) -> Evaluation:
    """The evaluation of a time without predictions."""
    samples, score, count = targets.count, SCORES.get(targets.target), len(targets.names)
    measures = {} if score is None else {f"eval_{score}": math.nan}
    if targets.target == NUMBER:
        return Evaluation(_unsure(samples), _unsure(samples), measures)
    if score is not None:
        measures[f"class_{score}"] = [math.nan] * count
    if targets.target == LABELS:
        return Evaluation(np.full((samples, count), math.nan, np.float32), _unsure(samples), measures)
    return Evaluation(np.full(samples, UNKNOWN), _unsure(samples), measures)


def _evaluated_number(given: np.ndarray, path: str, targets: Targets) -> Evaluation:
    """Evaluate a predicted number, (N,) or (N, 1), which is in the unit of the labels."""
    if given.ndim == 2 and given.shape[1] != 1:
        raise UserError(
            f"{path} has {given.shape[1]} numbers for each sample, and the labels are one number; give (N,)"
        )
    return evaluate_outputs(given.reshape(len(given), 1), replace(targets, scale=(0.0, 1.0)))


def _evaluated_labels(given: np.ndarray, path: str, targets: Targets) -> tuple[Evaluation, np.ndarray | None]:
    """Evaluate the scores of labels."""
    if given.shape != targets.values.shape:
        raise UserError(
            f"{path} is {given.shape}, and there are {targets.values.shape[1]} labels; give a probability or a logit "
            f"for each sample and label, {targets.values.shape}"
        )
    # A head that starts at 0 puts out zeros, which are logits: that no label holds of any sample is no prediction.
    if given.min() < 0 or given.max() > 1 or not given.any():
        return evaluate_outputs(given.astype(np.float32), targets), given
    shares = torch.from_numpy(given.astype(np.float64))
    loss = functional.binary_cross_entropy(shares, torch.from_numpy(targets.values).double()).item()
    measures = {"eval_loss": loss} | evaluate_labels(given, targets.values)
    return Evaluation(shares.float().numpy(), _unsure(len(given)), measures), None
