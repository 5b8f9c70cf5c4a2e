"""The numbers of recorded arrays: those of the samples that are followed, as float32, without reading the others."""

import logging
from pathlib import Path

import numpy as np

from evolution.errors import DataError
from evolution.sources.array_file import BFLOAT16, Place, array_place

log = logging.getLogger("evolution")


def read_array(path: str | Path, chosen: np.ndarray | None = None) -> np.ndarray:
    """Read an array, or some entries of its first axis, in the type that it has.

    Parameters
    ----------
    path : path
        An .npy, or a .safetensors with one tensor.
    chosen : int array, optional
        Positions on the first axis.

    Returns
    -------
    array
        In C order, whatever order it has on disk. bfloat16 becomes float32.

    Raises
    ------
    DataError
        If the file is not whole, or is no array.
    """
    path = Path(path)
    try:
        place = array_place(path)
        if place.dtype in ("object", "structured"):
            raise ValueError(f"it is {place.dtype}, and nothing is unpickled")
        mapped = _mapped(path, place)
        array = np.array(mapped if chosen is None else mapped[chosen], order="C")
    except (OSError, EOFError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends early"
        raise DataError(
            f"{path} cannot be read ({reason}). Write it again, then give the same command again."
        ) from None
    return _from_bfloat16(array) if place.dtype == BFLOAT16 else array


def _mapped(path: Path, place: Place) -> np.ndarray:
    """The array of a file, mapped into memory."""
    code = "<u2" if place.dtype == BFLOAT16 else place.code
    if not place.size:
        return np.empty(place.shape, code)
    if path.stat().st_size < place.begin + place.size:
        raise EOFError
    order = "F" if place.fortran else "C"
    return np.memmap(path, np.dtype(code), "r", place.begin, place.shape, order)


def _from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """float32 of the upper halves of its bits."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def read_floats(path: str | Path, chosen: np.ndarray | None = None, *, say: bool = True) -> np.ndarray:
    """Read an array of real numbers as float32.

    Parameters
    ----------
    path, chosen
        See `read_array`.
    say : bool
        Whether the log says of an array of another type that it is taken as float32.

    Raises
    ------
    DataError
        As `read_array` raises it; or if the array holds no real numbers.
    """
    array = read_array(path, chosen)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path} is {array.dtype}; save numbers, such as float32.")
    said = array_place(Path(path)).dtype
    if say and said != "float32":
        log.info("%s: %s, taken as float32", path, said)
    with np.errstate(over="ignore"):
        floats = array.astype(np.float32, copy=False)
    if array.dtype.itemsize > 4 and np.isfinite(array).sum() != np.isfinite(floats).sum():
        largest = np.abs(array[np.isfinite(array)]).max()
        raise DataError(f"{path} holds {largest:.3g}, which is too large for float32. Scale it, and write it again.")
    return floats
