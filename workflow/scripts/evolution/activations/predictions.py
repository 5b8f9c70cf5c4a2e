"""What the network said of each evaluation image, over the epochs."""

import numpy as np

from evolution.io.reading import damaged
from evolution.io.tables import load_table


def load_predictions(paths: list[str], epochs: list[int], samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and confidences at each of the epochs.

    Returns
    -------
    predicted : int array (epochs, samples)
    confidence : float array (epochs, samples)

    Raises
    ------
    JobError
        If an epoch is missing, or has not a row for each sample.
    """
    found = {}
    for path in paths:
        table = load_table(path, "epoch", "sample", "predicted", "confidence")
        # By DLPack: pyarrow's own way to numpy would import pandas.
        of, sample, predicted, confidence = (
            np.from_dlpack(table.column(name).combine_chunks())
            for name in ("epoch", "sample", "predicted", "confidence")
        )
        for epoch in np.unique(of):
            rows = np.flatnonzero(of == epoch)
            rows = rows[np.argsort(sample[rows])]
            if not np.array_equal(sample[rows], np.arange(samples)):
                raise damaged(path, f"not one row for each of {samples} samples at epoch {epoch}")
            found[int(epoch)] = predicted[rows], confidence[rows]
    missing = [epoch for epoch in epochs if epoch not in found]
    if missing:
        raise damaged(paths[-1], f"no epoch {missing[0]}")
    return tuple(np.stack([found[epoch][part] for epoch in epochs]) for part in (0, 1))
