"""A snapshot: what layers put out for all samples, pooled, compacted on the device, and written layer by layer."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from activation_recorder.compaction import MOST_SAMPLES, Gram, coordinates
from activation_recorder.npy import NpyRows, write_array
from activation_recorder.outputs import LayerFault, Pooling, check_batch, logits_of, output_tensor, sample_rows
from activation_recorder.passes import IDLE, REPEATED, evaluated
from activation_recorder.samples import Samples

# Bytes of pooled rows that are held on the device at once. Where wide layers have more together, the samples pass
# through the network several times, and each time other features are held.
HELD_BYTES = 10**9

# The name of the network among the watched modules.
NETWORK = ""


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
        How many logits the network gives; None where there are no predictions to write.
    chunk : int
        Samples that pass at once.
    """

    widths: Mapping[str, int]
    pooling: Pooling
    compact: bool
    classes: int | None
    chunk: int

    def is_compacted(self, layer: str, samples: int) -> bool:
        return self.compact and samples < self.widths[layer] and samples <= MOST_SAMPLES


def write_snapshot(
    folder: Path,
    network: nn.Module,
    modules: Mapping[str, nn.Module],
    samples: Samples,
    plan: Plan,
    *,
    held_bytes: int = HELD_BYTES,
) -> list[str]:
    """Pass the samples through a network, and write what its layers put out.

    Parameters
    ----------
    folder : Path
        It gets {layer}.npy for each layer, predictions.npy, and the classifier's three files where the network ends in
        a linear layer.
    network : Module
        It is left as it was.
    modules : mapping of str to Module
        The network's, by dotted name.
    samples : Samples
    plan : Plan
    held_bytes : int

    Returns
    -------
    list of str
        The layers in which a number is not finite.

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
    broken = set()
    for index, blocks in enumerate(_blocks(plan, wide, count, held_bytes, one_pass=len(parts) == 1)):
        held = {layer: _Block(layer, grams, count, *features) for layer, features in blocks}
        narrow = [layer for layer in plan.widths if layer not in wide] if index == 0 else []
        heads = _Heads(modules, plan.classes, count) if index == 0 and plan.classes else None
        with ExitStack() as stack:
            files = {
                layer: stack.enter_context(closing(_File(folder, layer, count, plan.widths[layer]))) for layer in narrow
            }
            _run(network, modules, parts, plan, held | files, heads)
        broken |= {layer for layer, file in files.items() if file.broken}
        for layer, block in held.items():
            block.close()
            if block.stop == plan.widths[layer]:
                array = coordinates(grams.pop(layer).products).cpu().numpy()
                broken |= set() if np.isfinite(array).all() else {layer}
                write_array(folder / f"{layer}.npy", array)
        if heads is not None:
            heads.write(folder)
    return [layer for layer in plan.widths if layer in broken]


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


def _run(
    network: nn.Module,
    modules: Mapping[str, nn.Module],
    parts: Sequence[Samples],
    plan: Plan,
    sinks: "Mapping[str, _Block | _File]",
    heads: "_Heads | None",
) -> None:
    """Pass all samples once, and give what layers put out to their sinks."""
    runs = {}
    linear = heads.linear if heads else {}

    def note(name: str, inputs: tuple, output: object) -> None:
        runs[name] = runs.get(name, 0) + 1
        if name in sinks:
            if runs[name] > 1:
                raise LayerFault(f"{name} {REPEATED}")
            try:
                tensor = output_tensor(output)
                check_batch(tuple(tensor.shape), len(part))
                rows = sample_rows(tensor, plan.pooling)
                if rows.shape[1] != plan.widths[name]:
                    raise LayerFault(
                        f"puts out {rows.shape[1]} numbers for a sample, and put out {plan.widths[name]} before"
                    )
            except LayerFault as fault:
                raise LayerFault(f"{name} {fault}") from None
            sinks[name].add(rows)
        if name in linear:
            heads.note_linear(name, inputs, output)

    watched = linear | {layer: modules[layer] for layer in sinks} | {NETWORK: network}
    with evaluated(network, watched, note) as run:
        for part in parts:
            runs.clear()
            output = run(part)
            if heads:
                heads.note_output(output, calls=runs.get(NETWORK, 0))
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


class _Heads:
    """The network's logits, and the inputs and weights of the linear layer that gives them.

    That is the linear layer that runs last, if it is the same one in every pass, gives a number for each class from one
    vector for each sample, and the network does not call itself.
    """

    def __init__(self, modules: Mapping[str, nn.Module], classes: int, samples: int):
        self.linear = {name: module for name, module in modules.items() if isinstance(module, nn.Linear)}
        self._classes, self._samples = classes, samples
        self._logits: list[np.ndarray] = []
        self._inputs: list[np.ndarray] = []
        # The linear layer that ran last in each pass; None where it gives no classes.
        self._layers: set[str | None] = set()
        self._last: tuple[str, np.ndarray] | None = None

    def note_linear(self, name: str, inputs: tuple, output: object) -> None:
        fits = bool(inputs) and inputs[0].dim() == 2 and output.shape[1] == self._classes
        # A copy: a later layer may write over its inputs.
        self._last = (name, inputs[0].float().cpu().numpy().copy()) if fits else None

    def note_output(self, output: object, calls: int) -> None:
        logits = logits_of(output)
        if logits is None or logits.shape[1] != self._classes:
            raise LayerFault(f"the model put out {self._classes} logits for a sample before, and does no more")
        self._logits.append(logits.float().cpu().numpy().copy())
        # A network that calls itself, as for test-time augmentation, has given the inputs of its last call alone.
        if calls > 1 or self._last is None:
            self._layers.add(None)
        else:
            self._layers.add(self._last[0])
            self._inputs.append(self._last[1])
        self._last = None

    def write(self, folder: Path) -> None:
        write_array(folder / "predictions.npy", np.concatenate(self._logits))
        name = next(iter(self._layers))
        if len(self._layers) > 1 or name is None:
            return
        layer = self.linear[name]
        bias = torch.zeros(self._classes) if layer.bias is None else layer.bias
        write_array(folder / "classifier_inputs.npy", np.concatenate(self._inputs))
        write_array(folder / "classifier_weight.npy", layer.weight.detach().float().cpu().numpy())
        write_array(folder / "classifier_bias.npy", bias.detach().float().cpu().numpy())
