"""Importing large libraries in less time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Import inside this: nothing of what importing makes is garbage, and looking for some takes a third of torch's.

    What was made so is left out of all later looks too, the one at the process's end among them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
