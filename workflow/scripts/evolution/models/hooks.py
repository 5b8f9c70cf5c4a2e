"""What a network's modules put out as images pass: forward hooks, and nothing else of a module is touched."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from evolution.errors import LayerError, UserError
from evolution.models.outputs import check_batch, output_tensor, sample_rows

log = logging.getLogger("evolution")


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


CHUNK = 250


def find_layers(model: nn.Module, names: list[str]) -> dict[str, nn.Module]:
    """The model's modules of these dotted names.

    Raises
    ------
    UserError
        If the model lacks one; the message lists those it has.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    missing = [name for name in names if name not in modules]
    if missing:
        raise UserError(f"layers: {', '.join(missing)} is not in the model, which has {', '.join(modules)}")
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
        How maps and tokens become a row, see `evolution.models.outputs.sample_rows`.

    Returns
    -------
    activations : dict of float32 arrays (N, D)
        Each layer's output, a row a sample.
    logits : float32 array (N, classes)

    Raises
    ------
    UserError
        If the model lacks a layer, runs one more than once or not at all, or one's output cannot be followed.
    """
    kept: dict[str, np.ndarray] = {}
    ran: set[str] = set()
    done = size = 0

    def keep(name):
        def hook(module, inputs, output):
            if name in ran:
                raise UserError(
                    f"layers: {name} runs more than once as an image passes through the model, so it has several "
                    "outputs. Leave it out of `layers`, or name a layer that runs once."
                )
            ran.add(name)
            try:
                tensor, others = output_tensor(output)
                check_batch(tuple(tensor.shape), size)
            except LayerError as error:
                raise UserError(
                    f"layers: {name} {error}. Leave it out of `layers`, or name a layer within it."
                ) from None
            if others and name not in kept:
                log.info("Layer %s puts out %d tensors; the first is followed", name, others + 1)
            rows = sample_rows(tensor, maps, tokens).numpy()
            if name not in kept:
                kept[name] = np.empty((len(images), rows.shape[1]), np.float32)
            elif kept[name].shape[1] != rows.shape[1]:
                raise UserError(
                    f"layers: {name} puts out rows of different lengths for different images. Leave it out."
                )
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
                    raise UserError(
                        f"layers: {', '.join(idle)} does not run as an image passes through the model. Leave it out of "
                        "`layers`, or name a layer within it."
                    )
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
        for hook in hooks:
            hook.remove()
    return kept, torch.cat(logits).float().numpy()
