"""A file with models, as a user may write one, next to a file that it imports."""

MODELS = """
import torch
from torch import nn
from parts_of_own import Hidden

class Own(nn.Module):
    def __init__(self, shape, classes, width=6):
        super().__init__()
        self.hidden = Hidden(shape[0] * shape[1] * shape[2], width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.hidden(x.view(len(x), -1)))

def function(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(8, classes))

def no_module(shape, classes):
    return 3

class Fails(nn.Module):
    def __init__(self, shape, classes):
        raise KeyError("depth")
"""

PARTS = """
from torch import nn

class Hidden(nn.Linear):
    pass
"""


def write_models(folder):
    """Write both files; the path of the one with the models."""
    (folder / "own.py").write_text(MODELS)
    (folder / "parts_of_own.py").write_text(PARTS)
    return folder / "own.py"
