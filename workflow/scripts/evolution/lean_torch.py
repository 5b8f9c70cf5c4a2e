"""Load torch, in two thirds of the time: import this module before it."""

import sys
from collections.abc import Callable
from types import ModuleType

from evolution.imports import without_collections

with without_collections():
    import torch

COMPILER = "torch._dynamo"


def _as_it_is(function: Callable, *args: object, **kwargs: object) -> Callable:
    return function


def without_compiler() -> None:
    """Keep torch's compiler out of this process, in which nothing can then be compiled, nor torchvision be imported.

    Every optimizer loads it, only to tell it to leave the optimizer alone: a second of a training job, and 0.15 GB.
    """
    if COMPILER in sys.modules:
        return
    stands_in = ModuleType(COMPILER)
    stands_in.disable = _as_it_is
    stands_in.graph_break = lambda: None
    sys.modules[COMPILER] = torch._dynamo = stands_in
