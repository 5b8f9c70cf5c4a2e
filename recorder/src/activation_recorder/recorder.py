"""The recorder that a training calls at each step."""

import hashlib
import logging
import numbers
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from activation_recorder.errors import RecorderError
from activation_recorder.folder import FORMAT, Folder, disk_reason
from activation_recorder.network import named_modules, unwrapped
from activation_recorder.outputs import Pooling
from activation_recorder.passes import trace
from activation_recorder.samples import Samples, optional_arrays, take_samples
from activation_recorder.schedule import due_steps, whole_number
from activation_recorder.selection import AUTO, choose_layers
from activation_recorder.snapshot import Plan, write_snapshot
from activation_recorder.untouched import untouched

log = logging.getLogger("activation_recorder")

UNITS = ("step", "epoch")


class Recorder:
    """Records what a network's layers put out for fixed samples, at chosen steps of a training.

    The training stays as it was to the last bit: see `activation_recorder.untouched`. In a training of several
    processes (DistributedDataParallel) all make a recorder, and the one of rank 0 writes.

    Parameters
    ----------
    model : Module
        As the training has it: on any device, compiled, or in DistributedDataParallel. Its network is run in evaluation
        mode, without torch.compile and autocast.
    inputs : tensor (N, ...), mapping of str to tensor, or Dataset or list
        What the model is given; a mapping holds its arguments by name. Of a Dataset all samples are taken, so give a
        small one, of some hundreds or thousands.
    labels : int array-like (N,), optional
        The classes, from 0. By default those of the Dataset's items, or `labels` of the mapping.
    layers : "auto", or list of str
        Dotted names of modules, and globs such as "layer*.0.conv1". auto: at most eight, spread over the network.
    path : str or path
        The folder of the recording.
    at : LogSteps, range, or iterable of int
        The steps that are recorded.
    ids : array-like of int or str (N,), optional
        Who the samples are; unique.
    previews : uint8 array-like (N, H, W) or (N, H, W, 3), optional
        What a person looks at.
    class_names : sequence of str, optional
    unit : {"step", "epoch"}
        What the numbers count that `step` is given.
    compact : bool
        Whether rows of D > N numbers are stored as N coordinates with the same distances and angles. They are computed
        on the model's device.
    pooling : Pooling or dict
        How a layer's output becomes one row of numbers for each sample.
    batch_size : int, optional
        Samples that pass through the model at once; by default as their size allows, at most 250.

    Raises
    ------
    RecorderError
        If something of this cannot be used, or the folder holds another recording.
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: object,
        labels: object = None,
        *,
        layers: str | Sequence[str] = AUTO,
        path: str | Path,
        at: Container[int] | Iterable[int],
        ids: object = None,
        previews: object = None,
        class_names: Sequence[str] | None = None,
        unit: str = "step",
        compact: bool = True,
        pooling: Pooling | Mapping[str, str] | None = None,
        batch_size: int | None = None,
    ):
        if unit not in UNITS:
            raise RecorderError(f"unit={unit!r} must be one of {', '.join(UNITS)}.")
        if batch_size is not None and whole_number(batch_size, "batch_size") < 1:
            raise RecorderError(f"batch_size={batch_size} must be 1 or more.")
        self._due = due_steps(at)
        self._network = unwrapped(model)
        self._folder: Folder | None = None
        self._begun = False
        self._times: set[int] = set()
        # The times that this recorder wrote itself, and what it has warned of.
        self._written: set[int] = set()
        self._warned: set[str] = set()
        if not _is_first_process():
            return
        pooling = Pooling.of(pooling)
        # The code of a Dataset may draw random numbers.
        with untouched():
            self._samples, labels = take_samples(inputs, labels)
        arrays = {"labels": labels} | optional_arrays(
            len(labels), labels, ids=ids, previews=previews, class_names=class_names
        )
        modules, classes = trace(self._network, self._samples)
        shapes = {module.name: module.shape for module in modules}
        chosen = choose_layers(layers, modules)
        if classes is not None and classes <= labels.max():
            log.warning(
                "The model gives %d numbers for a sample, and labels go up to %d: predictions are not recorded.",
                classes,
                labels.max(),
            )
            classes = None
        self._plan = Plan(
            widths={layer: pooled_width(shapes[layer], pooling) for layer in chosen},
            pooling=pooling,
            compact=bool(compact),
            classes=classes,
            chunk=int(batch_size or self._samples.chunk()),
        )
        arrays |= _baseline(self._samples, self._network)
        identity = {
            "format": FORMAT,
            "unit": unit,
            "samples": self._samples.digest(labels),
            "model": model_identity(self._network),
            "pooling": {"maps": pooling.maps, "tokens": pooling.tokens},
            "compact": bool(compact),
        }
        self._unit = unit
        try:
            self._folder = Folder(path, identity, arrays, chosen)
        except OSError as error:
            raise RecorderError(f"{path} cannot be read ({disk_reason(Path(path), error)}).") from error
        log.info("%s follows %s", path, ", ".join(chosen))

    @property
    def layers(self) -> list[str]:
        """The layers that are followed; empty in a process that does not write."""
        return list(self._plan.widths) if self._folder is not None else []

    def step(self, step: int) -> None:
        """Record this step if it is due; otherwise return at once.

        Call it once after each optimizer step, and before the first one with 0 if the network at its start is wanted.
        A step that is there already is not recorded again: one of an earlier part of the training stays as it is, and a
        second call for a step is ignored, with a warning.

        Parameters
        ----------
        step : int

        Raises
        ------
        RecorderError
            Only at the first call: if the folder holds the recording of another training, or `step` is no whole number.
        """
        if self._begun:
            if step not in self._due:
                return
        else:
            if not isinstance(step, numbers.Integral):
                raise RecorderError(f"step({step!r}) must be given a whole number: the optimizer steps so far.")
            self._begin(int(step))
        if step not in self._due or self._folder is None:
            return
        step = int(step)
        if step in self._times:
            self._warn_of_known(step)
        else:
            self._record(step)

    def _begin(self, step: int) -> None:
        """Take the folder, and see whether the training is new or goes on.

        Raises
        ------
        RecorderError
            As `step` raises it. The recorder then records nothing, if the training goes on nevertheless.
        """
        self._begun = True
        if not _is_first_process():
            # The processes were joined after the recorder was made.
            self._folder = None
        folder, self._folder = self._folder, None
        if folder is None:
            return
        try:
            self._times.update(folder.begin(step))
        except OSError as error:
            raise RecorderError(
                f"{folder.path} cannot be written ({disk_reason(folder.path, error)}). Make it writable, make room, or "
                "give another path."
            ) from error
        self._folder = folder
        if self._times:
            log.info("%s goes on after %s %d", self._folder.path, self._unit, max(self._times))

    def _record(self, step: int) -> None:
        """Write a snapshot; a failure is a warning, since it must not end the training."""
        modules = named_modules(self._network)
        try:
            with untouched(), self._folder.time(step) as partial:
                broken = write_snapshot(partial, self._network, modules, self._samples, self._plan)
        except OSError as error:
            self._warn(
                "disk",
                f"{self._folder.path / str(step)} cannot be written ({disk_reason(self._folder.path, error)}), so this "
                f"{self._unit} is missing from the recording. The training goes on, and the next one that is due is "
                "tried again. Make room on the disk, or make the folder writable.",
            )
        except Exception as error:  # A model may raise anything, and memory may run out.
            self._warn(
                "failed",
                f"{self._unit} {step} is missing from {self._folder.path}: {type(error).__name__}: {error}. The "
                "training goes on, and the next one that is due is tried again. If memory ran out, give the recorder a "
                "smaller batch_size.",
            )
        else:
            self._warned -= {"disk", "failed"}
            self._times.add(step)
            self._written.add(step)
            for layer in broken:
                self._warn(
                    f"finite {layer}",
                    f"layer {layer} has numbers that are not finite at {self._unit} {step}: the training diverged. It "
                    "is recorded as it is, and such a time cannot be studied. Lower the learning rate.",
                )

    def _warn_of_known(self, step: int) -> None:
        if step in self._written:
            self._warn(
                "twice",
                f"{self._unit} {step} was recorded before, so this call of step is ignored. Call it once after each "
                "optimizer step, with the number of steps so far.",
            )
        else:
            log.info("%s has %s %d already, and keeps it", self._folder.path, self._unit, step)

    def _warn(self, kind: str, message: str) -> None:
        """Say something once. It is logged: a Python warning may be set to raise, and would end the training."""
        if kind not in self._warned:
            self._warned.add(kind)
            log.warning(message)


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


def model_identity(network: nn.Module) -> str:
    """A model as recording.json names it: its class, and a SHA-256 of what its tensors are called and their shapes.

    Weights and buffers count. Training does not change it.
    """
    digest = hashlib.sha256()
    for prefix, module in {"": network, **named_modules(network)}.items():
        for name, tensor in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
            digest.update(f"{prefix}.{name} {tuple(tensor.shape)}\n".encode())
    return f"{type(network).__name__}, {digest.hexdigest()}"


def _baseline(samples: Samples, network: nn.Module) -> dict[str, np.ndarray]:
    """The raw inputs as inputs.npy holds them; nothing where several tensors could be meant.

    They are never compacted: pictures are made of them, and runs are compared by them.
    """
    tensors = samples.tensors
    # Models of transformers say which of their arguments are the samples.
    name = next(iter(tensors)) if len(tensors) == 1 else getattr(network, "main_input_name", None)
    tensor = tensors.get(name)
    if tensor is None or tensor.dim() < 2 or tensor.is_complex() or tensor.dtype == torch.bool:
        return {}
    return {"inputs": (tensor.float() if tensor.is_floating_point() else tensor).numpy()}


def _is_first_process() -> bool:
    """Whether this process writes: the only one, or that of rank 0."""
    distributed = torch.distributed
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0
