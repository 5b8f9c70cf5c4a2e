"""A pass of all samples before the training begins: what a snapshot would find is found while it can be mended."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor, nn

from activation_recorder.classifier import gives_outputs
from activation_recorder.errors import RecorderError
from activation_recorder.network_outputs import NetworkOutputs
from activation_recorder.outputs import LayerFault
from activation_recorder.repeatability import check_repeatable, few_of
from activation_recorder.samples import Samples
from activation_recorder.snapshot import NETWORK, Plan, pass_samples


def rehearse(
    network: nn.Module, modules: Mapping[str, nn.Module], samples: Samples, plan: Plan
) -> tuple[str | None, str | None]:
    """Pass all samples as a snapshot does, and a few of them alone, and write nothing.

    Parameters
    ----------
    network : Module
        It is left as it was.
    modules : mapping of str to Module
        The network's, by dotted name.
    samples : Samples
    plan : Plan

    Returns
    -------
    classifier : str or None
        The linear layer that gives the outputs; None where there is none.
    other : str or None
        The linear layer that runs last, but does not give the outputs.

    Raises
    ------
    RecorderError
        If the network cannot be run on all samples, or its outputs are not repeatable.
    """
    few = few_of(len(samples))
    linear = {name: module for name, module in modules.items() if isinstance(module, nn.Linear)}

    def passed(parts: Sequence[Samples], positions: Sequence[int]) -> tuple[dict[str, np.ndarray], NetworkOutputs]:
        rows = {layer: _SomeRows(positions) for layer in plan.widths}
        outputs = NetworkOutputs(linear, plan.classes) if plan.classes else None
        pass_samples(network, modules, parts, plan, rows, outputs)
        found = {layer: sink.array() for layer, sink in rows.items()}
        if outputs is not None:
            found[NETWORK] = outputs.outputs()[list(positions)]
        return found, outputs

    try:
        in_batch, outputs = passed(samples.split(plan.chunk), few)
        twice, _ = passed([samples[few]] * 2, range(2 * len(few)))
    except LayerFault as fault:
        raise RecorderError(f"{fault}. Leave this layer out of layers, or give another batch_size.") from None
    except Exception as error:  # A user's model may raise anything, and memory may run out.
        raise RecorderError(
            f"the model cannot be run on all samples, {plan.chunk} at once ({type(error).__name__}: {error}). If "
            "memory ran out, give a smaller batch_size; otherwise leave samples out that the model does not take."
        ) from error
    check_repeatable(
        network,
        in_batch=in_batch,
        alone={name: rows[: len(few)] for name, rows in twice.items()},
        again={name: rows[len(few) :] for name, rows in twice.items()},
    )
    found = outputs.classifier() if outputs is not None else None
    if found is None:
        return None, None
    name, classifier = found
    return (name, None) if gives_outputs(classifier, outputs.outputs()) else (None, name)


class _SomeRows:
    """The rows of a layer for the samples at some positions."""

    def __init__(self, positions: Sequence[int]):
        self._positions, self._passed = positions, 0
        self._rows: dict[int, np.ndarray] = {}

    def add(self, rows: Tensor) -> None:
        for position in self._positions:
            if 0 <= position - self._passed < len(rows):
                self._rows[position] = rows[position - self._passed].cpu().numpy().copy()
        self._passed += len(rows)

    def array(self) -> np.ndarray:
        return np.stack([self._rows[position] for position in self._positions])
