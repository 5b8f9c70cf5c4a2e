"""Load torch, in two thirds of the time: import this module before it."""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from evolution.startup.collection import without_collections

with without_collections():
    import torch

COMPILER = "torch._dynamo"


class _NoCompiler(ModuleType):
    """Leaves functions as they are; what else is asked of it, the compiler itself answers, once it is loaded."""

    @staticmethod
    def disable(function: Callable, *args: object, **kwargs: object) -> Callable:
        return function

    @staticmethod
    def graph_break() -> None:
        pass

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER], torch._dynamo
        return getattr(import_module(COMPILER), name)


def without_compiler() -> None:
    """Keep torch's compiler out of a process that compiles nothing.

    Every optimizer loads it, only to tell it to leave the optimizer alone: a second of a training job, and 0.15 GB.
    """
    if COMPILER not in sys.modules:
        sys.modules[COMPILER] = torch._dynamo = _NoCompiler(COMPILER)
