"""Snapshots: what the layers and the classifier of a network put out for the eval images, at the epochs of a span."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from evolution.activations.agreement import Evaluated, check_agreement
from evolution.activations.classifier import classifier_rows
from evolution.activations.compaction import stored_rows
from evolution.activations.logit_warnings import logit_warnings
from evolution.data.network_input import load_part
from evolution.errors import UserError
from evolution.io.arrays import NpyWriter
from evolution.io.checkpoints import load_checkpoint
from evolution.io.job_log import log_warnings
from evolution.io.reading import damaged
from evolution.models.build import ModelSettings, build_run_model, memory_layout
from evolution.models.hooks import CHUNK, Outputs, record_outputs
from evolution.models.outputs import Pooling
from evolution.models.repeatability import check_repeatable, few_of

log = logging.getLogger("evolution")

# Bytes of raw activations that are in memory at once, unless a single layer has more.
HELD_BYTES = 10**9


@dataclass(frozen=True, kw_only=True)
class SnapshotSettings(ModelSettings):
    """What a run's snapshots are taken of, and in which form: `model`, `activations` and `seed` of the config.

    Attributes
    ----------
    compacted : bool
        Whether activations are stored as `evolution.activations.compaction.stored_rows`, or raw.
    pooling : Pooling
    """

    compacted: bool
    pooling: Pooling


def layer_groups(sizes: Mapping[str, int], *, limit: int = HELD_BYTES) -> list[list[str]]:
    """Split layers, in order, into groups whose activations together stay within a limit, or are a single layer's.

    Parameters
    ----------
    sizes : mapping of str to int
        The bytes of each layer's activations of all images.
    limit : int
        Bytes.
    """
    groups: list[list[str]] = []
    held = 0
    for name, size in sizes.items():
        if groups and held + size <= limit:
            groups[-1].append(name)
            held += size
        else:
            groups.append([name])
            held = size
    return groups


def take_snapshots(
    *,
    dataset: str,
    checkpoints: Sequence[str],
    epochs: Sequence[int],
    settings: SnapshotSettings,
    activations: Mapping[str, NpyWriter],
    classifier: NpyWriter | None = None,
    evaluated: Evaluated | None,
    held_bytes: int = HELD_BYTES,
    chunk: int = CHUNK,
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Write the activations of the eval images at each of the epochs, and return the predictions.

    What comes out is checked: it must be finite, the same in a second pass of a few images alone, and predict what the
    training predicted.

    Parameters
    ----------
    dataset : path of dataset.npz
    checkpoints : sequence of paths
        The checkpoints that hold the epochs' weights.
    epochs : sequence of int
    settings : SnapshotSettings
    activations : mapping of str to NpyWriter
        For each layer to follow, by dotted name, what takes its activations, float32 (N, D): an entry an epoch.
    classifier : NpyWriter, optional
        What takes `evolution.activations.classifier.classifier_rows`: an entry an epoch.
    evaluated : Evaluated or None
        What the training found at each epoch. None where nobody knows; the predictions are then not compared.
    held_bytes : int
        Bytes of raw activations that are in memory at once, unless a single layer has more. Where the layers have more
        together, the images pass through the model several times.
    chunk : int
        Images that pass through the model at once.

    Returns
    -------
    table : dict of columns
        epoch int32, sample int32, predicted int32, confidence float32 (softmax); a row for each epoch and sample.
    warnings : list of str
        What is surely a slip in the outputs at the last epoch, see `evolution.activations.logit_warnings`.

    Raises
    ------
    UserError
        If an activation is not finite, a layer cannot be followed, an epoch is in no checkpoint, or the network in
        evaluation mode is not the one that was trained.
    """
    # One thread, so that the same bytes come out at any --cores; several such jobs run at once instead.
    torch.set_num_threads(1)
    images, labels, classes = load_part(dataset, "eval")
    model = build_run_model(settings, shape=images.shape[1:], classes=classes)
    layout = memory_layout(settings.model)
    model = model.to(memory_format=layout)
    images = torch.from_numpy(images).contiguous(memory_format=layout)
    few = few_of(len(images))

    def pass_few() -> Outputs:
        return record_outputs(model, images[few], layers=list(activations), pooling=settings.pooling)

    groups = layer_groups(
        {name: len(images) * rows[0].nbytes for name, rows in pass_few().layers.items()}, limit=held_bytes
    )
    predicted, confidence, warnings = [], [], []
    pending = list(epochs)
    for path in checkpoints:
        weights = load_checkpoint(path)["weights"]
        for epoch in [epoch for epoch in pending if epoch in weights]:
            index = epochs.index(epoch)
            model.load_state_dict(weights[epoch])
            in_batch = {}
            for group in groups or [[]]:
                outputs = record_outputs(
                    model, images, layers=group, pooling=settings.pooling, classes=classes, chunk=chunk
                )
                for layer in group:
                    rows = _finite(outputs.layers.pop(layer), layer, epoch)
                    in_batch[layer] = rows[few]
                    activations[layer].put(index, stored_rows(rows, seed=settings.seed) if settings.compacted else rows)
            alone, again = pass_few(), pass_few()
            check_repeatable(
                model,
                in_batch=in_batch | {"": outputs.logits[few]},
                alone=alone.layers | {"": alone.logits},
                again=again.layers | {"": again.logits},
            )
            if evaluated is not None:
                check_agreement(
                    outputs.logits,
                    labels,
                    class_accuracy=evaluated.class_accuracies[epoch],
                    epoch=epoch,
                    device=evaluated.device,
                )
            if epoch == epochs[-1]:
                warnings = logit_warnings(outputs.logits)
            if classifier is not None:
                classifier.put(
                    index,
                    classifier_rows(
                        outputs.classifier, outputs=outputs.logits, classes=classes, compacted=settings.compacted
                    ),
                )
            probability = torch.from_numpy(outputs.logits).softmax(1).max(1)
            predicted.append(probability.indices.numpy())
            confidence.append(probability.values.numpy())
            pending.remove(epoch)
            log.info("Epoch %d of %d: %s", epoch, epochs[-1], ", ".join(activations))
    if pending:
        raise damaged(checkpoints[-1], f"no weights of epoch {pending}")
    log_warnings(warnings)
    samples = len(images)
    table = {
        "epoch": np.repeat(np.array(epochs, np.int32), samples),
        "sample": np.tile(np.arange(samples, dtype=np.int32), len(epochs)),
        "predicted": np.concatenate(predicted).astype(np.int32),
        "confidence": np.concatenate(confidence).astype(np.float32),
    }
    return table, warnings


def _finite(rows: np.ndarray, layer: str, epoch: int) -> np.ndarray:
    """A layer's activations, if all of them are finite."""
    if not np.isfinite(rows).all():
        raise UserError(
            f"layer {layer} at epoch {epoch} has activations that are not finite: the training diverged. "
            "Lower training.learning_rate, or leave the layer out of `layers`."
        )
    return rows
