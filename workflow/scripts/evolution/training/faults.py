"""Faults of a training that a user can mend, as messages with the keys of the config that help."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from evolution.errors import UserError, first_line
from evolution.models.device import lacks_memory

# What torch says of one image in a batch norm.
LONE_IMAGE = "more than 1 value per channel"


def is_explained(error: BaseException) -> bool:
    """Whether the functions below turn an exception into a message, which the code between must let pass."""
    return isinstance(error, UserError) or lacks_memory(error) or LONE_IMAGE in str(error)


@contextmanager
def memory_explained(batch_size: int | None) -> Iterator[None]:
    """Turn running out of memory, a GPU's or the machine's, into a message with the keys that help.

    Parameters
    ----------
    batch_size : int or None
        None for all samples at once.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        gpu = isinstance(error, torch.OutOfMemoryError)
        step = "all training samples at once" if batch_size is None else f"{batch_size} samples at once"
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
        if images > 1 or LONE_IMAGE not in str(error):
            raise
        raise UserError(
            f"{batch_size} leaves a batch of a single sample, which the model's batch norm cannot train on. Choose a "
            "batch_size that does not leave one sample over, or another dataset.train_size.",
            key="training.batch_size",
        ) from error
