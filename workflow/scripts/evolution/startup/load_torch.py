"""Load torch in two thirds of the time, and train without its compiler: import this module before torch.

The garbage collector is held off while torch is imported, see `evolution.startup.collection`: 1.6 s instead of 2.4 s,
measured on two cores.

`without_compiler` keeps `torch._dynamo` out of a training, which never compiles anything. Every optimizer imports it to
call two functions: `torch._dynamo.disable`, which tells the compiler to leave a method alone, and
`torch._dynamo.graph_break`. That import takes a second of a training job, and 0.15 GB. The internals that the
substitution relies on are this use in `torch/_compile.py` and `torch/optim/optimizer.py`. With another major version
than `TESTED`, or where `evolution.startup.guard.OFF_SWITCH` is set, the compiler is imported as usual.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from evolution.startup.collection import without_collections
from evolution.startup.guard import may_substitute

with without_collections():
    import torch

# The major version that the substitution was tested with.
TESTED = {"torch": 2}

COMPILER = "torch._dynamo"


class _NoCompiler(ModuleType):
    """Leaves functions as they are; for any other attribute the compiler itself is loaded, and takes its place back."""

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
    """Keep torch's compiler out of a process that compiles nothing, unless it is loaded already."""
    if COMPILER not in sys.modules and may_substitute(**TESTED):
        sys.modules[COMPILER] = torch._dynamo = _NoCompiler(COMPILER)
