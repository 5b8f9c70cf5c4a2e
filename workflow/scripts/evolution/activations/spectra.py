"""The spectrum of a layer, taken from raw rows where the form in which they are stored does not keep it.

A module of its own, so that an edit of what is measured takes no snapshot again.
"""

from collections.abc import Iterator

import numpy as np
from scipy.linalg import eigvalsh

from evolution.seeds import generator

# The most samples that a spectrum takes: its time goes with the cube of their number.
SAMPLES = 2000

# Columns whose products are summed in float32 before these sums are added up in float64.
COLUMNS = 2048

# Centred rows that are shorter than this share of the rows are rounding alone.
ROUNDING = 1e-6


def samples_of_spectrum(samples: int, seed: int, *, most: int = SAMPLES) -> np.ndarray:
    """The samples that a spectrum takes, the same ones in every layer and at every time of a run.

    The directions that a layer spreads in are more among more samples. So layers can be compared only by the spectra of
    the same samples, however wide a layer is and in whichever form it is stored.

    Parameters
    ----------
    samples : int
        How many there are.
    seed : int
        The run's.
    most : int

    Returns
    -------
    int array (min(samples, most),)
        Ascending: all of them, or `most` drawn at random.
    """
    if samples <= most:
        return np.arange(samples)
    return np.sort(generator(seed, "spectrum").choice(samples, most, replace=False))


def singular_values(rows: np.ndarray, taken: np.ndarray | None = None) -> np.ndarray:
    """The singular values of centred rows, in units of their own root mean squared length.

    They come from inner products in float32. So the smallest of them are rounding:
    `evolution.measures.spectrum.without_faint` leaves these out.

    Parameters
    ----------
    rows : float32 array (N, D)
        Finite.
    taken : int array (M,) or None
        Which rows count; None: all. The others are not copied, as they may fill the memory.

    Returns
    -------
    float64 array (M,)
        Largest first; zeros where all rows are equal.
    """
    # Of the rows that count alone: one that does not may be so large that it would leave the others no digits.
    largest = float(max((np.abs(block).max(initial=0) for block in _blocks(rows, taken)), default=0)) or 1.0
    count = len(rows) if taken is None else len(taken)
    gram, before = np.zeros((count, count)), 0.0
    for block in _blocks(rows, taken):
        block = block.astype(np.float64) / largest
        before += np.square(block).sum()
        block = (block - block.mean(0)).astype(np.float32)
        gram += block @ block.T
    after = gram.trace()
    if not after > ROUNDING**2 * before:
        return np.zeros(count)
    squares = eigvalsh(gram * (count / after), overwrite_a=True, check_finite=False)[::-1]
    return np.sqrt(np.maximum(squares, 0))


def _blocks(rows: np.ndarray, taken: np.ndarray | None) -> Iterator[np.ndarray]:
    """The rows that count, a block of columns at a time."""
    for start in range(0, rows.shape[1], COLUMNS):
        columns = slice(start, start + COLUMNS)
        yield rows[:, columns] if taken is None else rows[taken, columns]
