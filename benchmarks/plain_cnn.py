"""small_cnn as a notebook has it, with ReLU before the pool; for the other files here."""

import torch

from evolution.models.build import build_model
from evolution.models.networks import SmallCNN


class PlainCNN(SmallCNN):
    """The same layers and weights; training fuses only small_cnn's own convolutions."""

    def forward(self, x):
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = self.pool(torch.relu(norm(conv(x))))
        return self.fc2(self.dropout(torch.relu(self.fc1(x.flatten(1)))))


def build_plain_cnn(shape: tuple[int, int, int], classes: int, seed: int) -> PlainCNN:
    """With the weights that small_cnn has under this seed."""
    model = PlainCNN(shape, classes)
    weights = build_model("small_cnn", kwargs={}, shape=shape, classes=classes, seed=seed).state_dict()
    model.load_state_dict(weights)
    return model
