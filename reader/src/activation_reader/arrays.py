"""The arrays of cells, one for each time and layer, in files that hold the times of a span."""

import os
from pathlib import Path

import numpy as np

from activation_reader.contents import Contents
from activation_reader.errors import ReaderError

# What to do about a file that is not as the others say.
OUT_OF_DATE = "Give the workflow's command again, which makes what is out of date."


def read_cell(folder: Path, contents: Contents, name: str, time: int, rows: int) -> np.ndarray:
    """One time of a file, mapped into memory: it is read from disk where it is used.

    Parameters
    ----------
    folder : Path
        The run's.
    contents : Contents
    name : str
        The file's in the run's folder, with `{span}` for the span of the time.
    time : int
    rows : int
        How many a time has: one for each sample, of a classifier also one for each class.

    Returns
    -------
    array (rows, ...)
        Read-only.

    Raises
    ------
    ReaderError
        If the file is not there, or not what the workflow wrote.
    """
    span = contents.span_of[time]
    times = contents.spans[span]
    path = folder / name.format(span=span)
    try:
        # Never unpickles: it refuses arrays of objects.
        array = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise ReaderError(not_there(folder, path.relative_to(folder).as_posix())) from None
    except (OSError, ValueError) as error:
        raise ReaderError(f"{path} cannot be read ({error}).") from error
    if array.ndim < 2 or array.shape[0] != len(times) or array.shape[1] != rows:
        raise ReaderError(
            f"{path} has the shape {array.shape}, and should have {len(times)} times of {rows} rows. {OUT_OF_DATE}"
        )
    return array[list(times).index(time)]


def not_there(folder: Path, name: str) -> str:
    """What to say of a file that a run may have; `name` is its path in the run's folder.

    Snakemake knows files by their paths in its own working directory, where results lie in `results` unless the config
    says otherwise. So the command is the same wherever the reader is.
    """
    known = Path(os.path.abspath(folder))
    return (
        f"{folder / name} is not there: it was not made yet, its job failed, or it was deleted. In the working "
        f"directory of the workflow this makes it, or says why it cannot: snakemake --cores 2 "
        f"{known.parent.name}/{known.name}/{name} (in front of the path, folders that the config's `results` or a "
        "module's prefix has more)"
    )
