"""Training a span: steps, and what is noted of the network at the times that are asked for."""

import logging
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import torch

from evolution.data.kinds import IMAGES, LABELS, NUMBER
from evolution.data.network_input import load_evaluation, load_training, load_vocabulary
from evolution.data.targets import Targets
from evolution.errors import ModelError
from evolution.io.arrays import load_npz
from evolution.io.checkpoints import load_checkpoint
from evolution.io.reading import damaged
from evolution.models.build import memory_layout
from evolution.models.device import choose_device, device_said
from evolution.startup.memory import return_kept_memory
from evolution.training.ending import Progress
from evolution.training.epoch import Epoch
from evolution.training.epoch_length import steps_an_epoch
from evolution.training.evaluation import Samples
from evolution.training.initial_weights import load_weights
from evolution.training.learner import Learner, Task, build_learner
from evolution.training.noting import TIMING, SpanNotes, ToNote, history_columns
from evolution.training.recipe import NO_LABEL
from evolution.training.restoring import COMPARED, check_restorable
from evolution.training.settings import TrainingSettings

log = logging.getLogger("evolution")

# Epochs after which memory that is kept and not in use is returned: often enough to keep the peak low, and seldom
# enough to cost nothing.
MEMORY_RETURNED_EVERY = 10


def train_span(
    *,
    dataset: str,
    previous: str | None,
    times: range,
    settings: TrainingSettings,
    epochs: int | None = None,
    unit: str = "epoch",
    epoch_length: int | None = None,
    kept: Collection[int] | None = None,
    repeated: Mapping[int, float] | None = None,
    initial_weights: str | None = None,
) -> tuple[dict, dict, dict]:
    """Train from the end of `previous` through `times`.

    Parameters
    ----------
    dataset : path of dataset.npz
    previous : path of the checkpoint before, or None
        None builds the network: `times` is then range(0, 1), and nothing is trained.
    times : range
        The span's times; 0 is the network before training.
    settings : TrainingSettings
    epochs : int, optional
        Of the whole training, where the schedule of the learning rate depends on them.
    unit : {"epoch", "step"}
        What times are counted in.
    epoch_length : int, optional
        The steps of an epoch that the times were planned with, where steps are counted.
    kept : collection of int, optional
        Times whose weights are kept. By default all are kept, so that a snapshot can be added later without training.
    repeated : mapping of int to float, optional
        The losses that a training found before at times of this span, which is trained again for more times to keep.
        This training must find the same, and notes no other times than `kept`.
    initial_weights : path of a state dict, optional
        The weights of the network at time 0. By default they are drawn from the seed.

    Returns
    -------
    checkpoint : dict
        See `evolution.io.checkpoints.load_checkpoint`.
    history : dict of columns, which may be empty
        time, train_loss (mean over the samples of the epoch so far, as each step saw it), train_SCORE, eval_SCORE,
        class_SCORE, as far as the target has them (`evolution.data.kinds.SCORES`); a row for each kept time, and one
        for each end of an epoch.
    timing : dict of columns
        time, seconds (wall time of training and evaluation since the row before).

    Raises
    ------
    UserError
        If the loss is not finite, the model does not fit the data, a GPU is asked for and there is none, or the
        checkpoint does not hold all that the network's outputs depend on.
    """
    torch.set_num_threads(settings.threads)
    device = choose_device(settings.device, key="training.device")
    if device.type == "cuda":
        # On a CPU torch is deterministic anyway, and asking for it costs time.
        torch.use_deterministic_algorithms(True, warn_only=True)
        # torch then fills new memory, to expose operations that read what nobody wrote. This takes time.
        torch.utils.deterministic.fill_uninitialized_memory = False
    task, train, evaluation = load_task(dataset, settings, device=device, epochs=epochs)
    length = steps_an_epoch(len(train.images), batch_size=settings.batch_size, accumulate=settings.accumulate)
    if unit == "step" and epoch_length not in (None, length):
        raise damaged(dataset, f"{length} steps an epoch where {epoch_length} were planned")
    learner = build_learner(
        settings,
        task,
        prepare=None if initial_weights is None else lambda model: load_weights(model, initial_weights),
    )
    began, progress, last_noted = None, Progress(), 0
    if previous is not None:
        start = load_checkpoint(previous)
        if "unresumable" in start:
            raise ModelError(start["unresumable"], "training.recipe" if settings.recipe else "model.name")
        if "ended" in start:
            log.info("The training has ended: %s", start["ended"]["reason"])
            passed_on = {"weights": {}, "state": {}, "time": times[-1], "ended": start["ended"]}
            return passed_on, {name: [] for name in history_columns(task.target)}, {name: [] for name in TIMING}
        learner.restore(start["state"])
        progress = Progress(**start["progress"])
        last_noted = start["last_noted"] // (length if unit == "epoch" else 1)
        began = start.get("epoch_so_far")
        del start
    where = device_said(settings.device, device)
    log.info(f"Training {settings.model} on {where}, {settings.threads} threads, {unit}s {times[0]} to {times[-1]}")

    notes = SpanNotes(
        learner,
        train,
        evaluation,
        to_note=_to_note(times, unit=unit, length=length, kept=kept, repeated=repeated),
        progress=progress,
        last_noted=last_noted,
    )
    epoch, steps = None, length if unit == "epoch" else 1
    if times[0] == 0:
        notes.note(None, 0)
    else:
        done, last = (times[0] - 1) * steps, times[-1] * steps
        for step, epoch in _steps(learner, train, done=done, last=last, length=length, began=began):
            if not notes.note(epoch, step):
                break
    checkpoint = {"weights": notes.weights, "state": {}, "time": times[-1]}
    if notes.ended is not None:
        log.info("The training ends at %s %d: %s", unit, notes.ended["time"], notes.ended["reason"])
        checkpoint["ended"] = notes.ended
    if notes.has_diverged:
        return checkpoint, notes.history, notes.timing
    checkpoint |= {"state": learner.state(), "progress": notes.progress.state(), "last_noted": notes.last_noted * steps}
    at_end = notes.weights.get(notes.last_noted if notes.ended else times[-1])
    if at_end is not None and learner.followed is learner.model:
        # torch stores a tensor once that is there twice.
        checkpoint["state"]["model"] = at_end
    if epoch is not None and not epoch.is_over:
        checkpoint["epoch_so_far"] = epoch.state()
    batch = slice(settings.batch_size)
    unresumable = check_restorable(
        learner,
        state=checkpoint["state"],
        evaluation_images=evaluation.images[:COMPARED],
        step_images=train.images[batch],
        step_labels=train.labels[batch],
    )
    if unresumable is not None and notes.ended is None:
        # It is no fault as long as no training goes on from here.
        log.info("No training can go on from this checkpoint: %s", unresumable)
        checkpoint["unresumable"] = unresumable
    return checkpoint, notes.history, notes.timing


