"""Memory that a process frees and soon needs again."""

import ctypes
import sys
from collections.abc import Callable

# glibc's numbers for what mallopt sets, and more than any block that a job asks for.
MMAP_THRESHOLD, TRIM_THRESHOLD, ENOUGH = -3, -1, 2**31 - 1


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where glibc manages it.

    A full-batch step of training otherwise returns most of its memory and gets it anew, page by page: a seventh of its
    time. Passing images through a network for a snapshot gains as much.
    """
    if mallopt := _glibc("mallopt"):
        mallopt(MMAP_THRESHOLD, ENOUGH)
        mallopt(TRIM_THRESHOLD, ENOUGH)


def return_kept_memory() -> None:
    """Return what is kept and not in use: with time it is in ever smaller pieces, and more is asked for."""
    if malloc_trim := _glibc("malloc_trim"):
        malloc_trim(0)


def _glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
