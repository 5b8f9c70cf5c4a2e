"""The mean over seeds and its confidence interval."""

import numpy as np

CONFIDENCE = 0.95


def mean_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over runs and its 95 % confidence interval, by Student's t with n - 1 degrees of freedom.

    mean ± t(0.975, n - 1) · s / √n, with s the sample's standard deviation (n - 1). It assumes
    that the runs' values are normally distributed; with three seeds it is wide (t = 4.3), as it should be.

    Parameters
    ----------
    values : float array (runs, ...)
        NaN: the run has no value there, and the others count.

    Returns
    -------
    mean, low, high : float arrays (...)
        NaN where no run has a value; low and high are NaN where fewer than two have one.
    """
    from scipy.special import stdtrit

    values = np.asarray(values, float)
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    squares = np.where(known, (values - mean) ** 2, 0).sum(axis=0)
    freedom = np.maximum(count - 1, 1)
    half = stdtrit(freedom, (1 + CONFIDENCE) / 2) * np.sqrt(squares / freedom / np.maximum(count, 1))
    half = np.where(count > 1, half, np.nan)
    return mean, mean - half, mean + half


def log_mean_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The geometric mean over runs and its 95 % confidence interval: `mean_interval` of the logarithms.

    For measures that spread by factors, such as those on a logarithmic axis. The interval stays above 0.

    Parameters
    ----------
    values : float array (runs, ...)
        No less than 0. NaN: the run has no value there, and the others count.

    Returns
    -------
    mean, low, high : float arrays (...)
        As those of `mean_interval`; NaN where a run has 0, which has no logarithm.
    """
    values = np.asarray(values, float)
    zero = (values == 0).any(axis=0)
    with np.errstate(divide="ignore"):
        edges = mean_interval(np.where(zero, np.nan, np.log(values)))
    return tuple(np.exp(edge) for edge in edges)
