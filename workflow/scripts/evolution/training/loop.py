"""Training a network: one epoch, its evaluation, a span of epochs."""

import copy
import logging
import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from evolution.data.network_input import load_part
from evolution.errors import ModelError, UserError
from evolution.io.checkpoints import load_checkpoint
from evolution.models.build import ModelSettings, build_run_model, memory_layout
from evolution.models.device import choose_device
from evolution.models.outputs import logits_of
from evolution.models.seeding import seed_all
from evolution.seeds import integer_seed
from evolution.startup.memory import return_kept_memory
from evolution.training.faults import lone_image_explained
from evolution.training.fused_convolution import training_forward
from evolution.training.initial_weights import load_weights
from evolution.training.restoring import COMPARED, check_restorable

log = logging.getLogger("evolution")

OPTIMIZERS = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}

# Images that pass through the model at once in an evaluation, by the type of device: more gain nothing and cost memory.
EVALUATION_CHUNK = {"cpu": 250, "cuda": 2000}

# Epochs after which memory that is kept and not in use is returned: often enough to keep the peak low, and seldom
# enough to cost nothing.
MEMORY_RETURNED_EVERY = 10


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(ModelSettings):
    """How a run's network is trained: `model`, `training` and `seed` of the config.

    Attributes
    ----------
    batch_size : int or None
        Images a step; None for all of them.
    optimizer : str
        A key of `OPTIMIZERS`.
    learning_rate, weight_decay : float
    device : {"auto", "cpu", "cuda"}
    threads : int
        torch's, however many cores the machine has: sums depend on it.
    """

    batch_size: int | None
    optimizer: str
    learning_rate: float
    weight_decay: float
    device: str
    threads: int


@dataclass(frozen=True)
class Samples:
    """Images, float32 (N, C, H, W), and their labels, int64 (N,), on the device that trains."""

    images: torch.Tensor
    labels: torch.Tensor


def predict(model: nn.Module, images: torch.Tensor, chunk: int | None = None) -> torch.Tensor:
    """Predicted class of each image, in evaluation mode.

    Parameters
    ----------
    model : Module
    images : float32 tensor (N, C, H, W)
    chunk : int, optional
        Images that pass through the model at once; by default `EVALUATION_CHUNK`.

    Returns
    -------
    int64 tensor (N,)
    """
    model.eval()
    with torch.inference_mode():
        parts = images.split(chunk or EVALUATION_CHUNK[images.device.type])
        return torch.cat([logits_of(model(part)).argmax(1) for part in parts])


def train_epoch(
    *,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    samples: Samples,
    batch_size: int | None,
    seed: int,
    epoch: int,
) -> float:
    """One pass over the training images.

    Dropout and shuffling draw from streams named by the epoch. A training that is cut and goes on therefore draws the
    same numbers as an uncut one.

    Parameters
    ----------
    model : Module
    optimizer : Optimizer
    samples : Samples
    batch_size : int or None
        Images a step; None for all of them.
    seed : int
        The run's.
    epoch : int

    Returns
    -------
    float
        Mean cross entropy over the epoch's images, as each step saw it.
    """
    model.train()
    forward = training_forward(model)
    seed_all(integer_seed(seed, "dropout", epoch))
    images, labels = samples.images, samples.labels
    if batch_size is None or batch_size >= len(images):
        batches = [(images, labels)]
    else:
        shuffling = torch.Generator().manual_seed(integer_seed(seed, "shuffling", epoch))
        order = torch.randperm(len(images), generator=shuffling).to(images.device)
        batches = ((images[part], labels[part]) for part in order.split(batch_size))
    total = torch.zeros((), dtype=torch.float64, device=images.device)
    for batch_images, batch_labels in batches:
        optimizer.zero_grad()
        with lone_image_explained(len(batch_images), batch_size):
            logits = logits_of(forward(batch_images))
        loss = functional.cross_entropy(logits, batch_labels)
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(batch_images)
    return total.item() / len(images)


def evaluate(*, model: nn.Module, train: Samples, evaluation: Samples, classes: int) -> dict[str, object]:
    """Accuracies in evaluation mode: on the training images, the evaluation images, and each class of the latter.

    Parameters
    ----------
    model : Module
    train, evaluation : Samples
    classes : int

    Returns
    -------
    dict
        train_accuracy and eval_accuracy, float; class_accuracy, list of floats, NaN for a class without images.
    """
    train_right = (predict(model, train.images) == train.labels).double().mean().item()
    right = (predict(model, evaluation.images) == evaluation.labels).cpu().numpy()
    labels = evaluation.labels.cpu().numpy()
    counts = np.bincount(labels, minlength=classes)
    by_class = np.bincount(labels, weights=right, minlength=classes) / np.where(counts, counts, np.nan)
    return {"train_accuracy": train_right, "eval_accuracy": right.mean(), "class_accuracy": by_class.tolist()}


