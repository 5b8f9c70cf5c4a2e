"""Which samples count where a layer is measured against an attribute. Small, as the summary reads it too."""

import numpy as np


def samples_that_count(column: np.ndarray) -> np.ndarray:
    """Which samples count, bool (N,).

    Those without a value do not, nor those with a word that no other sample has: neither neighbours nor a probe could
    find it.

    Parameters
    ----------
    column : float64 or str array (N,)
        NaN or "" where a value is missing.
    """
    if column.dtype.kind != "U":
        return np.isfinite(column)
    _, number, counts = np.unique(column, return_inverse=True, return_counts=True)
    return (column != "") & (counts[number] > 1)
