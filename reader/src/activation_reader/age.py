"""Files that are older than what they are made of: another run of the workflow has begun and has not come so far."""

import os
import re
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def changes_of(folder: Path, time: int | None = None) -> list[str]:
    """The files of a run that are written again where its samples or its training change, and only then.

    Parameters
    ----------
    folder : Path
        The run's.
    time : int, optional
        Of the training, the part that leads to this time; else all of it.

    Returns
    -------
    list of str
        Paths in the run's folder.
    """
    changes = ["dataset.npz"]
    for path in sorted((folder / "history").glob("*.parquet")):
        # The name of a span holds its first and last time: 0001-0004, or 0004 alone.
        times = [int(digits) for digits in re.findall(r"\d+", path.stem)]
        if time is None or (times and times[0] <= time <= times[-1]):
            changes.append(f"history/{path.name}")
    return changes


def warn_of_older(folder: Path, name: str, changes: Iterable[str]) -> None:
    """Warn where a file of a run is older than one that it depends on: it may show what the run was before.

    Parameters
    ----------
    folder : Path
        The run's.
    name : str
        The file's path in it.
    changes : iterable of str
        Paths in the run's folder, see `changes_of`. One that is not there says nothing.

    Warns
    -----
    UserWarning
        Once a call. The times of files are those that Snakemake goes by.
    """
    with suppress(OSError):
        age = os.stat(folder / name).st_mtime_ns
        for source in changes:
            with suppress(OSError):
                if os.stat(folder / source).st_mtime_ns > age:
                    warnings.warn(
                        f"{folder / name} is older than {folder / source}, on which it depends, and may show what "
                        "the run was before. Give the workflow's command again, which makes what is out of date.",
                        stacklevel=5,
                    )
                    return
