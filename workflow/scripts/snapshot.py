"""Every layer's activations, and the predictions, at each epoch of a span."""

import evolution.startup.load_torch  # noqa: F401 - before torch
from evolution.models.hooks import layer_outputs

# isort: split

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from evolution.activations.classifier import classifier_rows
from evolution.activations.compaction import stored_rows
from evolution.data.network_input import load_part
from evolution.errors import UserError
from evolution.io.arrays import NpyWriter
from evolution.io.checkpoints import load_checkpoint
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import save_table
from evolution.models.build import build_model, memory_layout
from evolution.models.hooks import last_linear
from evolution.seeds import integer_seed
from evolution.training.memory import keep_freed_memory

log = logging.getLogger("evolution")

# Bytes of raw activations that are in memory at once, unless a single layer has more.
HELD = 10**9


def layer_groups(sizes: dict[str, int], limit: int = HELD) -> list[list[str]]:
    """Part layers, in order, into groups whose activations together stay within a limit, or are a single layer's.

    Parameters
    ----------
    sizes : dict
        Layer to the bytes that its activations of all images take.
    limit : int
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


def stored_form(name: str, epoch: int, rows: np.ndarray, compacted: bool, seed: int) -> np.ndarray:
    """A layer's activations as they are kept: `evolution.activations.compaction.stored_rows` or raw, and finite.

    Raises
    ------
    UserError
        If an activation is not finite.
    """
    if not np.isfinite(rows).all():
        raise UserError(
            f"layer {name} at epoch {epoch} has activations that are not finite: the training diverged. "
            "Lower training.learning_rate, or leave the layer out of `layers`."
        )
    return stored_rows(rows, seed) if compacted else rows


def snapshot_span(
    dataset: str,
    checkpoints: list[str],
    epochs: list[int],
    layers: list[str],
    model_name: str,
    model_kwargs: dict,
    seed: int,
    compacted: bool,
    keep: Callable[[str, int, np.ndarray], None],
    keep_classifier: Callable[[int, np.ndarray], None] = lambda place, rows: None,
    maps: str = "flatten",
    tokens: str = "mean",
) -> dict[str, np.ndarray]:
    """Activations and predictions of the eval images at each of the epochs.

    Parameters
    ----------
    dataset : path of dataset.npz
    checkpoints : list of paths
        Those that hold the epochs' weights.
    epochs : list of int
    layers : list of str
    model_name, model_kwargs
        See `evolution.models.build.build_model`.
    seed : int
        The config's: what a model draws besides its weights is then what it was in training. And of `stored_rows`.
    compacted : bool
        See `evolution.activations.compaction.stored_rows`.
    keep : function of layer, place of the epoch in `epochs`, and activations float32 (N, D)
        Called for each, so that no more than one epoch's are in memory; and where those are more than `HELD` bytes,
        not all of its layers: the images then pass through the model several times.
    keep_classifier : function of place of the epoch, and `classifier_rows`
    maps, tokens : str
        How maps and tokens become a row, see `evolution.models.outputs.sample_rows`.

    Returns
    -------
    dict of columns
        epoch int32, sample int32, predicted int32, confidence float32 (softmax); a row an epoch and sample.
    """
    # One thread, so that the same bytes come out at any --cores; jobs run beside each other instead.
    torch.set_num_threads(1)
    images, _, classes = load_part(dataset, "eval")
    model = build_model(model_name, model_kwargs, images.shape[1:], classes, integer_seed(seed, "weights"))
    layout = memory_layout(model_name)
    model = model.to(memory_format=layout)
    images = torch.from_numpy(images).contiguous(memory_format=layout)
    first, _ = layer_outputs(model, layers, images[:2], maps, tokens)
    groups = layer_groups({name: len(images) * rows[0].nbytes for name, rows in first.items()})
    predicted, confidence = [], []
    pending = list(epochs)
    for path in checkpoints:
        weights = load_checkpoint(path)["weights"]
        for epoch in [epoch for epoch in pending if epoch in weights]:
            model.load_state_dict(weights[epoch])
            for group in groups or [[]]:
                with last_linear(model, classes) as passes:
                    outputs, logits = layer_outputs(model, group, images, maps, tokens)
                for name in group:
                    keep(name, epochs.index(epoch), stored_form(name, epoch, outputs.pop(name), compacted, seed))
            keep_classifier(epochs.index(epoch), classifier_rows(passes, len(images), classes, compacted))
            probability = torch.from_numpy(logits).softmax(1).max(1)
            predicted.append(probability.indices.numpy())
            confidence.append(probability.values.numpy())
            pending.remove(epoch)
            log.info("Epoch %d of %d: %s", epoch, epochs[-1], ", ".join(layers))
    if pending:
        raise damaged(checkpoints[-1], f"no weights of epoch {pending}")
    samples = len(images)
    return {
        "epoch": np.repeat(np.array(epochs, np.int32), samples),
        "sample": np.tile(np.arange(samples, dtype=np.int32), len(epochs)),
        "predicted": np.concatenate(predicted).astype(np.int32),
        "confidence": np.concatenate(confidence).astype(np.float32),
    }


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]), ExitStack() as files:
        epochs = snakemake.params.epochs
        # The layers come from the outputs and not from params: asking for one more then adds a file to the job and
        # does not call the files that it already wrote outdated.
        writers = {
            Path(path).stem: files.enter_context(NpyWriter(path, len(epochs)))
            for path in snakemake.output
            if path.endswith(".npy") and path != snakemake.output.classifier
        }
        classifier = files.enter_context(NpyWriter(snakemake.output.classifier, len(epochs)))
        predictions = snapshot_span(
            snakemake.input.dataset,
            list(snakemake.input.checkpoints),
            epochs,
            list(writers),
            snakemake.params.model,
            snakemake.params.model_kwargs,
            snakemake.params.seed,
            snakemake.params.compact,
            lambda layer, place, rows: writers[layer].put(place, rows),
            classifier.put,
            snakemake.params.maps,
            snakemake.params.tokens,
        )
        save_table(snakemake.output.predictions, predictions)
