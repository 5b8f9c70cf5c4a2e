"""What each snapshot of a training takes, decided once before it begins."""

import logging
from dataclasses import replace

import numpy as np
from torch import nn

from activation_recorder.arguments import Arguments
from activation_recorder.errors import RecorderError
from activation_recorder.network import named_modules
from activation_recorder.outputs import Pooling
from activation_recorder.passes import trace
from activation_recorder.rehearsal import rehearse
from activation_recorder.selection import choose_layers
from activation_recorder.snapshot import Plan

log = logging.getLogger("activation_recorder")


def make_plan(network: nn.Module, arguments: Arguments) -> Plan:
    """Pass the samples, and decide what a snapshot takes.

    Parameters
    ----------
    network : Module
        It is left as it was.
    arguments : Arguments

    Returns
    -------
    Plan

    Raises
    ------
    RecorderError
        If the network cannot be run, or a layer cannot be followed.
    """
    modules, columns = trace(network, arguments.samples)
    shapes = {module.name: module.shape for module in modules}
    plan = Plan(
        widths={
            layer: pooled_width(shapes[layer], arguments.pooling) for layer in choose_layers(arguments.layers, modules)
        },
        pooling=arguments.pooling,
        compact=arguments.compact,
        classes=recorded_outputs(columns, arguments),
        classifier=None,
        chunk=arguments.batch_size or arguments.samples.chunk(),
    )
    classifier, other = rehearse(network, named_modules(network), arguments.samples, plan)
    if arguments.labels is None or arguments.labels.dtype.kind != "i":
        # Neural collapse is one of classes.
        return plan
    if other is not None:
        log.warning(
            "The linear layer that runs last, %s, does not give the model's outputs, as where two heads are averaged: "
            "the classifier is not recorded, and neural collapse is not measured.",
            other,
        )
    return replace(plan, classifier=classifier)


def recorded_outputs(columns: int | None, arguments: Arguments) -> int | None:
    """How many outputs are recorded as predictions; None where they cannot be.

    Parameters
    ----------
    columns : int or None
        Numbers that the model gives for a sample; None where its output has another form.
    arguments : Arguments

    Raises
    ------
    RecorderError
        If nothing says which classes there are, as the labels leave some out.
    """
    names, labels = arguments.arrays.get("class_names"), arguments.labels
    if labels is None or labels.dtype.kind != "i":
        return _outputs_of_no_classes(columns, labels, names)
    present = np.unique(labels)
    known = len(names) if names is not None else int(present[-1]) + 1
    if columns is not None and (columns < known or (names is not None and columns > known)):
        log.warning(
            "The model gives %d numbers for a sample, and %s: predictions are not recorded.",
            columns,
            f"class_names holds {known} names" if names is not None else f"labels go up to {known - 1}",
        )
        columns = None
    elif columns is not None and columns > known:
        log.warning(
            "predictions.npy is the model's output with %d numbers for a sample, and labels go up to %d. If these "
            "numbers are no logits, give class_names: predictions are then left out. Of a tuple the first tensor is "
            "taken, of a dict `logits`.",
            columns,
            known - 1,
        )
    if columns is None and names is None and len(present) < known:
        lacks = next(label for label in range(known) if label not in present)
        raise RecorderError(
            f"labels have no sample of class {lacks}, and go up to {known - 1}. Count classes from 0 without gaps, or "
            "give class_names."
        )
    return columns


def _outputs_of_no_classes(columns: int | None, labels: np.ndarray | None, names: np.ndarray | None) -> int | None:
    """The same of samples that are labelled by a number or several labels, or not at all."""
    known = None if names is None else len(names)
    if labels is not None:
        known = labels.shape[1] if labels.ndim == 2 else 1
    if columns is None or known is None or columns == known:
        return columns
    log.warning(
        "The model gives %d numbers for a sample, and %d %s known: predictions are not recorded.",
        columns,
        known,
        "is" if known == 1 else "are",
    )
    return None


def pooled_width(shape: tuple[int, ...], pooling: Pooling) -> int:
    """How many numbers a layer has for a sample after pooling.

    Parameters
    ----------
    shape : tuple of int
        Of its output for one sample.
    pooling : Pooling
    """
    if len(shape) == 2 and pooling.tokens != "flatten":
        return shape[1]
    if len(shape) > 2 and pooling.maps == "mean":
        return shape[0]
    return int(np.prod(shape))
