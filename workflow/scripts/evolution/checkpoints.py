"""Reading what the train rule wrote."""

import torch

from evolution.files import reading


def load_checkpoint(path: str) -> dict:
    """Map a checkpoint into memory: only the tensors that are used are read.

    Returns
    -------
    dict
        `weights` (epoch to state dict), `optimizer` (state dict), `epoch` (the last); see `train.train_span`.

    Raises
    ------
    JobError
        If the file cannot be read.
    """
    with reading(path):
        checkpoint = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        if not {"weights", "optimizer", "epoch"} <= checkpoint.keys():
            raise ValueError("not a checkpoint of this workflow")
    return checkpoint
