"""Memory that a process frees and soon needs again."""

import ctypes
import sys
from collections.abc import Callable

# glibc's numbers for what mallopt sets: how many blocks may lie outside the heap, where they are returned as soon as
# they are freed; and how many bytes may be free at the heap's top before it shrinks.
MMAP_MAX, TRIM_THRESHOLD = -4, -1

KEPT = 2**31 - 1


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where glibc manages it.

    A full-batch step of training otherwise returns most of its memory and gets it anew, page by page, which takes time
    (benchmarks/training_speed.py); so does passing images through a network for a snapshot, and reading one after the
    other for CKA.
    """
    if mallopt := _glibc("mallopt"):
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, KEPT)


def return_kept_memory() -> None:
    """Return what is kept and not in use: with time it is in ever smaller pieces, and more is asked for."""
    if malloc_trim := _glibc("malloc_trim"):
        malloc_trim(0)


def _glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
