"""NumPy arrays on disk: whole files, the same bytes for the same content, no pickle."""

import math
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from evolution.io.reading import damaged, reading
from evolution.io.whole_files import whole_file


def save_npy(path: str | Path, array: np.ndarray) -> None:
    """Write one array as .npy.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    with whole_file(path) as temporary:
        np.save(temporary, np.ascontiguousarray(array), allow_pickle=False)


class NpyWriter:
    """An .npy file that is written one entry at a time, so that it may be larger than memory; whole or not at all.

    Entries may have notes. They follow the array as a second one, which `load_notes` reads, and who loads the file as
    usual does not see (see `numpy.save`: what is saved to a file is appended).

    Parameters
    ----------
    path : path
    entries : int
        Length of the first axis. The first entry that is put decides the type and the other axes, but for the last axis
        of matrices: it is as long as the widest one needs, and the others end in zeros.

    Raises
    ------
    UserError
        If the file cannot be written.
    """

    def __init__(self, path: str | Path, entries: int):
        self._entries, self._stack = entries, ExitStack()
        self._temporary = self._stack.enter_context(whole_file(path))
        # Plain writes and no memory map: a write to a memory map on a full disk ends the process without a message.
        self._stream = self._stack.enter_context(self._temporary.open("w+b"))
        # Where the entries begin, the shape of one, and which ones are there.
        self._start, self._shape, self._there = 0, (), set()
        self._type: np.dtype | None = None
        self._notes: dict[int, np.ndarray] = {}

    def __enter__(self) -> "NpyWriter":
        return self

    def put(self, index: int, entry: np.ndarray, note: np.ndarray | None = None) -> None:
        """Write an entry; they may come in any order.

        Parameters
        ----------
        index : int
            Its position in the first axis.
        entry : array
        note : float array, optional
            Of the same shape as those of other entries.
        """
        if note is not None:
            self._notes[index] = note
        if not self._start:
            self._start, self._shape, self._type = self._write_header(entry), entry.shape, entry.dtype
        elif entry.dtype != self._type or entry.shape[:-1] != self._shape[:-1]:
            # Its bytes would be read as other numbers.
            raise ValueError(f"{entry.dtype} {entry.shape} after {self._type} {self._shape}")
        elif entry.ndim == 2 and entry.shape[1] > self._shape[1]:
            self._widen(entry)
        elif entry.shape != self._shape:
            entry = np.pad(entry, [(0, 0), (0, self._shape[1] - entry.shape[1])])
        self._write(index, entry)

    def _write_header(self, entry: np.ndarray) -> int:
        """Write the header of entries such as this one; returns where it ends."""
        header = np.lib.format.header_data_from_array_1_0(entry) | {"shape": (self._entries, *entry.shape)}
        self._stream.seek(0)
        np.lib.format.write_array_header_1_0(self._stream, header | {"fortran_order": False})
        return self._stream.tell()

    def _write(self, index: int, entry: np.ndarray) -> None:
        self._stream.seek(self._start + index * entry.nbytes)
        self._stream.write(np.ascontiguousarray(entry).data)
        self._there.add(index)

    def _widen(self, entry: np.ndarray) -> None:
        """Make all entries as wide as this one. The last one moves first, to a place that no other needs."""
        samples, width = self._shape
        size = samples * width * entry.itemsize
        for index in sorted(self._there, reverse=True):
            self._stream.seek(self._start + index * size)
            moved = np.frombuffer(self._stream.read(size), entry.dtype).reshape(samples, width)
            self._write(index, np.pad(moved, [(0, 0), (0, entry.shape[1] - width)]))
        # It is as long as before: NumPy pads it to a multiple of 64 bytes, and leaves room for a longer shape.
        self._shape = entry.shape
        if self._write_header(entry) != self._start:
            raise ValueError(f"the header of {entry.shape} is longer than that of {(samples, width)}")

    def __exit__(self, *error) -> None:
        if error != (None, None, None):
            self._stack.__exit__(*error)
            return
        # What goes wrong here is the file's own error as well, such as a full disk.
        with self._stack:
            self._write_notes()

    def _write_notes(self) -> None:
        """Write the entries' notes, where there are any, as an array behind the first."""
        if not self._notes:
            return
        note = next(iter(self._notes.values()))
        notes = np.full((self._entries, *note.shape), np.nan, note.dtype)
        for index, note in self._notes.items():
            notes[index] = note
        self._stream.seek(self._start + self._entries * math.prod(self._shape) * self._type.itemsize)
        np.save(self._stream, notes, allow_pickle=False)


def load_npy(path: str | Path, shape: tuple[int | None, ...]) -> np.ndarray:
    """Map an .npy file into memory.

    Parameters
    ----------
    path : path
    shape : tuple
        The expected shape; None where any size will do.

    Returns
    -------
    numpy.memmap
        Read-only.

    Raises
    ------
    UserError
        If the file cannot be read, or has another shape.
    """
    with reading(path):
        array = np.lib.format.open_memmap(path, mode="r")
    fits = len(array.shape) == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape))
    if not fits:
        raise damaged(path, f"shape {array.shape}, expected {shape}")
    return array


def load_notes(path: str | Path) -> np.ndarray | None:
    """What `NpyWriter` noted of the entries of a file.

    Returns
    -------
    float array (entries, ...) or None
        NaN for an entry without a note; None where no entry has one.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    with reading(path):
        array = np.lib.format.open_memmap(path, mode="r")
        with open(path, "rb") as stream:
            stream.seek(array.offset + array.nbytes)
            if not stream.peek(1):
                return None
            return np.lib.format.read_array(stream, allow_pickle=False)


def save_npz(path: str | Path, *, compressed: bool = True, **arrays: np.ndarray) -> None:
    """Write named arrays as one .npz.

    Parameters
    ----------
    path : path
    compressed : bool
        False for large arrays of floats, which hardly shrink and take minutes.
    **arrays

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    with whole_file(path) as temporary:
        (np.savez_compressed if compressed else np.savez)(temporary, **arrays)


def names_in_npz(path: str | Path) -> list[str]:
    """The names of the arrays of an .npz.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    with reading(path), np.load(path, allow_pickle=False) as archive:
        return archive.files


def load_npz(path: str | Path, *names: str) -> list[np.ndarray]:
    """Read the named arrays of an .npz, and no others, in the order of the names.

    Raises
    ------
    UserError
        If the file cannot be read, or lacks an array.
    """
    with reading(path), np.load(path, allow_pickle=False) as archive:
        return [archive[name] for name in names]
