"""How alike one layer is to itself at other epochs."""

import logging

import numpy as np

from evolution.io.arrays import load_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.cka import of_samples, pair_table, pairwise_cka, some_samples
from evolution.training.memory import keep_freed_memory

log = logging.getLogger("evolution")


class Epoch:
    """One epoch of a mapped file of activations, read anew whenever it is asked for: all together may be too much."""

    def __init__(self, layer: np.ndarray, place: int, chosen: np.ndarray):
        self._layer, self._place, self._chosen = layer, place, chosen
        self.shape = (len(chosen), layer.shape[2])

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(of_samples(self._layer[self._place], self._chosen), dtype, copy=copy)


def epoch_similarities(activations: list[str], spans: list[list[int]], seed: int) -> dict[str, object]:
    """Linear CKA of all pairs of epochs of one layer.

    Parameters
    ----------
    activations : list of paths of float32 arrays (epochs, N, D), a file a span
    spans : list of lists of int
        Each span's epochs.
    seed : int
        The config's: of the samples that are drawn where there are more than enough.

    Returns
    -------
    dict of columns
        first and second int64 (epochs), plain and unbiased float64 (see `similarity.pairwise_cka`), samples and
        available int32 (how many it was computed from, and of how many); a row a pair, each epoch with itself and
        those after it.
    """
    files = [load_npy(path, (len(span), None, None)) for path, span in zip(activations, spans)]
    available = files[0].shape[1]
    chosen = some_samples(available, seed)
    log.info("%d of %d samples", len(chosen), available)
    epochs = [epoch for span in spans for epoch in span]
    snapshots = [Epoch(file, place, chosen) for file in files for place in range(len(file))]
    table = pair_table(epochs, *pairwise_cka(snapshots))
    log.info("%d epochs", len(epochs))
    counts = {"samples": len(chosen), "available": available}
    return table | {name: np.full(len(table["first"]), count, np.int32) for name, count in counts.items()}


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        table = epoch_similarities(list(snakemake.input.activations), snakemake.params.spans, snakemake.params.seed)
        save_table(snakemake.output[0], table)
