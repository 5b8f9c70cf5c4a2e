"""What a network that trains predicts: its accuracies on the images it trains on and on those it is evaluated on."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from evolution.models.outputs import logits_of

# Images that pass through the model at once in an evaluation, by the type of device: more gain nothing and cost memory.
EVALUATION_CHUNK = {"cpu": 250, "cuda": 2000}


@dataclass(frozen=True)
class Samples:
    """Images, float32 (N, C, H, W), and their labels, int64 (N,), on the device that trains."""

    images: torch.Tensor
    labels: torch.Tensor


def predict(model: nn.Module, images: torch.Tensor, chunk: int | None = None) -> torch.Tensor:
    """Predicted class of each image, in evaluation mode.

    Parameters
    ----------
    model : Module
    images : float32 tensor (N, C, H, W)
    chunk : int, optional
        Images that pass through the model at once; by default `EVALUATION_CHUNK`.

    Returns
    -------
    int64 tensor (N,)
    """
    model.eval()
    with torch.inference_mode():
        parts = images.split(chunk or EVALUATION_CHUNK[images.device.type])
        return torch.cat([logits_of(model(part)).argmax(1) for part in parts])


def evaluate(*, model: nn.Module, train: Samples, evaluation: Samples, classes: int) -> dict[str, object]:
    """Accuracies in evaluation mode: on the training images, the evaluation images, and each class of the latter.

    Parameters
    ----------
    model : Module
    train, evaluation : Samples
    classes : int

    Returns
    -------
    dict
        train_accuracy and eval_accuracy, float; class_accuracy, list of floats, NaN for a class without images.
    """
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
