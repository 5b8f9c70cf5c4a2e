"""Training: an epoch, an evaluation, a span of epochs."""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from evolution.data.network_input import load_part
from evolution.errors import UserError, first_line
from evolution.io.checkpoints import load_checkpoint
from evolution.models.build import build_model, memory_layout, seed_all
from evolution.seeds import integer_seed
from evolution.training.memory import return_kept_memory

log = logging.getLogger("evolution")


OPTIMIZERS = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}

# Images a forward pass of an evaluation: more gain nothing and cost memory.
EVALUATION_CHUNK = {"cpu": 250, "cuda": 2000}

# Epochs: often enough to keep the peak low, and seldom enough to cost nothing.
MEMORY_RETURNED_EVERY = 10


def choose_device(name: str) -> torch.device:
    """The device for the config's `training.device`: auto takes the first GPU where there is one."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "training.device: cuda was asked for, and torch finds no usable GPU here. Set it to auto or cpu, "
            "or run where a GPU is (nvidia-smi shows it)."
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def predict(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Predicted class of each image, in evaluation mode; int64 (N,)."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(part).argmax(1) for part in images.split(EVALUATION_CHUNK[images.device.type])])


def train_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: torch.Tensor,
    labels: torch.Tensor,
    batch_size: int | None,
    seed: int,
    epoch: int,
) -> float:
    """One pass over the training images.

    Dropout and shuffling draw from streams named by the epoch, so a training that is cut and goes on draws what it
    would have drawn uncut.

    Returns
    -------
    float
        Mean cross entropy over the epoch's images, as each step saw it.
    """
    model.train()
    seed_all(integer_seed(seed, "dropout", epoch))
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
            logits = model(batch_images)
        loss = functional.cross_entropy(logits, batch_labels)
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(batch_images)
    return total.item() / len(images)


def evaluate(model, train_images, train_labels, eval_images, eval_labels, classes: int) -> dict:
    """Accuracies in evaluation mode: on the training images, the eval images, and each class of the eval images."""
    train_right = (predict(model, train_images) == train_labels).double().mean().item()
    right = (predict(model, eval_images) == eval_labels).cpu().numpy()
    labels = eval_labels.cpu().numpy()
    counts = np.bincount(labels, minlength=classes)
    by_class = np.bincount(labels, weights=right, minlength=classes) / np.where(counts, counts, np.nan)
    return {"train_accuracy": train_right, "eval_accuracy": right.mean(), "class_accuracy": by_class.tolist()}


def copy_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """The model's state on the CPU, apart from the one that training goes on changing."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in model.state_dict().items()}


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict:
    """The optimizer's state on the CPU, so that a checkpoint can be read where there is no GPU."""
    state = optimizer.state_dict()
    on_cpu = {
        number: {name: value.cpu() if isinstance(value, torch.Tensor) else value for name, value in values.items()}
        for number, values in state["state"].items()
    }
    return state | {"state": on_cpu}


