"""Importing large libraries in less time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Import inside this: hardly anything that importing makes is garbage, and to look for it is a third of torch's.

    What was made so, garbage too, stays, and is left out of all later looks, the one at the process's end among them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
