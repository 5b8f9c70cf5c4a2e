"""Arrays in files of NumPy, without pickle."""

from pathlib import Path

import numpy as np


class NpyRows:
    """A file with a float32 array (N, D) that is written some rows at a time, so that they are never held together.

    Parameters
    ----------
    path : Path
    samples, width : int
        N and D.
    """

    def __init__(self, path: Path, samples: int, width: int):
        # Unbuffered, so that an error of the disk comes where the rows are written.
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115 - it is closed by close
        _write_header(self._file, (samples, width), np.dtype(np.float32))

    def add(self, rows: np.ndarray) -> None:
        """Write the next rows, float32 (n, D)."""
        _write_all(self._file, rows)

    def close(self) -> None:
        self._file.close()


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array of numbers or texts to a file.

    Raises
    ------
    OSError
        If the disk is full, for example.
    """
    with open(path, "wb", buffering=0) as file:
        _write_header(file, array.shape, array.dtype)
        _write_all(file, array)


def _write_header(file, shape: tuple[int, ...], dtype: np.dtype) -> None:
    np.lib.format.write_array_header_1_0(
        file, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )


def _write_all(file, array: np.ndarray) -> None:
    """Write all bytes: a plain write may end early, and np.save tells of a full disk without the error's number."""
    left = memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    while left:
        left = left[file.write(left) :]
