"""Training a span: steps, and what is noted of the network at the times that are asked for."""

import logging
import math
import time
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import torch

from evolution.data.network_input import load_part
from evolution.errors import ModelError, UserError
from evolution.io.arrays import load_npz
from evolution.io.checkpoints import load_checkpoint
from evolution.models.build import memory_layout
from evolution.models.device import choose_device
from evolution.models.seeding import generator_states, restore_generators, seed_all
from evolution.seeds import integer_seed
from evolution.startup.memory import return_kept_memory
from evolution.training.epoch_length import steps_an_epoch
from evolution.training.evaluation import Samples, evaluate
from evolution.training.initial_weights import load_weights
from evolution.training.learner import Learner, Task, build_learner
from evolution.training.restoring import COMPARED, check_restorable
from evolution.training.settings import TrainingSettings
from evolution.training.state import copy_state

log = logging.getLogger("evolution")

# Epochs after which memory that is kept and not in use is returned: often enough to keep the peak low, and seldom
# enough to cost nothing.
MEMORY_RETURNED_EVERY = 10


class Epoch:
    """One pass over the training images, step by step, which may be left and taken up again between two steps.

    Dropout and shuffling draw from streams named by the epoch, and augmentation from one named by the step. A training
    that is cut and goes on therefore draws the same numbers as an uncut one.

    Parameters
    ----------
    number : int
        From 1.
    learner : Learner
    samples : Samples
        The training images.
    began : mapping, optional
        What `state` returned after some steps. By default the epoch is at its start.

    Attributes
    ----------
    done : int
        Steps of this epoch so far.
    """

    def __init__(self, number: int, learner: Learner, samples: Samples, *, began: Mapping[str, object] | None = None):
        self.number, self._learner, self._samples = number, learner, samples
        settings, count = learner.settings, len(samples.images)
        self._device = samples.images.device
        step_size = None if settings.batch_size is None else settings.batch_size * settings.accumulate
        self._order = None
        if settings.batch_size is not None and settings.batch_size < count:
            shuffling = torch.Generator().manual_seed(integer_seed(settings.seed, "shuffling", number))
            self._order = torch.randperm(count, generator=shuffling).to(self._device).split(step_size)
        self.length = 1 if self._order is None else len(self._order)
        learner.train()
        if began is None:
            seed_all(integer_seed(settings.seed, "dropout", number))
            self.done, self._images = 0, 0
            self._loss = torch.zeros((), dtype=torch.float64, device=self._device)
        else:
            restore_generators(began["generators"], self._device)
            self.done, self._images = began["done"], began["images"]
            self._loss = torch.tensor(began["loss"], dtype=torch.float64, device=self._device)

    def step(self) -> None:
        """Make the next step."""
        images, labels = self._samples.images, self._samples.labels
        if self._order is not None:
            part = self._order[self.done]
            images, labels = images[part], labels[part]
        self._loss += self._learner.step(images, labels, done=(self.number - 1) * self.length + self.done)
        self._images += len(images)
        self.done += 1

    @property
    def is_over(self) -> bool:
        """Whether all images have passed."""
        return self.done == self.length

    def mean_loss(self) -> float:
        """The mean loss over the epoch's images so far, as each step saw it."""
        return self._loss.item() / self._images

    def state(self) -> dict[str, object]:
        """What is needed to go on after the last step, in a form that a checkpoint may hold."""
        return {
            "done": self.done,
            "images": self._images,
            "loss": self._loss.item(),
            "generators": generator_states(self._device),
        }


