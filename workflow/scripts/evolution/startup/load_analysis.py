"""Load scikit-learn and pyarrow without the modules that no job here needs: import this module before them.

Reason: a job that measures or embeds one cell takes about a second, and half of it is the start. Importing scikit-learn
and pyarrow takes 1.8 s plain, 1.4 s with the garbage collector held off, and 0.8 s with what is substituted here
(measured on two cores).

Library internals that this relies on:

- scikit-learn imports scipy.stats for functions that nothing here calls. While it is imported, a module stands for
  scipy.stats that imports the real one when one of its functions is used.
- scipy asks numpy for every public name, and numpy then loads `numpy.testing` and `numpy.f2py`, which it otherwise
  loads when they are first used. While scipy is imported, the same kind of module stands for them.
- scikit-learn and pyarrow import pandas where it is installed, to support data frames. While they are imported, pandas
  appears not to be installed. pyarrow looks for pandas when it makes its first array, and never again.

Afterwards every import finds the real modules. With other major versions than those in `TESTED`, or where
`evolution.startup.guard.OFF_SWITCH` is set, nothing is substituted, and each job imports what it needs.
"""

import sys
from importlib import import_module
from types import ModuleType

from evolution.startup.collection import without_collections
from evolution.startup.guard import may_substitute

# The major versions that the substitution was tested with.
TESTED = {"numpy": 2, "scipy": 1, "scikit_learn": 1, "pyarrow": 26}

STATISTICS = "scipy.stats"

# Modules that numpy loads when they are first used.
TOOLS = ("f2py", "testing")


class Deferred:
    """Stands for an attribute of a module, and imports the module when the attribute is used."""

    def __init__(self, module: str, name: str):
        self._module, self._name = module, name

    def _found(self) -> object:
        return getattr(import_module(self._module), self._name)

    def __call__(self, *args, **kwargs):
        return self._found()(*args, **kwargs)

    def __getattr__(self, name: str):
        return getattr(self._found(), name)


class DeferredModule(ModuleType):
    """Stands for a module while other modules import names from it."""

    def __getattr__(self, name: str) -> Deferred:
        if name.startswith("__"):
            raise AttributeError(name)
        return Deferred(self.__name__, name)


class NoPandas:
    """A finder of modules that says that pandas is not installed."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def load_libraries() -> None:
    """Import pyarrow, and scikit-learn's clusters, metrics, neighbours, components and linear models."""
    import numpy

    statistics_missing = STATISTICS not in sys.modules
    if statistics_missing:
        sys.modules[STATISTICS] = DeferredModule(STATISTICS)
    tools = [name for name in TOOLS if name not in vars(numpy)]
    for name in tools:
        setattr(numpy, name, DeferredModule(f"numpy.{name}"))
    sys.meta_path.insert(0, NoPandas)
    try:
        with without_collections():
            import pyarrow
            import sklearn.cluster  # noqa: F401 - it imports all the others

            # The first array, with which pyarrow looks for pandas.
            pyarrow.array([0])
    finally:
        sys.meta_path.remove(NoPandas)
        for name in tools:
            delattr(numpy, name)
        if statistics_missing:
            del sys.modules[STATISTICS]


if "sklearn" not in sys.modules and may_substitute(**TESTED):
    load_libraries()
