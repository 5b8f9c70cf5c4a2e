"""The networks that can be trained by name."""

import math
import random
from functools import partial

import numpy as np
import torch
from torch import nn

from evolution.conv_block import conv_block
from evolution.files import JobError
from evolution.foreign_models import build_torchvision, described, load_class, load_weights
from evolution.model_names import own_class, torchvision_name


def _halved(size: int, times: int, model: str) -> int:
    """Side of a square image's feature map after `times` 2x2 max-pools."""
    side = size // 2**times
    if side == 0:
        raise JobError(
            f"model.name: {model} halves its images {times} times and needs at least {2**times} x {2**times} pixels, "
            f"dataset.name gives {size} in one direction. Choose another model (mlp takes any size) or dataset."
        )
    return side


class SmallCNN(nn.Module):
    """Three 3x3 convolutions (32, 64, 128), each with batch norm, ReLU and 2x2 max-pool, then 256 and the classes.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image.
    classes : int
    dropout : float, default 0.3
        Share of fc1's units dropped while training.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, dropout: float = 0.3):
        super().__init__()
        channels, height, width = shape
        flat = 128 * _halved(height, 3, "small_cnn") * _halved(width, 3, "small_cnn")
        self.conv1, self.bn1 = nn.Conv2d(channels, 32, 3, padding=1), nn.BatchNorm2d(32)
        self.conv2, self.bn2 = nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64)
        self.conv3, self.bn3 = nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128)
        self.pool = nn.MaxPool2d(2)
        self.fc1, self.fc2 = nn.Linear(flat, 256), nn.Linear(256, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = conv_block(x, self.conv1, self.bn1, self.pool)
        x = conv_block(x, self.conv2, self.bn2, self.pool)
        x = conv_block(x, self.conv3, self.bn3, self.pool)
        return self.fc2(self.dropout(torch.relu(self.fc1(x.flatten(1)))))


class TinyCNN(nn.Module):
    """Two 3x3 convolutions (16, 32), each with ReLU and 2x2 max-pool, then 64 and the classes.

    Parameters as in `SmallCNN`, without dropout.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int):
        super().__init__()
        channels, height, width = shape
        flat = 32 * _halved(height, 2, "tiny_cnn") * _halved(width, 2, "tiny_cnn")
        self.conv1, self.conv2 = nn.Conv2d(channels, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1, self.fc2 = nn.Linear(flat, 64), nn.Linear(64, classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


class MLP(nn.Module):
    """Fully connected layers of 256 and 128 units with ReLU, then the classes; parameters as in `SmallCNN`."""

    def __init__(self, shape: tuple[int, int, int], classes: int, dropout: float = 0.0):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(math.prod(shape), 256), nn.Linear(256, 128), nn.Linear(128, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = self.dropout(torch.relu(self.fc1(x.flatten(1))))
        return self.fc3(self.dropout(torch.relu(self.fc2(x))))


MODELS = {"small_cnn": SmallCNN, "tiny_cnn": TinyCNN, "mlp": MLP}


def seed_all(seed: int) -> None:
    """Seed what a user's model may draw from: torch's, numpy's and Python's global generators."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def build_model(
    name: str, kwargs: dict, shape: tuple[int, int, int], classes: int, seed: int, weights: str | None = None
) -> nn.Module:
    """Make a network with its initial weights drawn from `seed`, or read from a file.

    Parameters
    ----------
    name : str
        A key of `MODELS`, `torchvision.NAME`, or `path/to/file.py:CLASS`.
    kwargs : dict
        What the config gives the model's class beside the images' shape and the number of classes.
    shape : tuple of int
        Channels, height and width of an image.
    classes : int
    seed : int
        Of the global generators, see `seed_all`.
    weights : path or None
        A state dict to begin with.

    Raises
    ------
    JobError
        If there is no such model, the class does not take `kwargs`, it makes no module, the images do not suit it,
        or the weights do not.
    """
    own, theirs = own_class(name), torchvision_name(name)
    if own:
        make = partial(load_class(*own), shape, classes)
    elif theirs:
        make = partial(build_torchvision, theirs, shape=shape, classes=classes)
    else:
        make = partial(MODELS[name], shape, classes)
    seed_all(seed)
    try:
        model = make(kwargs=kwargs) if theirs else make(**kwargs)
    except JobError:
        raise
    except Exception as error:
        if own:
            raise JobError(
                f"model.name: {name} cannot be made: {described(error, own[0])}. It is called with the images' shape, "
                f"here {tuple(shape)}, the number of classes, here {classes}, and model.kwargs, here {kwargs}."
            ) from error
        if isinstance(error, (TypeError, ValueError)):
            raise JobError(f"model.kwargs: {kwargs} does not fit model {name}: {error}") from error
        raise
    if not isinstance(model, nn.Module):
        raise JobError(f"model.name: {name} makes a {type(model).__name__}; it must make a torch.nn.Module")
    if weights is not None:
        load_weights(model, weights)
    return model


def memory_layout(name: str) -> torch.memory_format:
    """The layout of images and weights in memory that a model computes fastest in.

    Channels last is the one that convolutions compute in: without it they convert back and forth. A user's model may
    call `view`, which does not take it.
    """
    return torch.contiguous_format if own_class(name) else torch.channels_last
