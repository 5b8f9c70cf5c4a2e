"""What a network's classifier is given and weighs it with, noted as images pass."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from torch import nn

from evolution.compaction import compact

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
