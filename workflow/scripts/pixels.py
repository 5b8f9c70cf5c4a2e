"""The raw pixels of the eval images as one more layer, at epoch 0: the baseline."""

import logging

from evolution.activations.compaction import stored_rows
from evolution.data.network_input import load_part
from evolution.io.arrays import save_npy
from evolution.io.job_log import job_log

log = logging.getLogger("evolution")


def pixel_activations(dataset: str, compacted: bool, seed: int):
    """What the network is given, flattened per sample: pixels scaled and normalised as for training.

    Parameters
    ----------
    dataset : path of dataset.npz
    compacted : bool
        See `evolution.activations.compaction.stored_rows`.
    seed : int
        The config's.

    Returns
    -------
    float32 array (1, N, D)
    """
    images, _, _ = load_part(dataset, "eval")
    rows = images.reshape(len(images), -1)
    log.info("Raw pixels of %d images, %d values each", *rows.shape)
    return (stored_rows(rows, seed) if compacted else rows)[None]


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        rows = pixel_activations(snakemake.input.dataset, snakemake.params.compact, snakemake.params.seed)
        save_npy(snakemake.output[0], rows)
