"""Memory that is freed and needed again, in processes of their own, since the setting is one of the process."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from evolution.startup import memory

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
# How many pages the kernel hands out for ten arrays of 20 MB, one after the other.
FAULTS = """
import resource
import numpy as np
from evolution.startup.memory import keep_freed_memory
{}
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(40 * 10**6 // 8)
before = faults()
for _ in range(10):
    np.ones(20 * 10**6 // 8)
print(faults() - before)
"""


@glibc
def test_freed_memory_is_used_again():
    faults = [
        int(subprocess.check_output([sys.executable, "-c", FAULTS.format(call)], cwd=SCRIPTS, text=True))
        for call in ("", "keep_freed_memory()")
    ]
    assert faults[1] < faults[0] / 4


# Resident megabytes while much is held, after it is freed and kept, and after it is returned. A block that stays above
# it keeps the heap from shrinking by itself.
RESIDENT = """
import resource
import numpy as np
from evolution.startup.memory import keep_freed_memory
from evolution.startup.memory import return_kept_memory
keep_freed_memory()
megabytes = lambda: int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 10**6
much, stays = np.ones(200 * 10**6 // 8), np.ones(1000)
print(megabytes())
del much
print(megabytes())
return_kept_memory()
print(megabytes())
"""


@glibc
def test_kept_memory_is_returned():
    printed = subprocess.check_output([sys.executable, "-c", RESIDENT], cwd=SCRIPTS, text=True)
    held, kept, returned = map(int, printed.split())
    assert kept > held - 20 and returned < held - 150


def test_other_allocators_are_left_alone(monkeypatch):
    """Where the C library has no such functions, and where there is none to ask."""
    for name, value in (("ctypes.CDLL", lambda name: object()), ("sys.platform", "darwin")):
        monkeypatch.setattr(name, value)
        memory.keep_freed_memory()
        memory.return_kept_memory()