def train_span(
    dataset: str,
    previous: str | None,
    epochs: range,
    model_name: str,
    model_kwargs: dict,
    batch_size: int | None,
    optimizer_name: str,
    learning_rate: float,
    weight_decay: float,
    device_name: str,
    threads: int,
    seed: int,
    kept_epochs: list[int] | None,
    initial_weights: str | None = None,
) -> tuple[dict, dict, dict]:
    """Train from the end of `previous` through `epochs`.

    Parameters
    ----------
    dataset : path of dataset.npz
    previous : path of the checkpoint before, or None
        None makes the network: `epochs` is then range(0, 1), and nothing is trained.
    epochs : range
        The span's epochs, counted from 1.
    model_name, model_kwargs
        See `evolution.models.build.build_model`.
    batch_size : int or None
        Images a step; None for all of them.
    optimizer_name : {"adamw", "sgd"}
    learning_rate, weight_decay : float
    device_name : {"auto", "cpu", "cuda"}
    threads : int
        torch's, whatever the machine has: sums depend on it.
    seed : int
    kept_epochs : list of int or None
        Epochs whose weights are kept; None keeps all, so that a snapshot can be added later without training.
    initial_weights : path of a state dict, or None
        What the network of epoch 0 is filled with; None draws it from the seed.

    Returns
    -------
    checkpoint : dict
        `weights` (epoch to state dict), `optimizer` (state dict), `epoch` (the last).
    history : dict of columns
        epoch, train_loss, train_accuracy, eval_accuracy, class_accuracy; a row an epoch.
    timing : dict of columns
        epoch, seconds (of training and evaluation; wall time).

    Raises
    ------
    UserError
        If the loss is not finite, the model does not fit the data, or there is no GPU where one was asked for.
    """
    torch.set_num_threads(threads)
    device = choose_device(device_name)
    if device.type == "cuda":
        # On a CPU torch is deterministic as it is, and asking for it costs time.
        torch.use_deterministic_algorithms(True, warn_only=True)
        # Filling is for finding operations that read what nobody wrote, and takes time.
        torch.utils.deterministic.fill_uninitialized_memory = False
    train_images, train_labels, classes = load_part(dataset, "train")
    eval_images, eval_labels, _ = load_part(dataset, "eval")
    model = build_model(
        model_name, model_kwargs, train_images.shape[1:], classes, integer_seed(seed, "weights"), initial_weights
    )
    layout = memory_layout(model_name)
    model = model.to(device, memory_format=layout)

    def on_device(images):
        return torch.from_numpy(images).to(device).contiguous(memory_format=layout)

    train_images, eval_images = on_device(train_images), on_device(eval_images)
    train_labels, eval_labels = torch.from_numpy(train_labels).to(device), torch.from_numpy(eval_labels).to(device)
    optimizer = OPTIMIZERS[optimizer_name](model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    if previous is not None:
        start = load_checkpoint(previous)
        model.load_state_dict(start["weights"][epochs.start - 1])
        optimizer.load_state_dict(start["optimizer"])
        del start
    log.info("Training %s on %s, %d threads, epochs %d to %d", model_name, device, threads, epochs[0], epochs[-1])

    weights, history, timing = {}, [], []
    for epoch in epochs:
        began = time.perf_counter()
        loss = math.nan
        if epoch > 0:
            loss = train_epoch(model, optimizer, train_images, train_labels, batch_size, seed, epoch)
            if not math.isfinite(loss):
                raise UserError(
                    f"The training diverged: at epoch {epoch} the loss is {loss}, with training.learning_rate "
                    f"{learning_rate:g}. Lower the learning rate. Epochs before {epochs.start} are kept; to have the "
                    f"figures of those alone, set training.epochs to {max(epochs.start - 1, 1)}. To compare other runs "
                    "without this one, name it under skip."
                )
        row = {"epoch": epoch, "train_loss": loss} | evaluate(
            model, train_images, train_labels, eval_images, eval_labels, classes
        )
        if kept_epochs is None or epoch in kept_epochs or epoch == epochs[-1]:
            weights[epoch] = copy_weights(model)
        if epoch % MEMORY_RETURNED_EVERY == 0:
            return_kept_memory()
        seconds = time.perf_counter() - began
        history.append(row)
        timing.append({"epoch": epoch, "seconds": seconds})
        log.info(
            "Epoch %d: loss %.4f, train accuracy %.4f, eval accuracy %.4f, %.2f s",
            epoch,
            loss,
            row["train_accuracy"],
            row["eval_accuracy"],
            seconds,
        )
    checkpoint = {"weights": weights, "optimizer": optimizer_state(optimizer), "epoch": epochs[-1]}
    return checkpoint, _columns(history), _columns(timing)


@contextmanager
def memory_explained(batch_size: int | None) -> Iterator[None]:
    """Turn running out of memory, a GPU's or the machine's, into a message with the keys that help.

    Parameters
    ----------
    batch_size : int or None
        None for all images at once.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        gpu = isinstance(error, torch.OutOfMemoryError)
        # torch has no class of its own for the machine's memory.
        if not (gpu or isinstance(error, MemoryError) or "can't allocate memory" in str(error)):
            raise
        step = "all training images at once" if batch_size is None else f"{batch_size} images at once"
        remedies = ["set a lower training.batch_size", "lower dataset.train_size", "choose a smaller model.name"]
        remedies += ["end what else uses the GPU", "set training.device to cpu"] * gpu
        raise UserError(
            f"The {'GPU' if gpu else 'machine'} has too little memory for this training, which takes {step} "
            f"({first_line(error)}). One of these helps: {', '.join(remedies)}."
        ) from error


@contextmanager
def lone_image_explained(images: int, batch_size: int | None) -> Iterator[None]:
    """Turn batch norm's refusal of a batch of one image into a message with the keys that help."""
    try:
        yield
    except ValueError as error:
        if images > 1 or "more than 1 value per channel" not in str(error):
            raise
        raise UserError(
            f"training.batch_size: {batch_size} leaves a batch of a single image, which the model's batch norm cannot "
            "train on. Choose a batch_size that does not leave one image over, or another dataset.train_size."
        ) from error


def _columns(rows: list[dict]) -> dict[str, list]:
    return {name: [row[name] for row in rows] for name in rows[0]}
