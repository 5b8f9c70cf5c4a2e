"""The arrays of cells, one for each time and layer, in files that hold the times of a span."""

from pathlib import Path

import numpy as np

from activation_reader.contents import Contents
from activation_reader.errors import ReaderError


def read_cell(folder: Path, contents: Contents, name: str, time: int, samples: int) -> np.ndarray:
    """One time of a file, mapped into memory: it is read from disk where it is used.

    Parameters
    ----------
    folder : Path
        The run's.
    contents : Contents
    name : str
        The file's in the run's folder, with `{span}` for the span of the time.
    time : int
    samples : int
        The least rows that a time has.

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
        raise ReaderError(not_there(path)) from None
    except (OSError, ValueError) as error:
        raise ReaderError(f"{path} cannot be read ({error}).") from error
    if array.ndim < 2 or array.shape[0] != len(times) or array.shape[1] < samples:
        raise ReaderError(
            f"{path} has the shape {array.shape}, and should have {len(times)} times of {samples} samples: give the "
            "workflow's command again, which makes what is out of date."
        )
    return array[list(times).index(time)]


def not_there(path: Path) -> str:
    """What to say of a file that a run may have."""
    return (
        f"{path} is not there: it was not made yet, or it was deleted. The workflow makes it: snakemake --cores 2 "
        f"{path.as_posix()}"
    )
