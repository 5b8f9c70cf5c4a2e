"""Models made by hand: modules one after another, on images of four pixels."""

from collections import OrderedDict

from torch import nn


def block(*layers):
    """Layers a, b, c, ... one after another."""
    return nn.Sequential(OrderedDict(zip("abcdefghijkl", layers)))


class Chain(nn.Module):
    """Modules one after another, on images of four pixels."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x):
        x = x.flatten(1)
        for module in self.children():
            x = module(x)
        return x
