"""Load scikit-learn and pyarrow without what no job here uses of them: import this module before them.

Both import pandas where there is one, for the sake of data frames. scikit-learn imports scipy.stats for functions that
nothing here calls, and scipy asks numpy for everything it has, which loads its test and Fortran tools. Together they
take half of the time that a job needs to start, and a job that measures one cell is short.
"""

import sys
from importlib import import_module
from types import ModuleType

import numpy

from evolution.startup.collection import without_collections

STATISTICS = "scipy.stats"

# Modules that numpy loads when they are asked for.
TOOLS = ("f2py", "testing")


class Deferred:
    """An attribute of a module, which is imported when the attribute is used."""

    def __init__(self, module: str, name: str):
        self._module, self._name = module, name

    def _found(self) -> object:
        return getattr(import_module(self._module), self._name)

    def __call__(self, *args, **kwargs):
        return self._found()(*args, **kwargs)

    def __getattr__(self, name: str):
        return getattr(self._found(), name)


class DeferredModule(ModuleType):
    """Stands for a module while others take attributes from it."""

    def __getattr__(self, name: str) -> Deferred:
        if name.startswith("__"):
            raise AttributeError(name)
        return Deferred(self.__name__, name)


class NoPandas:
    """A finder to which pandas is not installed."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def load_libraries() -> None:
    """Import pyarrow, and scikit-learn's clusters, metrics, neighbours, components and linear models."""
    stands_in = STATISTICS not in sys.modules
    if stands_in:
        sys.modules[STATISTICS] = DeferredModule(STATISTICS)
    tools = [name for name in TOOLS if name not in vars(numpy)]
    for name in tools:
        setattr(numpy, name, DeferredModule(f"numpy.{name}"))
    sys.meta_path.insert(0, NoPandas)
    try:
        with without_collections():
            import pyarrow
            import sklearn.cluster  # noqa: F401 - and through it all the others

            # It looks for pandas when it makes its first array, and then never again.
            pyarrow.array([0])
    finally:
        # From here on everybody else gets the real ones.
        sys.meta_path.remove(NoPandas)
        for name in tools:
            delattr(numpy, name)
        if stands_in:
            del sys.modules[STATISTICS]


if "sklearn" not in sys.modules:
    load_libraries()
