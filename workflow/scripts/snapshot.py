"""Every layer's activations, and the predictions, at each epoch of a span."""

import evolution.lean_torch  # noqa: F401 - before torch

# isort: split

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from torch import nn

from evolution.checkpoints import load_checkpoint
from evolution.classifier import classifier_rows, last_linear
from evolution.compaction import reduced
from evolution.files import JobError, NpyWriter, damaged, job_log, save_table
from evolution.kept_memory import keep_freed_memory
from evolution.layer_output import NotFollowed, check_batch, output_tensor, sample_rows
from evolution.models import build_model, memory_layout
from evolution.seeds import integer_seed
from evolution.training_data import load_part

log = logging.getLogger("evolution")

CHUNK = 250
# Bytes of raw activations that are in memory at once, unless a single layer has more.
HELD = 10**9


def find_layers(model: nn.Module, names: list[str]) -> dict[str, nn.Module]:
    """The model's modules of these dotted names.

    Raises
    ------
    JobError
        If the model lacks one; the message lists those it has.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    missing = [name for name in names if name not in modules]
    if missing:
        raise JobError(f"layers: {', '.join(missing)} is not in the model, which has {', '.join(modules)}")
    return {name: modules[name] for name in names}


def layer_outputs(
    model: nn.Module, names: list[str], images: torch.Tensor, maps: str = "flatten", tokens: str = "mean"
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Run the images through the model in evaluation mode and keep what the named layers put out.

    Parameters
    ----------
    model : Module
    names : list of str
        Dotted module names.
    images : float32 tensor (N, C, H, W)
    maps, tokens : str
        How maps and tokens become a row, see `evolution.layer_output.sample_rows`.

    Returns
    -------
    activations : dict of float32 arrays (N, D)
        Each layer's output, a row a sample.
    logits : float32 array (N, classes)

    Raises
    ------
    JobError
        If the model lacks a layer, runs one more than once or not at all, or one's output cannot be followed.
    """
    kept: dict[str, np.ndarray] = {}
    ran: set[str] = set()
    done = size = 0

    def keep(name):
        def hook(module, inputs, output):
            if name in ran:
                raise JobError(
                    f"layers: {name} runs more than once as an image passes through the model, so it has several "
                    "outputs. Leave it out of `layers`, or name a layer that runs once."
                )
            ran.add(name)
            try:
                tensor, others = output_tensor(output)
                check_batch(tuple(tensor.shape), size)
            except NotFollowed as error:
                raise JobError(
                    f"layers: {name} {error}. Leave it out of `layers`, or name a layer within it."
                ) from None
            if others and name not in kept:
                log.info("Layer %s puts out %d tensors; the first is followed", name, others + 1)
            rows = sample_rows(tensor, maps, tokens).numpy()
            if name not in kept:
                kept[name] = np.empty((len(images), rows.shape[1]), np.float32)
            elif kept[name].shape[1] != rows.shape[1]:
                raise JobError(f"layers: {name} puts out rows of different lengths for different images. Leave it out.")
            kept[name][done : done + len(rows)] = rows

        return hook

    hooks = [module.register_forward_hook(keep(name)) for name, module in find_layers(model, names).items()]
    logits = []
    # Where torch takes its short cut through transformers, the modules within do not run.
    fastpath = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        model.eval()
        with torch.inference_mode():
            for part in images.split(CHUNK):
                ran.clear()
                size = len(part)
                logits.append(model(part))
                done += len(part)
                if idle := [name for name in names if name not in ran]:
                    raise JobError(
                        f"layers: {', '.join(idle)} does not run as an image passes through the model. Leave it out of "
                        "`layers`, or name a layer within it."
                    )
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
        for hook in hooks:
            hook.remove()
    return kept, torch.cat(logits).float().numpy()


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
    """A layer's activations as they are kept: `evolution.compaction.reduced` or raw, and finite.

    Raises
    ------
    JobError
        If an activation is not finite.
    """
    if not np.isfinite(rows).all():
        raise JobError(
            f"layer {name} at epoch {epoch} has activations that are not finite: the training diverged. "
            "Lower training.learning_rate, or leave the layer out of `layers`."
        )
    return reduced(rows, seed) if compacted else rows


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
        See `evolution.models.build_model`.
    seed : int
        The config's: what a model draws besides its weights is then what it was in training. And of `reduced`.
    compacted : bool
        See `evolution.compaction.reduced`.
    keep : function of layer, place of the epoch in `epochs`, and activations float32 (N, D)
        Called for each, so that no more than one epoch's are in memory; and where those are more than `HELD` bytes,
        not all of its layers: the images then pass through the model several times.
    keep_classifier : function of place of the epoch, and `classifier_rows`
    maps, tokens : str
        How maps and tokens become a row, see `evolution.layer_output.sample_rows`.

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
