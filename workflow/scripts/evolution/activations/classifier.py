"""What a network's classifier is given and weighs it with."""

import logging

import numpy as np

from evolution.activations.compaction import compact

log = logging.getLogger("evolution")


def classifier_rows(passes: list, samples: int, classes: int, compacted: bool) -> np.ndarray:
    """What neural collapse needs of the classifier: the vectors it is given, and its weights.

    Parameters
    ----------
    passes : list
        See `last_linear`.
    samples, classes : int
    compacted : bool
        See `evolution.activations.compaction.compact`; of both together, which keeps their inner products.

    Returns
    -------
    float32 array (samples + classes, D)
        A row an image, then a row a class: its weights. One column of NaN where the model has no classifier.
    """
    if not passes or None in passes or len({id(module) for module, _ in passes}) > 1:
        log.info("The model does not end in a linear layer: its classifier is NaN")
        return np.full((samples + classes, 1), np.nan, np.float32)
    rows = np.concatenate([*(inputs for _, inputs in passes), passes[0][0].weight.detach().numpy()])
    return compact(rows) if compacted and np.isfinite(rows).all() else rows
