"""Every layer's activations, and the predictions, at each epoch of a span."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from evolution.checkpoints import load_checkpoint
from evolution.compaction import compact
from evolution.files import JobError, NpyWriter, damaged, job_log, save_table
from evolution.models import build_model
from evolution.training_data import load_part

log = logging.getLogger("evolution")

CHUNK = 250


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


def layer_outputs(model: nn.Module, names: list[str], images: torch.Tensor) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Run the images through the model in evaluation mode and keep what the named layers put out.

    Parameters
    ----------
    model : Module
    names : list of str
        Dotted module names.
    images : float32 tensor (N, C, H, W)

    Returns
    -------
    activations : dict of float32 arrays (N, D)
        Each layer's output, flattened per sample.
    logits : float32 array (N, classes)

    Raises
    ------
    JobError
        If the model lacks a layer, or runs one more than once.
    """
    kept: dict[str, np.ndarray] = {}
    ran: set[str] = set()
    done = 0

    def keep(name):
        def hook(module, inputs, output):
            if name in ran:
                raise JobError(
                    f"layers: {name} runs more than once as an image passes through the model, so it has several "
                    "outputs. Leave it out of `layers`, or name a layer that runs once."
                )
            ran.add(name)
            flat = output.flatten(1).numpy()
            if name not in kept:
                kept[name] = np.empty((len(images), flat.shape[1]), np.float32)
            kept[name][done : done + len(flat)] = flat

        return hook

    hooks = [module.register_forward_hook(keep(name)) for name, module in find_layers(model, names).items()]
    logits = []
    try:
        model.eval()
        with torch.inference_mode():
            for part in images.split(CHUNK):
                ran.clear()
                logits.append(model(part))
                done += len(part)
    finally:
        for hook in hooks:
            hook.remove()
    return kept, torch.cat(logits).numpy()


def stored_form(name: str, epoch: int, rows: np.ndarray, compacted: bool) -> np.ndarray:
    """A layer's activations as they are kept: compact or raw, and finite.

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
    return compact(rows) if compacted else rows


@contextmanager
def last_linear(model: nn.Module, classes: int) -> Iterator[list]:
    """While this is open, note the linear layer that runs last in each pass of the model, and what it is given.

    Yields
    ------
    list
        Of (module, float32 array (n, D)), one a pass: filled as the model runs. None for a pass in which the linear
        layer that ran last does not give a number a class from one vector a sample: there is no classifier then.
    """
    passes: list = []

    def start(module, inputs):
        passes.append(None)

    def note(module, inputs, output):
        fits = bool(inputs) and inputs[0].ndim == 2 and output.shape[1] == classes
        passes[-1] = (module, inputs[0].numpy().copy()) if fits else None

    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    hooks = [model.register_forward_pre_hook(start), *(module.register_forward_hook(note) for module in linear)]
    try:
        yield passes
    finally:
        for hook in hooks:
            hook.remove()


def classifier_rows(passes: list, samples: int, classes: int, compacted: bool) -> np.ndarray:
    """What neural collapse needs of the classifier: the vectors it is given, and its weights.

    Parameters
    ----------
    passes : list
        See `last_linear`.
    samples, classes : int
    compacted : bool
        See `evolution.compaction.compact`; of both together, which keeps their inner products.

    Returns
    -------
    float32 array (samples + classes, D)
        A row an image, then a row a class: its weights. One column of NaN where the model has no classifier.
    """
    if not passes or None in passes or len({id(module) for module, _ in passes}) > 1:
        log.info("The model does not end in a linear layer: its classifier is NaN")
        return np.full((samples + classes, 1), np.nan, np.float32)
    rows = np.concatenate([*(inputs for _, inputs in passes), passes[0][0].weight.detach().numpy()])
    return compact(rows) if compacted and np.isfinite(rows).all() else rows


def snapshot_span(
    dataset: str,
    checkpoints: list[str],
    epochs: list[int],
    layers: list[str],
    model_name: str,
    model_kwargs: dict,
    compacted: bool,
    keep: Callable[[str, int, np.ndarray], None],
    keep_classifier: Callable[[int, np.ndarray], None] = lambda place, rows: None,
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
    compacted : bool
        See `evolution.compaction.compact`.
    keep : function of layer, place of the epoch in `epochs`, and activations float32 (N, D)
        Called for each, so that no more than one epoch's are in memory.
    keep_classifier : function of place of the epoch, and `classifier_rows`

    Returns
    -------
    dict of columns
        epoch int32, sample int32, predicted int32, confidence float32 (softmax); a row an epoch and sample.
    """
    # One thread, so that the same bytes come out at any --cores; jobs run beside each other instead.
    torch.set_num_threads(1)
    images, _, classes = load_part(dataset, "eval")
    model = build_model(model_name, model_kwargs, images.shape[1:], classes, seed=0)
    model = model.to(memory_format=torch.channels_last)
    images = torch.from_numpy(images).contiguous(memory_format=torch.channels_last)
    predicted, confidence = [], []
    pending = list(epochs)
    for path in checkpoints:
        weights = load_checkpoint(path)["weights"]
        for epoch in [epoch for epoch in pending if epoch in weights]:
            model.load_state_dict(weights[epoch])
            with last_linear(model, classes) as passes:
                outputs, logits = layer_outputs(model, layers, images)
            keep_classifier(epochs.index(epoch), classifier_rows(passes, len(images), classes, compacted))
            for name in layers:
                keep(name, epochs.index(epoch), stored_form(name, epoch, outputs.pop(name), compacted))
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
            snakemake.params.compact,
            lambda layer, place, rows: writers[layer].put(place, rows),
            classifier.put,
        )
        save_table(snakemake.output.predictions, predictions)
