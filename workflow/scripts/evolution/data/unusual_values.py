"""Which values of a row of a table are unusual."""

import numpy as np


def unusual_columns(rows: np.ndarray, samples: np.ndarray, most: int) -> np.ndarray:
    """The columns of each row whose values are furthest from the column's mean, in its standard deviations.

    Parameters
    ----------
    rows : float array (N, D)
        All rows, which means and standard deviations are taken of; NaN where a value is missing.
    samples : int array (n,)
        The rows that are asked for.
    most : int

    Returns
    -------
    int array (n, M)
        M is `most`, or all columns; the furthest first, a missing value last.
    """
    spread = np.nanstd(rows, axis=0)
    unusual = np.abs(rows[samples] - np.nanmean(rows, axis=0)) / np.where(spread > 0, spread, np.inf)
    return np.argsort(-np.nan_to_num(unusual, nan=-1.0), axis=1, kind="stable")[:, :most]
