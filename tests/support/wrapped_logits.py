"""Logits as other people's models put them out: each a function of the logits and of another tensor."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


@dataclass
class Data:
    hidden: Tensor
    logits: Tensor
    loss: Tensor | None = None


class Named(NamedTuple):
    hidden: Tensor
    logits: Tensor


class Plain:
    """An object of no known kind."""

    def __init__(self, logits):
        self.logits = logits


WRAPPED = {
    "the tensor": lambda logits, other: logits,
    "a mapping": lambda logits, other: {"hidden": other, "logits": logits},
    "a mapping with one tensor": lambda logits, other: {"scores": logits, "loss": None},
    "a dataclass": lambda logits, other: Data(other, logits),
    "a named tuple": lambda logits, other: Named(other, logits),
    "an object": lambda logits, other: Plain(logits),
    "a tuple": lambda logits, other: (logits, other),
    "a list": lambda logits, other: [None, logits, other],
}
