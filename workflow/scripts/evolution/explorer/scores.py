"""How well the network predicts the samples at each time, by the score that fits their target."""

import numpy as np

from evolution.data.kinds import CLASSES, NUMBER


def score_over_time(target: str, values: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The score of the network's predictions at each time.

    The share of classes that are right; of numbers R², 1 - sum (value - predicted)^2 / sum (value - mean)^2; of several
    labels the mean of their average precisions, over the labels that some samples have.

    Parameters
    ----------
    target : {"classes", "number", "labels"}
    values : array (N,), of labels bool (N, K)
    predicted : array (times, N), of labels (times, N, K)

    Returns
    -------
    float array (times,)
        NaN where it is not defined: all numbers are equal, or no sample has a label.
    """
    if target == CLASSES:
        return (predicted == values).mean(axis=1)
    if target == NUMBER:
        spread = ((values - values.mean()) ** 2).sum()
        errors = ((predicted.astype(float) - values) ** 2).sum(axis=1)
        return 1 - errors / spread if spread > 0 else np.full(len(predicted), np.nan)
    held = np.flatnonzero(values.any(axis=0))
    if not len(held):
        return np.full(len(predicted), np.nan)
    return np.array(
        [np.mean([average_precision(values[:, label], scores[:, label]) for label in held]) for scores in predicted]
    )


def average_precision(held: np.ndarray, scores: np.ndarray) -> float:
    """Average precision of one label: the sum over thresholds of precision times the gain in recall.

    As in scikit-learn's `average_precision_score`, samples of equal scores share one threshold, and nothing is
    interpolated (Manning, Raghavan and Schütze 2008, Introduction to Information Retrieval, section 8.4).

    Parameters
    ----------
    held : bool array (N,)
        Whether a sample has the label; at least one has.
    scores : float array (N,)
    """
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(held[order])
    # The last sample of each threshold.
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    gains = np.diff(found[ends], prepend=0)
    return float((gains * found[ends] / (ends + 1)).sum() / found[-1])