def load_task(
    dataset: str, settings: TrainingSettings, *, device: torch.device, epochs: int | None = None
) -> tuple[Task, Samples, Samples]:
    """What a network is to learn, and the samples to train and to evaluate on, on the device.

    Parameters
    ----------
    dataset : path of dataset.npz
    settings : TrainingSettings
    device : torch.device
    epochs : int, optional
        See `train_span`.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    images, values = load_training(dataset)
    inputs, targets, classes = load_evaluation(dataset)
    (eval_images,) = inputs.values()
    mean, std = load_npz(dataset, "mean", "std") if targets.kind == IMAGES else (None, None)
    labels, eval_labels = (
        learned_labels(values, targets, count)
        for values, count in ((values, len(images)), (targets.values, len(eval_images)))
    )
    length = steps_an_epoch(len(images), batch_size=settings.batch_size, accumulate=settings.accumulate)
    task = Task(
        shape=images.shape[1:],
        classes=classes,
        labels=labels,
        mean=mean,
        std=std,
        steps=None if epochs is None else epochs * length,
        device=device,
        target=targets.target,
        vocabulary=load_vocabulary(dataset, targets.kind),
    )
    layout = memory_layout(settings.model) if images.ndim == 4 else torch.contiguous_format

    def on_device(images: np.ndarray, labels: np.ndarray) -> Samples:
        images = torch.from_numpy(images).to(device).contiguous(memory_format=layout)
        return Samples(images, torch.from_numpy(labels).to(device))

    return task, on_device(images, labels), on_device(eval_images, eval_labels)


def learned_labels(values: np.ndarray | None, targets: Targets, count: int) -> np.ndarray:
    """The labels of samples as a step of training is given them.

    Parameters
    ----------
    values : array or None
        In their own units, see `evolution.data.targets.Targets`.
    targets : Targets
        What values are, and the mean and the standard deviation that a number is learned in units of.
    count : int
        The samples.

    Returns
    -------
    array (N, ...)
        See `evolution.training.evaluation.Samples`.
    """
    if values is None:
        return np.full(count, NO_LABEL)
    if targets.target == NUMBER:
        mean, std = targets.scale
        return ((values - mean) / std).astype(np.float32)
    return values.astype(np.float32) if targets.target == LABELS else values


def _to_note(
    times: range, *, unit: str, length: int, kept: Collection[int] | None, repeated: Mapping[int, float] | None
) -> ToNote:
    """What is to be noted; parameters as `train_span` has them, and the steps of an epoch."""
    noted = kept = set(times if kept is None else kept)
    if repeated is None:
        # In epochs each time ends one, in steps every so many.
        every = 1 if unit == "epoch" else length
        noted = kept | set(range(-(-times[0] // every) * every, times[-1] + 1, every))
    steps = length if unit == "epoch" else 1
    return ToNote(unit=unit, steps=steps, kept=kept, noted=noted, first=times[0], known=repeated)


def _steps(
    learner: Learner,
    samples: Samples,
    *,
    done: int,
    last: int,
    length: int,
    began: Mapping[str, object] | None,
) -> Iterator[tuple[int, Epoch]]:
    """Make the steps after the first `done` of the training through step `last`.

    After each step it gives the step's number and its epoch.

    Parameters
    ----------
    learner, samples, began
        See `Epoch`.
    done, last : int
    length : int
        Steps of an epoch.
    """
    for number in range(done // length + 1, -(-last // length) + 1):
        epoch = Epoch(number, learner, samples, began=began)
        began = None
        for _ in range(epoch.done, min(length, last - (number - 1) * length)):
            epoch.step()
            yield (number - 1) * length + epoch.done, epoch
        if number % MEMORY_RETURNED_EVERY == 0:
            return_kept_memory()
