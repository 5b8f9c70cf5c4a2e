"""How well what a network puts out fits a number, or several labels: R² and average precision."""

import numpy as np


def r2(predicted: np.ndarray, values: np.ndarray) -> float:
    """The coefficient of determination: 1 - sum((value - predicted)²) / sum((value - mean)²).

    Parameters
    ----------
    predicted, values : float arrays (N,)

    Returns
    -------
    float
        1 at best, 0 for the mean. NaN where all values are the same, or a prediction is not finite.
    """
    values = np.asarray(values, np.float64)
    total = ((values - values.mean()) ** 2).sum()
    if not total or not np.isfinite(predicted).all():
        return float("nan")
    return float(1 - ((values - predicted) ** 2).sum() / total)


def average_precisions(scores: np.ndarray, held: np.ndarray) -> np.ndarray:
    """The average precision of each label: the mean of the precision over the samples that have it.

    At a sample the precision is the share of those that have the label among all whose score is at least as high, as
    scikit-learn's average_precision_score has it.

    Parameters
    ----------
    scores : float array (N, K)
        Higher for samples that sooner have the label.
    held : bool array (N, K)

    Returns
    -------
    float64 array (K,)
        NaN for a label that no sample has, or that has a score that is not finite.
    """
    return np.array([_average_precision(*columns) for columns in zip(scores.T, held.T)], np.float64)


def _average_precision(scores: np.ndarray, held: np.ndarray) -> float:
    if not held.any() or not np.isfinite(scores).all():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(held[order])
    # Of equal scores the last place counts for all of them.
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    return float((hits[last] / (last + 1))[held[order]].mean())


def mean_known(values: np.ndarray) -> float:
    """The mean of the values that are known; NaN where none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
