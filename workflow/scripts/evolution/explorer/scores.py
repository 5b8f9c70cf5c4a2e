"""How well the network predicts the samples at each time, by the score that fits their target."""

import numpy as np

from evolution.data.kinds import CLASSES, NUMBER
from evolution.scores import average_precisions, mean_of_known, r_squared


def score_over_time(target: str, values: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The score of the network's predictions at each time, as the training's history has it.

    Of classes the accuracy, of numbers R², and of several labels the mean of the average precisions of those that some
    samples have and some do not.

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
        return np.array([r_squared(values, each) for each in predicted])
    return np.array([mean_of_known(average_precisions(values, each)) for each in predicted])
