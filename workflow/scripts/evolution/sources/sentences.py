"""Sentences that the listings of checkpoints and of recordings share."""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# What is not whole and was written to within so many seconds is taken to be still growing.
STILL_WRITTEN = 600

# How many names a message shows.
SHOWN = 3


def few(values: Iterable) -> str:
    """The first few of some values, and how many there are."""
    values = list(map(str, values))
    return ", ".join(values[:SHOWN]) + (f", ... ({len(values)} in all)" if len(values) > SHOWN else "")


def _changed_at(path: Path) -> float:
    """When a file, or the newest file of a folder, was written; 0 where it is gone."""
    times = [0.0]
    for file in path.iterdir() if path.is_dir() else [path]:
        with suppress(OSError):
            times.append(file.stat().st_mtime)
    return max(times)


def unfinished_note(path: str, *, left_out: str | None = None, why: str = "it is not whole") -> str:
    """That something is left out because it is not whole, and what to do.

    Parameters
    ----------
    path : str
        What is not whole; its time says whether it is still being written.
    left_out : str, optional
        What is left out, by default the file itself.
    why : str
        The reason.
    """
    age = time.time() - _changed_at(Path(path))
    reason = (
        f"{why}, and is taken to be still written; give the same command again once it is"
        if age < STILL_WRITTEN
        else f"{why}, as after a full disk or a copy that broke off; copy it again, or delete it"
    )
    return f"{left_out or path} is left out: {reason}."
