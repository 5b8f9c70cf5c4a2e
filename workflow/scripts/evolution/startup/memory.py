"""Memory that a process frees and soon needs again."""

import ctypes
import sys
from collections.abc import Callable

# What mallopt calls two of its settings (malloc.h of glibc). The first is how many blocks may lie outside the heap,
# where memory is returned as soon as it is freed; the second how many bytes may be free at the heap's end before it
# shrinks.
MMAP_MAX, TRIM_THRESHOLD = -4, -1

# The largest number that mallopt takes: the heap never shrinks by itself.
NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where glibc manages it.

    Otherwise each full-batch step of training returns most of its memory and gets it again, page by page, which takes
    time (benchmarks/training_speed.py). The same holds for passing images through a network for a snapshot, and for
    reading one snapshot after the other for CKA.
    """
    if mallopt := _glibc("mallopt"):
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, NEVER)


def return_kept_memory() -> None:
    """Return the memory that is kept and not in use.

    With time such memory breaks into ever smaller pieces, which do not fit what is asked for, and the process grows.
    """
    if malloc_trim := _glibc("malloc_trim"):
        malloc_trim(0)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library; None where there is none of that name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
