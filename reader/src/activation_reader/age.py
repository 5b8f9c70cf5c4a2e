"""Files that are older than what they are made of: another run of the workflow has begun and has not come so far."""

import os
import re
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

# A part of the training: its first and last time, and the path of its file in the run's folder.
Part = tuple[int, int, str]


def parts_of_training(folder: Path) -> list[Part]:
    """The parts of a run's training that are there, by the names of their files in `history`."""
    parts = []
    for path in sorted((folder / "history").glob("*.parquet")):
        # The name holds the first and last time: 0001-0004, or 0004 alone.
        if times := [int(digits) for digits in re.findall(r"\d+", path.stem)]:
            parts.append((times[0], times[-1], f"history/{path.name}"))
    return parts


def changes_of(parts: Iterable[Part], times: Sequence[int] | None = None) -> list[str]:
    """The files of a run that are written again where its samples or its training change, and only then.

    Parameters
    ----------
    parts : iterable of Part
        See `parts_of_training`.
    times : sequence of int, optional
        Ascending. The parts that lead to these times count; without it all of them.

    Returns
    -------
    list of str
        Paths in the run's folder.
    """
    leading = [path for first, last, path in parts if times is None or any(first <= time <= last for time in times)]
    return ["dataset.npz", *leading]


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
