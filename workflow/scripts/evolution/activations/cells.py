"""Cells, one for each time and layer of a run, read from files that hold the times of a span."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from evolution.io.arrays import load_npy
from evolution.io.reading import damaged


class Cells:
    """The cells in files named `.../{span}/{layer}.npy`, which have an entry for each time of their span.

    Parameters
    ----------
    paths : iterable of paths
    spans : mapping of str to sequence of int
        Each span's times, in the order of the files' entries.
    """

    def __init__(self, paths: Iterable[str | Path], spans: Mapping[str, Sequence[int]]):
        # The path of each cell's file, the cell's index in it, and the number of entries.
        self._files: dict[tuple[str, int], tuple[str, int, int]] = {}
        for path in paths:
            times = spans[Path(path).parent.name]
            for index, time in enumerate(times):
                self._files[Path(path).stem, time] = str(path), index, len(times)

    def times(self, layer: str) -> list[int]:
        """The times at which there is a cell of the layer, ascending."""
        return sorted(time for name, time in self._files if name == layer)

    def read(self, layer: str, time: int, shape: tuple[int | None, ...]) -> np.ndarray:
        """One cell's array, mapped into memory: it is read from disk where it is used.

        Parameters
        ----------
        layer : str
        time : int
        shape : tuple
            The array's expected shape; None for a dimension of any size.

        Raises
        ------
        KeyError
            If no file has this cell.
        UserError
            If the file cannot be read, or has another shape.
        """
        path, index, entries = self._files[layer, time]
        return load_npy(path, (entries, *shape))[index]

    def read_layout(self, layer: str, time: int, samples: int) -> np.ndarray:
        """The layout of one cell, float32 (samples, 2), copied into memory.

        Raises
        ------
        KeyError
            If no file has this cell.
        UserError
            If the file cannot be read, or has another shape, or a coordinate is not finite.
        """
        layout = np.array(self.read(layer, time, (samples, 2)))
        if not np.isfinite(layout).all():
            raise damaged(self._files[layer, time][0], "values that are not finite")
        return layout
