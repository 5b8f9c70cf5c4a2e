"""What a network that trains predicts: its scores on the samples it trains on and on those it is evaluated on."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from evolution.data.kinds import CLASSES, LABELS, NUMBER
from evolution.models.outputs import logits_of
from evolution.scores import average_precisions, mean_of_known, r_squared

# Images that pass through the model at once in an evaluation, by the type of device: more gain nothing and cost memory.
EVALUATION_CHUNK = {"cpu": 250, "cuda": 2000}


@dataclass(frozen=True)
class Samples:
    """Samples on the device that trains.

    Attributes
    ----------
    images : tensor (N, ...)
        What the network is given: of images, rows and signals float32, of tokens int64.
    labels : tensor
        As a step of training is given them: of classes int64 (N,); of a number float32 (N,), standardised; of several
        labels float32 (N, K) of 0 and 1; where there are no labels int64 (N,) of -1.
    """

    images: torch.Tensor
    labels: torch.Tensor


def put_out(model: nn.Module, images: torch.Tensor, chunk: int | None = None) -> torch.Tensor:
    """What the model puts out for each sample, in evaluation mode.

    Parameters
    ----------
    model : Module
    images : tensor (N, ...)
    chunk : int, optional
        Samples that pass through the model at once; by default `EVALUATION_CHUNK`.

    Returns
    -------
    tensor (N, ...)
    """
    model.eval()
    with torch.inference_mode():
        parts = images.split(chunk or EVALUATION_CHUNK[images.device.type])
        return torch.cat([logits_of(model(part)) for part in parts])


def predict(model: nn.Module, images: torch.Tensor, chunk: int | None = None) -> torch.Tensor:
    """Predicted class of each sample, int64 (N,), in evaluation mode; parameters as `put_out`."""
    return put_out(model, images, chunk).argmax(1)


def evaluate(
    *, model: nn.Module, train: Samples, evaluation: Samples, classes: int | None, target: str = CLASSES
) -> dict[str, object]:
    """Scores in evaluation mode: on the training samples, the evaluation samples, and each class or label of these.

    Parameters
    ----------
    model : Module
    train, evaluation : Samples
    classes : int or None
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Returns
    -------
    dict
        train_SCORE and eval_SCORE, float, with the score of the target (`evolution.data.kinds.SCORES`); of classes
        and labels also class_SCORE, list of floats, NaN for a class without samples, and for a label that none of them
        has, or all. Empty where there are no labels.
    """
    parts = {"train": train, "eval": evaluation}
    if target in (NUMBER, LABELS):
        outputs = {part: put_out(model, samples.images).double().cpu().numpy() for part, samples in parts.items()}
        labels = {part: samples.labels.cpu().numpy() for part, samples in parts.items()}
    if target == NUMBER:
        return {f"{part}_r2": r_squared(labels[part], outputs[part].ravel()) for part in parts}
    if target == LABELS:
        by_label = {part: average_precisions(labels[part] > 0, outputs[part]) for part in parts}
        means = {f"{part}_average_precision": mean_of_known(each) for part, each in by_label.items()}
        return means | {"class_average_precision": by_label["eval"].tolist()}
    if target != CLASSES:
        return {}
    train_right = (predict(model, train.images) == train.labels).double().mean().item()
    right = (predict(model, evaluation.images) == evaluation.labels).cpu().numpy()
    labels = evaluation.labels.cpu().numpy()
    counts = np.bincount(labels, minlength=classes)
    by_class = np.bincount(labels, weights=right, minlength=classes) / np.where(counts, counts, np.nan)
    return {"train_accuracy": train_right, "eval_accuracy": right.mean(), "class_accuracy": by_class.tolist()}


def has_finite_outputs(model: nn.Module, images: torch.Tensor) -> bool:
    """Whether all that the model puts out for the images in evaluation mode is finite; parameters as `predict`."""
    model.eval()
    with torch.inference_mode():
        parts = images.split(EVALUATION_CHUNK[images.device.type])
        return all(bool(logits_of(model(part)).isfinite().all()) for part in parts)