def train_span(
    *,
    dataset: str,
    previous: str | None,
    times: range,
    settings: TrainingSettings,
    epochs: int | None = None,
    unit: str = "epoch",
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
    history : dict of columns
        time, train_loss (mean over the images of the epoch so far, as each step saw it), train_accuracy, eval_accuracy,
        class_accuracy; a row for each kept time, and one for each end of an epoch.
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
    train_images, train_labels, classes = load_part(dataset, "train")
    eval_images, eval_labels, _ = load_part(dataset, "eval")
    mean, std = load_npz(dataset, "mean", "std")
    length = steps_an_epoch(len(train_images), batch_size=settings.batch_size, accumulate=settings.accumulate)
    task = Task(
        shape=train_images.shape[1:],
        classes=classes,
        labels=train_labels,
        mean=mean,
        std=std,
        steps=None if epochs is None else epochs * length,
        device=device,
    )
    layout = memory_layout(settings.model)

    def on_device(images: np.ndarray, labels: np.ndarray) -> Samples:
        images = torch.from_numpy(images).to(device).contiguous(memory_format=layout)
        return Samples(images, torch.from_numpy(labels).to(device))

    train, evaluation = on_device(train_images, train_labels), on_device(eval_images, eval_labels)
    learner = build_learner(
        settings,
        task,
        prepare=None if initial_weights is None else lambda model: load_weights(model, initial_weights),
    )
    began = None
    if previous is not None:
        start = load_checkpoint(previous)
        if "unresumable" in start:
            raise ModelError(start["unresumable"], "training.recipe" if settings.recipe else "model.name")
        learner.restore(start["state"])
        began = start.get("epoch_so_far")
        del start
    log.info(f"Training {settings.model} on {device}, {settings.threads} threads, {unit}s {times[0]} to {times[-1]}")

    # From here on time is counted in steps: so many of them are a unit.
    steps = length if unit == "epoch" else 1
    stored = {at * steps for at in (times if kept is None else kept)}
    noted = set(stored)
    if repeated is None:
        noted |= set(range((times[0] * steps + length - 1) // length * length, times[-1] * steps + 1, length))
    known = {at * steps: loss for at, loss in (repeated or {}).items()}
    weights, history, timing = {}, [], []
    began_at = time.perf_counter()
    # Time 0 is before the first epoch.
    moments = [None]
    if times[0] > 0:
        done, last = (times[0] - 1) * steps, times[-1] * steps
        moments = _steps(learner, train, done=done, last=last, length=length, began=began)
    epoch = None
    for epoch in moments:
        step = 0 if epoch is None else (epoch.number - 1) * length + epoch.done
        if step in known:
            _check_repeated(epoch.mean_loss(), known[step], f"{unit} {step // steps}")
        if step not in noted:
            continue
        at = step // steps
        loss = math.nan if epoch is None else epoch.mean_loss()
        if epoch is not None and not math.isfinite(loss):
            raise UserError(_diverged(loss, unit=unit, at=at, first=times.start, settings=settings))
        row = {"time": at, "train_loss": loss} | _evaluated(learner, epoch, train, evaluation, classes)
        if step in stored:
            weights[at] = copy_state(learner.followed.state_dict())
        seconds, began_at = time.perf_counter() - began_at, time.perf_counter()
        history.append(row)
        timing.append({"time": at, "seconds": seconds})
        trained = f"loss {loss:.4f}, " if epoch is not None else ""
        log.info(
            f"{unit.capitalize()} {at}: {trained}train accuracy {row['train_accuracy']:.4f}, "
            f"eval accuracy {row['eval_accuracy']:.4f}, {seconds:.2f} s"
        )
    checkpoint = {"weights": weights, "state": learner.state(), "time": times[-1]}
    if checkpoint["time"] in weights and learner.followed is learner.model:
        # torch stores a tensor once that is there twice.
        checkpoint["state"]["model"] = weights[checkpoint["time"]]
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
    if unresumable is not None:
        # It is no fault as long as no training goes on from here.
        log.info("No training can go on from this checkpoint: %s", unresumable)
        checkpoint["unresumable"] = unresumable
    return checkpoint, _columns(history), _columns(timing)


def _steps(
    learner: Learner,
    samples: Samples,
    *,
    done: int,
    last: int,
    length: int,
    began: Mapping[str, object] | None,
) -> Iterator[Epoch]:
    """Make the steps after the first `done` of the training through step `last`, and after each of them give its epoch.

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
            yield epoch
        if number % MEMORY_RETURNED_EVERY == 0:
            return_kept_memory()


def _evaluated(
    learner: Learner, epoch: Epoch | None, train: Samples, evaluation: Samples, classes: int
) -> dict[str, object]:
    """The accuracies of the followed network; within an epoch, the training does not notice."""
    within = epoch is not None and not epoch.is_over
    # A model of the user's may draw numbers as it evaluates.
    states = generator_states(learner.task.device) if within else None
    found = evaluate(model=learner.followed, train=train, evaluation=evaluation, classes=classes)
    if within:
        restore_generators(states, learner.task.device)
        learner.train()
    return found


def _check_repeated(loss: float, known: float, when: str) -> None:
    """Refuse a training that is no repetition of the one before.

    Raises
    ------
    UserError
        If the losses differ at all.
    """
    if loss != known and not (math.isnan(loss) and math.isnan(known)):
        raise UserError(
            f"The training was repeated to keep more of it, and is another one: at {when} its loss is {loss!r}, and "
            f"before it was {known!r}. Something in it does not repeat, such as an operation on a GPU. Delete the "
            "run's folders checkpoints and kept, and give the same command again: all snapshots are then of one "
            "training."
        )


def _diverged(loss: float, *, unit: str, at: int, first: int, settings: TrainingSettings) -> str:
    """What is said of a training whose loss is not finite."""
    whole = f"Epochs before {first} are kept; to have the figures of those alone, set training.epochs to "
    kept = f"{whole}{max(first - 1, 1)}." if unit == "epoch" else f"Steps before {first} are kept."
    return (
        f"The training diverged: at {unit} {at} the loss is {loss}, with training.learning_rate "
        f"{settings.learning_rate:g}. Lower the learning rate. {kept} To compare other runs without this one, name it "
        "under skip."
    )


def _columns(rows: list[dict]) -> dict[str, list]:
    """A table's columns from its rows."""
    return {name: [row[name] for row in rows] for name in rows[0]}