def copy_state(model: nn.Module) -> dict[str, object]:
    """A copy of the model's state dict on the CPU, which training does not change any more.

    Its values are tensors, and what the modules return from `get_extra_state`.
    """
    return {
        name: value.detach().to("cpu", copy=True) if isinstance(value, torch.Tensor) else copy.deepcopy(value)
        for name, value in model.state_dict().items()
    }


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict:
    """The optimizer's state on the CPU, so that a checkpoint can be read where there is no GPU."""
    state = optimizer.state_dict()
    on_cpu = {
        number: {name: value.cpu() if isinstance(value, torch.Tensor) else value for name, value in values.items()}
        for number, values in state["state"].items()
    }
    return state | {"state": on_cpu}


def train_span(
    *,
    dataset: str,
    previous: str | None,
    epochs: range,
    settings: TrainingSettings,
    kept_epochs: list[int] | None = None,
    initial_weights: str | None = None,
) -> tuple[dict, dict, dict]:
    """Train from the end of `previous` through `epochs`.

    Parameters
    ----------
    dataset : path of dataset.npz
    previous : path of the checkpoint before, or None
        None builds the network: `epochs` is then range(0, 1), and nothing is trained.
    epochs : range
        The span's epochs; epoch 0 is the network before training.
    settings : TrainingSettings
    kept_epochs : list of int, optional
        Epochs whose weights are kept, in addition to the last. By default all are kept, so that a snapshot can be added
        later without training.
    initial_weights : path of a state dict, optional
        The weights of the network at epoch 0. By default they are drawn from the seed.

    Returns
    -------
    checkpoint : dict
        `weights` (epoch to state dict), `optimizer` (state dict), `epoch` (the last), and where no training may go on
        from it, `unresumable` (str, the reason).
    history : dict of columns
        epoch, train_loss, train_accuracy, eval_accuracy, class_accuracy; one row an epoch.
    timing : dict of columns
        epoch, seconds (wall time of training and evaluation).

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
    model = build_run_model(settings, shape=train_images.shape[1:], classes=classes)
    if initial_weights is not None:
        load_weights(model, initial_weights)
    layout = memory_layout(settings.model)
    model = model.to(device, memory_format=layout)

    def on_device(images: np.ndarray, labels: np.ndarray) -> Samples:
        images = torch.from_numpy(images).to(device).contiguous(memory_format=layout)
        return Samples(images, torch.from_numpy(labels).to(device))

    train, evaluation = on_device(train_images, train_labels), on_device(eval_images, eval_labels)
    optimizer = OPTIMIZERS[settings.optimizer](
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    if previous is not None:
        start = load_checkpoint(previous)
        if "unresumable" in start:
            raise ModelError(start["unresumable"], "model.name")
        model.load_state_dict(start["weights"][epochs.start - 1])
        optimizer.load_state_dict(start["optimizer"])
        del start
    log.info(f"Training {settings.model} on {device}, {settings.threads} threads, epochs {epochs[0]} to {epochs[-1]}")

    weights, history, timing = {}, [], []
    for epoch in epochs:
        began = time.perf_counter()
        loss = math.nan
        if epoch > 0:
            loss = train_epoch(
                model=model,
                optimizer=optimizer,
                samples=train,
                batch_size=settings.batch_size,
                seed=settings.seed,
                epoch=epoch,
            )
            if not math.isfinite(loss):
                raise UserError(
                    f"The training diverged: at epoch {epoch} the loss is {loss}, with training.learning_rate "
                    f"{settings.learning_rate:g}. Lower the learning rate. Epochs before {epochs.start} are kept; to "
                    f"have the figures of those alone, set training.epochs to {max(epochs.start - 1, 1)}. To compare "
                    "other runs without this one, name it under skip."
                )
        row = {"epoch": epoch, "train_loss": loss} | evaluate(
            model=model, train=train, evaluation=evaluation, classes=classes
        )
        if kept_epochs is None or epoch in kept_epochs or epoch == epochs[-1]:
            weights[epoch] = copy_state(model)
        if epoch % MEMORY_RETURNED_EVERY == 0:
            return_kept_memory()
        seconds = time.perf_counter() - began
        history.append(row)
        timing.append({"epoch": epoch, "seconds": seconds})
        trained = f"loss {loss:.4f}, " if epoch > 0 else ""
        log.info(
            f"Epoch {epoch}: {trained}train accuracy {row['train_accuracy']:.4f}, "
            f"eval accuracy {row['eval_accuracy']:.4f}, {seconds:.2f} s"
        )
    step = slice(settings.batch_size)
    unresumable = check_restorable(
        model,
        state=weights[epochs[-1]],
        settings=settings,
        classes=classes,
        evaluation_images=evaluation.images[:COMPARED],
        step_images=train.images[step],
        step_labels=train.labels[step],
    )
    checkpoint = {"weights": weights, "optimizer": optimizer_state(optimizer), "epoch": epochs[-1]}
    if unresumable is not None:
        # It is no fault as long as no training goes on from here.
        log.info("No training can go on from this checkpoint: %s", unresumable)
        checkpoint["unresumable"] = unresumable
    return checkpoint, _columns(history), _columns(timing)


def _columns(rows: list[dict]) -> dict[str, list]:
    """A table's columns from its rows."""
    return {name: [row[name] for row in rows] for name in rows[0]}
