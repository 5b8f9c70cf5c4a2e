"""What the measures of neural collapse need of a network's classifier."""

import logging

import numpy as np

from evolution.activations.compaction import compact
from evolution.models.hooks import Classifier

log = logging.getLogger("evolution")


def classifier_rows(classifier: Classifier | None, *, samples: int, classes: int, compacted: bool) -> np.ndarray:
    """The vectors that the classifier is given, and its weights.

    Parameters
    ----------
    classifier : Classifier or None
        None where the model has none.
    samples, classes : int
    compacted : bool
        Whether `evolution.activations.compaction.compact` is applied, to vectors and weights together, so that their
        inner products are kept.

    Returns
    -------
    float32 array (samples + classes, D)
        A row for each image, then a row for each class: its weights. One column of NaN where the model has no
        classifier.
    """
    if classifier is None:
        log.info("The model does not end in a linear layer: its classifier is NaN")
        return np.full((samples + classes, 1), np.nan, np.float32)
    rows = np.concatenate([classifier.inputs, classifier.weight])
    return compact(rows) if compacted and np.isfinite(rows).all() else rows
