"""The raw inputs of the eval images, or other raw inputs of the network, as one more layer: the baseline."""

import logging

import numpy as np

from evolution.activations.compaction import stored_rows
from evolution.data.network_input import load_evaluation
from evolution.io.arrays import save_npy
from evolution.io.job_log import job_log

log = logging.getLogger("evolution")


def token_counts(tokens: np.ndarray) -> np.ndarray:
    """How often each sample has each token, as distances between the tokens' numbers say nothing.

    Parameters
    ----------
    tokens : int64 array (N, T)

    Returns
    -------
    float32 array (N, V)
        A column a token that any sample has, ascending.
    """
    known, places = np.unique(tokens, return_inverse=True)
    counts = np.zeros((len(tokens), len(known)), np.float32)
    np.add.at(counts, (np.arange(len(tokens))[:, None], places.reshape(tokens.shape)), 1)
    return counts


def raw_input_activations(*, dataset: str, compacted: bool, seed: int) -> np.ndarray:
    """The network's first input, one row a sample: pixels scaled and normalised as in training; tokens counted.

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
    inputs, _, _ = load_evaluation(dataset)
    first = next(iter(inputs.values()))
    rows = first.reshape(len(first), -1)
    rows = token_counts(rows) if rows.dtype == np.int64 else rows.astype(np.float32, copy=False)
    log.info("Raw inputs of %d samples, %d values each", *rows.shape)
    return (stored_rows(rows, seed=seed) if compacted else rows)[None]


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        activations = raw_input_activations(
            dataset=snakemake.input.dataset, compacted=snakemake.params.compact, seed=snakemake.params.seed
        )
        save_npy(snakemake.output[0], activations)
