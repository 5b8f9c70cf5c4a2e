"""Mean 0 and standard deviation 1, and what has one value everywhere: one rule for all who standardise."""

import numpy as np


def mean_and_deviation(values: np.ndarray, axes: tuple[int, ...] = (0,)) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over some axes, to standardise by.

    What has one value everywhere has that value as its mean and 1 as its standard deviation, so that it becomes 0: a
    mean of equal numbers may differ from them in its last digit, and their deviation from 0.

    Parameters
    ----------
    values : float64 array
    axes : tuple of int

    Returns
    -------
    mean, std : float64 arrays, of the axes that are left
    """
    low, high = values.min(axis=axes), values.max(axis=axes)
    constant = low == high
    return np.where(constant, low, values.mean(axis=axes)), np.where(constant, 1.0, values.std(axis=axes))


def standardised_columns(rows: np.ndarray, *, by: np.ndarray | None = None) -> np.ndarray:
    """Rows (N, D) less each column's mean, divided by its deviation: float64. A constant column becomes 0.

    Mean and deviation are those of the rows `by` (M, D); by default of the rows themselves.
    """
    mean, std = mean_and_deviation((rows if by is None else by).astype(np.float64))
    return (rows.astype(np.float64) - mean) / std
