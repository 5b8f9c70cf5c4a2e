"""The linear layer that runs last in a model: what the measures of neural collapse need of it.

A module of its own, because recordings have such a layer and no model.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Classifier:
    """The linear layer that runs last in a model and gives a number for each class.

    Attributes
    ----------
    inputs : float32 array (N, D)
        The vector that it is given of each sample.
    weight : float32 array (classes, D)
    bias : float32 array (classes,)
        Zeros where the layer has none.
    """

    inputs: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
