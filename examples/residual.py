"""A network of your own: two residual blocks and a linear classifier. docs/your-own-model.md tells how to use it."""

from torch import nn


class Block(nn.Module):
    """Two 3x3 convolutions whose result is added to their input."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        # Two activations, since a module that runs twice has two outputs and cannot be followed.
        self.act1, self.act2 = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        return self.act2(x + self.conv2(self.act1(self.conv1(x))))


class ResidualNet(nn.Module):
    """What the workflow calls: `ResidualNet(shape, classes, **model.kwargs)`.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image.
    classes : int
    width : int
        Channels of the blocks.
    """

    def __init__(self, shape, classes, width=16):
        super().__init__()
        channels, _, _ = shape
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.block1, self.block2 = Block(width), Block(width)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        """One number for each image and class, from normalised images (N, C, H, W)."""
        x = self.block2(self.pool(self.block1(self.stem(x))))
        return self.head(x.mean(dim=(2, 3)))
