"""The networks of this workflow."""

import math

import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.transformer import TinyTransformer

IMAGES = "images (channels, height, width)"
# Three max-pools leave one of so many samples.
SHORTEST_SIGNAL = 8


def _sizes(shape: tuple[int, ...], count: int, model: str, takes: str) -> tuple[int, ...]:
    """The sizes of a sample, if there are as many as a model needs."""
    if len(shape) != count:
        raise ModelError(
            f"{model} takes {takes}, and dataset.name gives samples of shape {tuple(shape)}; choose another model",
            "model.name",
        )
    return tuple(shape)


def _halved(size: int, times: int, model: str) -> int:
    """Height or width of a feature map after `times` 2x2 max-pools."""
    halved = size // 2**times
    if halved == 0:
        raise ModelError(
            f"{model} halves its images {times} times and needs at least {2**times} x {2**times} pixels, dataset.name "
            f"gives {size} in one direction. Choose another model (mlp takes any size) or dataset.",
            "model.name",
        )
    return halved


class SmallCNN(nn.Module):
    """Three 3x3 convolutions (32, 64, 128), each with batch norm, ReLU and 2x2 max-pool, then 256 and the classes.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image.
    classes : int
    dropout : float, default 0.3
        Share of fc1's units that are dropped in training.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, dropout: float = 0.3):
        super().__init__()
        channels, height, width = _sizes(shape, 3, "small_cnn", IMAGES)
        flat = 128 * _halved(height, 3, "small_cnn") * _halved(width, 3, "small_cnn")
        self.conv1, self.bn1 = nn.Conv2d(channels, 32, 3, padding=1), nn.BatchNorm2d(32)
        self.conv2, self.bn2 = nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64)
        self.conv3, self.bn3 = nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128)
        self.pool = nn.MaxPool2d(2)
        self.fc1, self.fc2 = nn.Linear(flat, 256), nn.Linear(256, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        # ReLU and max-pool give the same in either order; after the pool a quarter of the values is left.
        x = torch.relu(self.pool(self.bn1(self.conv1(x))))
        x = torch.relu(self.pool(self.bn2(self.conv2(x))))
        x = torch.relu(self.pool(self.bn3(self.conv3(x))))
        return self.fc2(self.dropout(torch.relu(self.fc1(x.flatten(1)))))


class TinyCNN(nn.Module):
    """Two 3x3 convolutions (16, 32), each with ReLU and 2x2 max-pool, then 64 and the classes.

    Its parameters are those of `SmallCNN` without dropout.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int):
        super().__init__()
        channels, height, width = _sizes(shape, 3, "tiny_cnn", IMAGES)
        flat = 32 * _halved(height, 2, "tiny_cnn") * _halved(width, 2, "tiny_cnn")
        self.conv1, self.conv2 = nn.Conv2d(channels, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1, self.fc2 = nn.Linear(flat, 64), nn.Linear(64, classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


class MLP(nn.Module):
    """Fully connected layers of 256 and 128 units with ReLU, then the classes.

    Samples may have any shape: images, signals, or the rows of a table. Its other parameters are those of `SmallCNN`;
    by default nothing is dropped.
    """

    def __init__(self, shape: tuple[int, ...], classes: int, dropout: float = 0.0):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(math.prod(shape), 256), nn.Linear(256, 128), nn.Linear(128, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = self.dropout(torch.relu(self.fc1(x.flatten(1))))
        return self.fc3(self.dropout(torch.relu(self.fc2(x))))


class SignalCNN(nn.Module):
    """Three convolutions along time (32, 64, 64), each with batch norm, ReLU and max-pool by 2, then 128 and the classes.

    What is left of the time is averaged before the fully connected layers, as in the fully convolutional network of
    Wang, Yan and Oates (2017, arXiv:1611.06455), so a long signal needs no more weights than a short one.

    Parameters
    ----------
    shape : tuple of int
        Channels and samples of a signal.
    classes : int
    dropout : float, default 0.3
        Share of fc1's units that are dropped in training.
    """

    def __init__(self, shape: tuple[int, int], classes: int, dropout: float = 0.3):
        super().__init__()
        channels, length = _sizes(shape, 2, "signal_cnn", "signals (channels, samples)")
        if length < SHORTEST_SIGNAL:
            raise ModelError(
                f"signal_cnn halves its signals 3 times and needs at least {SHORTEST_SIGNAL} samples, dataset.name gives "
                f"{length}. Choose another model (mlp takes any length) or dataset.",
                "model.name",
            )
        self.conv1, self.bn1 = nn.Conv1d(channels, 32, 7, padding=3), nn.BatchNorm1d(32)
        self.conv2, self.bn2 = nn.Conv1d(32, 64, 5, padding=2), nn.BatchNorm1d(64)
        self.conv3, self.bn3 = nn.Conv1d(64, 64, 3, padding=1), nn.BatchNorm1d(64)
        self.pool = nn.MaxPool1d(2)
        self.fc1, self.fc2 = nn.Linear(64, 128), nn.Linear(128, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = torch.relu(self.pool(self.bn1(self.conv1(x))))
        x = torch.relu(self.pool(self.bn2(self.conv2(x))))
        x = torch.relu(self.pool(self.bn3(self.conv3(x))))
        return self.fc2(self.dropout(torch.relu(self.fc1(x.mean(2)))))


NETWORKS = {
    "small_cnn": SmallCNN,
    "tiny_cnn": TinyCNN,
    "mlp": MLP,
    "signal_cnn": SignalCNN,
    "tiny_transformer": TinyTransformer,
}
