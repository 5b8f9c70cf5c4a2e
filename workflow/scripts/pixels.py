"""The raw pixels of the eval images as one more layer, at epoch 0: the baseline."""

import logging

import numpy as np

from evolution.activations.compaction import stored_rows
from evolution.data.network_input import load_part
from evolution.io.arrays import save_npy
from evolution.io.job_log import job_log

log = logging.getLogger("evolution")


def pixel_activations(*, dataset: str, compacted: bool, seed: int) -> np.ndarray:
    """The network's input, one row a sample: pixels scaled and normalised as in training.

    Parameters
    ----------
    dataset : path of dataset.npz
    compacted : bool
        Whether they are stored as `evolution.activations.compaction.stored_rows`, or raw.
    seed : int
        The run's.

    Returns
    -------
    float32 array (1, N, D)
    """
    images, _, _ = load_part(dataset, "eval")
    rows = images.reshape(len(images), -1)
    log.info("Raw pixels of %d images, %d values each", *rows.shape)
    return (stored_rows(rows, seed=seed) if compacted else rows)[None]


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        activations = pixel_activations(
            dataset=snakemake.input.dataset, compacted=snakemake.params.compact, seed=snakemake.params.seed
        )
        save_npy(snakemake.output[0], activations)
