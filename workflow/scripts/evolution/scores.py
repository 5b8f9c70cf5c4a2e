"""How well numbers and labels are predicted, by a network or from a layer: R² and average precision."""

import math

import numpy as np


def r_squared(values: np.ndarray, predicted: np.ndarray) -> float:
    """The coefficient of determination: 1 - sum of squared errors / sum of squares about the mean (Wright 1921).

    1 is perfect, 0 is the mean of all samples for each of them, and below 0 is worse than that.

    Parameters
    ----------
    values : float array (N,)
        In any unit.
    predicted : float array (N,)
        In the same unit.

    Returns
    -------
    float
        NaN where all values are the same, or a prediction is not finite.
    """
    values, predicted = np.asarray(values, np.float64), np.asarray(predicted, np.float64)
    if not np.ptp(values) > 0 or not np.isfinite(predicted).all():
        return math.nan
    return float(1 - np.square(values - predicted).sum() / np.square(values - values.mean()).sum())


def average_precisions(held: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Each label's average precision: sum over thresholds of (recall - recall before) * precision.

    The definition of scikit-learn's average_precision_score, without interpolation (Manning, Raghavan, Schuetze 2008,
    section 8.4). Samples with one score pass the threshold together, so their order does not matter. Scores that say
    nothing have the label's share of the samples.

    Parameters
    ----------
    held : bool array (N, K)
        Whether each label holds for each sample.
    scores : float array (N, K)
        Higher where a label is thought to hold.

    Returns
    -------
    float array (K,)
        NaN for a label that holds for no sample or for all of them, as there is nothing to tell apart; and for one
        with a score that is not finite.
    """
    values = np.full(held.shape[1], math.nan)
    for label in np.flatnonzero(held.any(0) & ~held.all(0) & np.isfinite(scores).all(0)):
        order = np.argsort(-scores[:, label], kind="stable")
        ranked, found = scores[order, label], np.cumsum(held[order, label])
        # The last sample of each score.
        ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        found = found[ends]
        values[label] = (np.diff(found, prepend=0) * found / (ends + 1)).sum() / found[-1]
    return values


def mean_of_known(values: np.ndarray) -> float:
    """The mean of the values that are no NaN; NaN where there are none.

    Parameters
    ----------
    values : float array (K,)
    """
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
