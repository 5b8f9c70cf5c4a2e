"""The network's prediction for each eval image, over the epochs."""

import numpy as np

from evolution.io.reading import damaged
from evolution.io.tables import load_table


def load_predictions(paths: list[str], epochs: list[int], samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and confidences at each of the epochs.

    Parameters
    ----------
    paths : list of paths of `predictions/{span}.parquet`
    epochs : list of int
    samples : int

    Returns
    -------
    predicted : int32 array (epochs, samples)
    confidence : float32 array (epochs, samples)

    Raises
    ------
    UserError
        If an epoch is missing, or does not have one row for each sample.
    """
    found = {}
    for path in paths:
        table = load_table(path, "epoch", "sample", "predicted", "confidence")
        # By DLPack: pyarrow's own conversion to NumPy would import pandas.
        row_epochs, sample, predicted, confidence = (
            np.from_dlpack(table.column(name).combine_chunks())
            for name in ("epoch", "sample", "predicted", "confidence")
        )
        for epoch in np.unique(row_epochs):
            rows = np.flatnonzero(row_epochs == epoch)
            rows = rows[np.argsort(sample[rows])]
            if not np.array_equal(sample[rows], np.arange(samples)):
                raise damaged(path, f"not one row for each of {samples} samples at epoch {epoch}")
            found[int(epoch)] = predicted[rows], confidence[rows]
    missing = [epoch for epoch in epochs if epoch not in found]
    if missing:
        raise damaged(paths[-1], f"no epoch {missing[0]}")
    return tuple(np.stack([found[epoch][part] for epoch in epochs]) for part in (0, 1))
