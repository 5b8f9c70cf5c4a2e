"""What a job took: its seconds and memory, in the file that stands to `benchmarks/` as its log to `logs/`.

Snakemake's own `benchmark:` looks at the process that it started every half second, and the worker's jobs are not among
that one's children (`evolution.startup.worker`). So a job notes what the system has counted for it, which is also exact
for a job that ends within half a second.
"""

import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

# ru_maxrss is counted in kB, and on macOS in bytes.
IN_MB = 2**20 if sys.platform == "darwin" else 2**10


def record_path(log: str | Path) -> Path | None:
    """The record's file: results/RUN/benchmarks/a/b.tsv for results/RUN/logs/a/b.log. None if no folder is `logs`."""
    parts = list(Path(log).parts)
    if "logs" not in parts[:-1]:
        return None
    # A run may be called logs as well.
    parts[len(parts) - 2 - parts[-2::-1].index("logs")] = "benchmarks"
    return Path(*parts).with_suffix(".tsv")


def save_record(log: str | Path) -> None:
    """Write what this process has taken until now; where there is no room for it, it is left out.

    The file has the names and units that Snakemake's has: `s`, wall seconds since the process began; `cpu_time`,
    processor seconds of the process and its children that have ended; `max_rss`, the most resident memory in MB that it
    or the largest child had. A job that the worker forked began with the fork, and its memory counts what it shares
    with the worker: some 0.2 GB of libraries, with torch 0.7 GB.
    """
    path = record_path(log)
    if path is None:
        return
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(used.ru_utime + used.ru_stime for used in (own, children))
    memory = max(_own_peak(own), children.ru_maxrss / IN_MB)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tcpu_time\tmax_rss\n{_age():.2f}\t{cpu:.2f}\t{memory:.2f}\n", encoding="utf-8")


def _own_peak(own: resource.struct_rusage) -> float:
    """The most resident memory that this program had, in MB.

    On Linux `ru_maxrss` also counts the program that started this one, such as a large Snakemake.
    """
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**10
    return own.ru_maxrss / IN_MB


def _age() -> float:
    """Seconds since this process began; where the system does not say, since this module was imported."""
    with suppress(OSError):
        # The 22nd field, counted from behind the name in parentheses: the start, in ticks since the machine started.
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.monotonic() - _IMPORTED


_IMPORTED = time.monotonic()
