"""Faults of a training that a user can mend, as messages with the keys of the config that help."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from evolution.errors import UserError, first_line


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
        # torch has no exception class for a lack of main memory.
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
    except (ValueError, UserError) as error:
        # Within a recipe of the user's it is the cause of a message on the recipe.
        refusal = error.__cause__ if isinstance(error, UserError) else error
        if images > 1 or not isinstance(refusal, ValueError) or "more than 1 value per channel" not in str(refusal):
            raise
        raise UserError(
            f"{batch_size} leaves a batch of a single image, which the model's batch norm cannot train on. Choose a "
            "batch_size that does not leave one image over, or another dataset.train_size.",
            key="training.batch_size",
        ) from error
