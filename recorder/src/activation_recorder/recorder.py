"""The recorder that a training calls at each step."""

import hashlib
import logging
import math
import numbers
import operator
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from activation_recorder.arguments import Arguments, check_arguments
from activation_recorder.errors import RecorderError
from activation_recorder.folder import FORMAT, Folder, FolderLost, disk_reason, disk_remedy
from activation_recorder.network import named_modules, unwrapped
from activation_recorder.outputs import Pooling
from activation_recorder.planning import make_plan
from activation_recorder.samples import MASK, Samples
from activation_recorder.selection import AUTO
from activation_recorder.snapshot import Plan, write_snapshot
from activation_recorder.untouched import untouched

log = logging.getLogger("activation_recorder")


WHOLE = "give a whole number, the optimizer steps so far."


class Recorder:
    """Records what a network's layers put out for fixed samples, at chosen steps of a training.

    The training stays as it was to the last bit: see `activation_recorder.untouched`. In a training of several
    processes (DistributedDataParallel) all make a recorder and check its arguments, and the one of rank 0 runs the
    model and writes. All samples pass once when the recorder is made.

    Parameters
    ----------
    model : Module
        As the training has it: on any device, compiled, or in DistributedDataParallel. Its network is run in evaluation
        mode, without torch.compile and autocast.
    inputs : tensor (N, ...), mapping of str to tensor, or Dataset or list
        What the model is given; a mapping holds its arguments by name. Of a Dataset all samples are taken, so give a
        small one, of some hundreds or thousands; ten at least.
    labels : array-like (N,) or (N, K), optional
        The classes, whole numbers from 0; or a number each, floats; or several labels each, rows of 0 and 1. By default
        those of the Dataset's items, or `labels` or `label` of the mapping. Without any, what is measured against
        labels is left out.
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
        Of the classes or labels, or without labels of the model's outputs.
    attributes : mapping of str to array-like (N,), optional
        Further columns of the samples, such as their age or source: numbers and texts.
    texts : sequence of str (N,), optional
        What a person reads of each sample; line breaks become blanks.
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
        attributes: Mapping[str, object] | None = None,
        texts: Sequence[str] | None = None,
        unit: str = "step",
        compact: bool = True,
        pooling: Pooling | Mapping[str, str | int] | None = None,
        batch_size: int | None = None,
    ):
        arguments = check_arguments(
            inputs,
            labels,
            layers=layers,
            path=path,
            at=at,
            ids=ids,
            previews=previews,
            class_names=class_names,
            attributes=attributes,
            texts=texts,
            unit=unit,
            compact=compact,
            pooling=pooling,
            batch_size=batch_size,
        )
        self._prepare(model, arguments)

    @classmethod
    def of(cls, model: nn.Module, arguments: Arguments) -> "Recorder":
        """A recorder of a model, from arguments that were checked before there was one.

        Raises
        ------
        RecorderError
            As the constructor.
        """
        recorder = cls.__new__(cls)
        recorder._prepare(model, arguments)
        return recorder

    def _prepare(self, model: nn.Module, arguments: Arguments) -> None:
        """See what the model does with the samples, and whether the folder can be used."""
        self._due, self._unit = arguments.due, arguments.unit
        self._network = unwrapped(model)
        self._folder: Folder | None = None
        self._plan: Plan | None = None
        self._begun = False
        self._times: set[int] = set()
        # The times that this recorder wrote itself, and what it has warned of.
        self._written: set[int] = set()
        self._warned: set[str] = set()
        if not _is_first_process():
            return
        self._samples = arguments.samples
        # Taken before any pass: a model may write to what it is given.
        baseline = _baseline(self._samples, self._network)
        identity = {
            "format": FORMAT,
            "unit": arguments.unit,
            "samples": self._samples.digest(arguments.labels),
            "model": model_identity(self._network),
            "pooling": {"maps": arguments.pooling.maps, "tokens": arguments.pooling.tokens},
            "compact": arguments.compact,
        }
        self._plan = make_plan(self._network, arguments)
        settled = {
            "layers": list(self._plan.widths),
            "classes": self._plan.classes,
            "classifier": self._plan.classifier,
        }
        try:
            self._folder = Folder(arguments.path, identity, arguments.arrays | baseline, settled, arguments.files)
        except OSError as error:
            raise RecorderError(
                f"{arguments.path} cannot be read ({disk_reason(arguments.path, error)}). {disk_remedy(error)}"
            ) from error
        log.info("%s follows %s", arguments.path, ", ".join(self._plan.widths))

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
            Or an integer of NumPy, or a tensor of one integer.

        Raises
        ------
        RecorderError
            Only at the first call: as `begin` raises it.
        """
        try:
            step = operator.index(step)
        except Exception:  # Whatever the object raises that was given.
            if not self._begun:
                raise RecorderError(f"step({step!r}): {WHOLE}") from None
            self._warn("number", f"step({step!r}) is ignored: {WHOLE}")
            return
        if not self._begun:
            self.begin(step)
        if step not in self._due or self._folder is None:
            return
        if step in self._times:
            self._warn_of_known(step)
        else:
            self._record(step)

    def begin(self, step: float) -> None:
        """Say where the training begins or goes on, without recording it. Otherwise the first call of `step` says it.

        A training that goes on in the middle of an epoch, where epochs are counted, needs it.

        Parameters
        ----------
        step : float
            The steps or epochs so far, such as 1.6 epochs.

        Raises
        ------
        RecorderError
            If `step` is no number, or the folder holds the recording of another training. The recorder then records
            nothing, if the training goes on nevertheless.
        """
        if not isinstance(step, numbers.Real) or not math.isfinite(step):
            raise RecorderError(f"begin({step!r}): give a number, the steps or epochs so far.")
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
                f"{folder.path} cannot be written ({disk_reason(folder.path, error)}). {disk_remedy(error)}"
            ) from error
        self._folder = folder
        if self._times:
            self._plan = self._plan.settled(folder.settled)
            log.info("%s goes on after %s %d", self._folder.path, self._unit, max(self._times))

    def _record(self, step: int) -> None:
        """Write a snapshot; a failure is a warning, since it must not end the training."""
        path = self._folder.path
        missing = f"{self._unit} {step} is missing from {path}"
        goes_on = "The training goes on, and the next one that is due is tried again."
        try:
            modules = named_modules(self._network)
            with untouched(), self._folder.time(step) as partial:
                found = write_snapshot(partial, self._network, modules, self._samples, self._plan)
        except FolderLost as lost:
            self._warn("folder", f"{missing}: {lost}. The training goes on without its recorder.")
        except OSError as error:
            self._warn(
                f"disk {error.errno}",
                f"{path / str(step)} cannot be written ({disk_reason(path, error)}), so this {self._unit} is missing "
                f"from the recording. {goes_on} {disk_remedy(error)}",
            )
        except Exception as error:  # A model may raise anything, and memory may run out.
            self._warn(
                f"failed {type(error).__name__}",
                f"{missing}: {type(error).__name__}: {error}. {goes_on} If memory ran out, give the recorder a smaller "
                "batch_size.",
            )
        else:
            self._warned = {kind for kind in self._warned if not kind.startswith(("disk ", "failed "))}
            self._times.add(step)
            self._written.add(step)
            for layer in found.broken:
                self._warn(
                    f"finite {layer}",
                    f"layer {layer} has numbers that are not finite at {self._unit} {step}: the training diverged. It "
                    "is recorded as it is, and the workflow cannot study this time. Lower the learning rate.",
                )
            for layer in found.too_large:
                self._warn(
                    f"large {layer}",
                    f"layer {layer} has samples at {self._unit} {step} whose numbers are too large together for "
                    "float32. Their coordinates are infinite, and the workflow cannot study this time. Record "
                    "with compact=False.",
                )
            if found.classifier_differs:
                self._warn(
                    "classifier",
                    f"the linear layer {self._plan.classifier} gave the model's outputs at the start, and does not at "
                    f"{self._unit} {step}. Its files are written, as all times have the same files; the "
                    "workflow leaves this time out of neural collapse.",
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
    """The raw inputs as inputs.npy holds them, with the mask of tokens; nothing where several tensors could be meant.

    They are never compacted: pictures are made of them, and runs are compared by them.
    """
    tensors = {name: tensor for name, tensor in samples.tensors.items() if name != MASK}
    # Models of transformers say which of their arguments are the samples.
    name = next(iter(tensors)) if len(tensors) == 1 else getattr(network, "main_input_name", None)
    tensor = tensors.get(name)
    if tensor is None or tensor.dim() < 2 or tensor.is_complex() or tensor.dtype == torch.bool:
        return {}
    found = {"inputs": (tensor.float() if tensor.is_floating_point() else tensor).numpy()}
    mask = samples.tensors.get(MASK)
    if mask is not None and not tensor.is_floating_point() and mask.shape == tensor.shape:
        found[MASK] = (mask != 0).numpy()
    return found


def _is_first_process() -> bool:
    """Whether this process writes: the only one, or that of rank 0."""
    distributed = torch.distributed
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0
