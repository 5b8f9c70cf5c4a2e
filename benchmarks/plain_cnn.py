"""small_cnn as a notebook has it: torch's layers one after the other; for the other files here."""

import torch

from evolution.models.build import build_model
from evolution.models.networks import SmallCNN


class PlainCNN(SmallCNN):
    """The same layers and weights, without `evolution.conv_block`."""

    def forward(self, x):
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = self.pool(torch.relu(norm(conv(x))))
        return self.fc2(self.dropout(torch.relu(self.fc1(x.flatten(1)))))


def build_plain_cnn(shape: tuple[int, int, int], classes: int, seed: int) -> PlainCNN:
    """With the weights that small_cnn has under this seed."""
    model = PlainCNN(shape, classes)
    model.load_state_dict(build_model("small_cnn", {}, shape, classes, seed).state_dict())
    return model
