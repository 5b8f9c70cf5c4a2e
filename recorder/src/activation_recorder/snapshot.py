"""A snapshot: what layers put out for all samples, pooled, compacted on the device, and written layer by layer."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from activation_recorder.compaction import MOST_SAMPLES, Gram, coordinates
from activation_recorder.network_outputs import NetworkOutputs
from activation_recorder.npy import NpyRows, write_array
from activation_recorder.outputs import LayerFault, Pooling, check_batch, output_tensor, sample_rows
from activation_recorder.passes import IDLE, REPEATED, evaluated
from activation_recorder.samples import Samples

# Bytes of pooled rows that are held on the device at once. Where wide layers have more together, the samples pass
# through the network several times, and each time other features are held.
HELD_BYTES = 10**9

# The network itself, where layers are called by their names.
NETWORK = ""


class Sink(Protocol):
    """What takes the rows of a layer, a batch at a time."""

    def add(self, rows: Tensor) -> None: ...


@dataclass(frozen=True)
class Plan:
    """What a snapshot takes.

    Attributes
    ----------
    widths : dict of str to int
        The followed layers, and how many numbers each has for a sample after pooling.
    pooling : Pooling
    compact : bool
        Whether rows of more features than there are samples become coordinates.
    classes : int or None
        How many numbers the network gives for a sample; None where there are no predictions to write.
    classifier : str or None
        The linear layer that gives them; None where it is not written.
    chunk : int
        Samples that pass at once.
    """

    widths: Mapping[str, int]
    pooling: Pooling
    compact: bool
    classes: int | None
    classifier: str | None
    chunk: int

    def is_compacted(self, layer: str, samples: int) -> bool:
        return self.compact and samples < self.widths[layer] and samples <= MOST_SAMPLES

    def settled(self, before: Mapping[str, object]) -> "Plan":
        """This plan, with the files that the times of an earlier part of the training have."""
        return replace(self, classes=before["classes"], classifier=before["classifier"])


@dataclass(frozen=True)
class Findings:
    """What is worth a warning in a snapshot.

    Attributes
    ----------
    broken : list of str
        The layers in which a number is not finite.
    too_large : list of str
        The layers of finite numbers that have a row longer than float32 can say.
    classifier_differs : bool
        Whether the classifier that was written does not give the outputs.
    """

    broken: list[str]
    too_large: list[str]
    classifier_differs: bool


def write_snapshot(
    folder: Path,
    network: nn.Module,
    modules: Mapping[str, nn.Module],
    samples: Samples,
    plan: Plan,
    *,
    held_bytes: int = HELD_BYTES,
) -> Findings:
    """Pass the samples through a network, and write what its layers put out.

    Parameters
    ----------
    folder : Path
        It gets {layer}.npy for each layer, predictions.npy and the classifier's three files, as the plan has them.
    network : Module
        It is left as it was.
    modules : mapping of str to Module
        The network's, by dotted name.
    samples : Samples
    plan : Plan
    held_bytes : int

    Returns
    -------
    Findings

    Raises
    ------
    LayerFault
        If a layer does not put out what it put out for the first samples.
    OSError
        If a file cannot be written.
    """
    count = len(samples)
    parts = samples.split(plan.chunk)
    wide = [layer for layer in plan.widths if plan.is_compacted(layer, count)]
    grams: dict[str, Gram] = {}
    broken, too_large, differs = set(), set(), False
    linear = {plan.classifier: modules[plan.classifier]} if plan.classifier in modules else {}
    for index, blocks in enumerate(_blocks(plan, wide, count, held_bytes, one_pass=len(parts) == 1)):
        held = {layer: _Block(layer, grams, count, *features) for layer, features in blocks}
        narrow = [layer for layer in plan.widths if layer not in wide] if index == 0 else []
        outputs = NetworkOutputs(linear, plan.classes) if index == 0 and plan.classes else None
        with ExitStack() as stack:
            files = {
                layer: stack.enter_context(closing(_File(folder, layer, count, plan.widths[layer]))) for layer in narrow
            }
            pass_samples(network, modules, parts, plan, held | files, outputs)
        broken |= {layer for layer, file in files.items() if file.broken}
        for layer, block in held.items():
            block.close()
            if block.stop == plan.widths[layer]:
                products = grams.pop(layer).products
                were_finite = bool(products.diagonal().isfinite().all())
                array = coordinates(products).cpu().numpy()
                if not np.isfinite(array).all():
                    (too_large if were_finite else broken).add(layer)
                write_array(folder / f"{layer}.npy", array)
        if outputs is not None:
            differs = not outputs.write(folder, with_classifier=plan.classifier is not None)
    return Findings(
        [layer for layer in plan.widths if layer in broken],
        [layer for layer in plan.widths if layer in too_large],
        differs,
    )


def _blocks(
    plan: Plan, wide: Sequence[str], samples: int, held_bytes: int, one_pass: bool
) -> list[list[tuple[str, tuple[int, int]]]]:
    """For each pass, the layers whose features are taken in it, and which of these.

    Where all samples pass at once nothing has to be held, and one pass is enough.
    """
    if one_pass:
        return [[(layer, (0, plan.widths[layer])) for layer in wide]]
    most = max(1, held_bytes // (4 * samples))
    passes, left = [[]], most
    for layer in wide:
        start = 0
        while start < plan.widths[layer]:
            # A part of a layer is only cut off where a whole pass is too small for the layer.
            if left == 0 or (left < plan.widths[layer] <= most):
                passes.append([])
                left = most
            stop = min(plan.widths[layer], start + left)
            passes[-1].append((layer, (start, stop)))
            left -= stop - start
            start = stop
    return passes


def pass_samples(
    network: nn.Module,
    modules: Mapping[str, nn.Module],
    parts: Sequence[Samples],
    plan: Plan,
    sinks: Mapping[str, Sink],
    outputs: NetworkOutputs | None,
) -> None:
    """Pass samples once, and give what layers put out to their sinks.

    Parameters
    ----------
    network : Module
        It is left as it was.
    modules : mapping of str to Module
    parts : sequence of Samples
        Those that pass at once.
    plan : Plan
    sinks : mapping of str to Sink
        By the names of layers.
    outputs : NetworkOutputs or None
        What takes the outputs of the network itself.

    Raises
    ------
    LayerFault
        If a layer does not put out what the plan says, or does not run once for each sample.
    """
    runs = {}
    linear = outputs.linear if outputs else {}

    def note(name: str, inputs: tuple, output: object) -> None:
        runs[name] = runs.get(name, 0) + 1
        if name in sinks:
            if runs[name] > 1:
                raise LayerFault(f"{name} {REPEATED}")
            try:
                tensor = output_tensor(output)
                check_batch(tuple(tensor.shape), len(part))
                rows = sample_rows(tensor, plan.pooling, mask=mask)
                if rows.shape[1] != plan.widths[name]:
                    raise LayerFault(
                        f"puts out {rows.shape[1]} numbers for a sample, and put out {plan.widths[name]} before"
                    )
            except LayerFault as fault:
                raise LayerFault(f"{name} {fault}") from None
            sinks[name].add(rows)
        if name in linear:
            outputs.note_linear(name, inputs, output)

    if gone := [layer for layer in sinks if layer not in modules]:
        raise LayerFault(f"{', '.join(gone)} is not in the model any more")
    watched = {**linear, **{layer: modules[layer] for layer in sinks}}
    with evaluated(network, watched, note) as run:
        for part in parts:
            mask = part.mask()
            runs.clear()
            output = run(part)
            if outputs:
                outputs.note_output(output)
            if idle := [layer for layer in sinks if layer not in runs]:
                raise LayerFault(f"{', '.join(idle)} {IDLE}")


class _File:
    """The rows of a layer, written as they come."""

    def __init__(self, folder: Path, layer: str, samples: int, width: int):
        self._file = NpyRows(folder / f"{layer}.npy", samples, width)
        self.broken = False

    def add(self, rows: Tensor) -> None:
        array = rows.cpu().numpy()
        self.broken |= not np.isfinite(array).all()
        self._file.add(array)

    def close(self) -> None:
        self._file.close()


class _Block:
    """Some features of a layer: held until all samples have passed, or added up at once where all pass together.

    Parameters
    ----------
    layer : str
    grams : dict of str to Gram
        The layer's gets the products.
    samples, start, stop : int
    """

    def __init__(self, layer: str, grams: dict[str, Gram], samples: int, start: int, stop: int):
        self._layer, self._grams, self._samples = layer, grams, samples
        self._start, self.stop = start, stop
        self._held: Tensor | None = None
        self._filled = 0

    def add(self, rows: Tensor) -> None:
        block = rows[:, self._start : self.stop]
        if len(rows) == self._samples:
            self._sum(block)
            return
        if self._held is None:
            self._held = torch.empty(self._samples, block.shape[1], dtype=torch.float32, device=rows.device)
        self._held[self._filled : self._filled + len(rows)] = block
        self._filled += len(rows)

    def close(self) -> None:
        if self._held is not None:
            self._sum(self._held)
            self._held = None

    def _sum(self, block: Tensor) -> None:
        if self._layer not in self._grams:
            self._grams[self._layer] = Gram(self._samples, block.device)
        self._grams[self._layer].add(block)
