"""The checkpoints that the train rule writes."""

import io
from typing import BinaryIO

import torch

from evolution.io.reading import reading
from evolution.io.whole_files import whole_file


def save_checkpoint(path: str, checkpoint: dict) -> None:
    """Write a checkpoint, the same bytes under any name.

    Parameters
    ----------
    path : str
    checkpoint : dict
        As `load_checkpoint` returns it.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    # Through memory: torch stores the name of the file that it writes in it.
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    with whole_file(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def load_tensors(source: str | BinaryIO) -> dict:
    """Read what torch.save wrote, without running code in it; a file is mapped into memory.

    Raises
    ------
    Exception
        Of any kind, if it is damaged, or holds more than tensors, numbers, text, and lists and dicts of them.
    """
    return torch.load(source, map_location="cpu", mmap=isinstance(source, str), weights_only=True)


def load_checkpoint(path: str) -> dict:
    """Map a checkpoint into memory, so that only the tensors that are used are read.

    Returns
    -------
    dict
        `weights` (dict of time to the state dict that snapshots are taken of), `time` (int, the last one), `state` (all
        else that goes on from there, see `evolution.training.learner.Learner.state`); where the last time lies within
        an epoch, `epoch_so_far` (dict, see `evolution.training.epoch.Epoch.state`); `progress` (dict, see
        `evolution.training.ending.Progress`) and `last_noted` (int, the step of the last row of the history); where the
        training has ended by itself, `ended` (dict, see `evolution.training.noting.SpanNotes`); and where no training
        may go on from it, `unresumable` (str, the reason).

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    with reading(path):
        checkpoint = load_tensors(path)
        if not {"weights", "state", "time"} <= checkpoint.keys():
            raise ValueError("not a checkpoint of this workflow")
    return checkpoint
