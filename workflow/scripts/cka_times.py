"""How alike one layer is to itself at other times."""

import logging

import numpy as np

from evolution.io.arrays import load_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.cka import MOST_SAMPLES, pair_table, pairwise_cka, rows_of_samples, some_samples
from evolution.startup.memory import keep_freed_memory

log = logging.getLogger("evolution")


class Snapshot:
    """One time of a mapped file of activations, read each time it is used, as memory may not hold all times."""

    def __init__(self, layer: np.ndarray, index: int, chosen: np.ndarray):
        self._layer, self._index, self._chosen = layer, index, chosen
        self.shape = (len(chosen), layer.shape[2])

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(rows_of_samples(self._layer[self._index], self._chosen), dtype, copy=copy)


def time_similarities(
    *, activations: list[str], spans: list[list[int]], seed: int, most_samples: int = MOST_SAMPLES
) -> dict[str, object]:
    """Linear CKA of all pairs of times of one layer.

    Parameters
    ----------
    activations : list of paths of float32 arrays (times, N, D), a file a span
    spans : list of lists of int
        Each span's times.
    seed : int
        The run's: samples are drawn by it where there are more than `most_samples`.
    most_samples : int

    Returns
    -------
    dict of columns
        first and second int64 (times), plain and unbiased float64 (see `cka.pairwise_cka`), samples and
        available int32 (how many it was computed from, and of how many); a row a pair: each time with itself and
        with each later one.
    """
    files = [load_npy(path, (len(span), None, None)) for path, span in zip(activations, spans)]
    available = files[0].shape[1]
    chosen = some_samples(available, seed, most=most_samples)
    log.info("%d of %d samples", len(chosen), available)
    times = [time for span in spans for time in span]
    snapshots = [Snapshot(file, index, chosen) for file in files for index in range(len(file))]
    table = pair_table(times, *pairwise_cka(snapshots))
    log.info("%d snapshots", len(times))
    counts = {"samples": len(chosen), "available": available}
    return table | {name: np.full(len(table["first"]), count, np.int32) for name, count in counts.items()}


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        table = time_similarities(
            activations=list(snakemake.input.activations), spans=snakemake.params.spans, seed=snakemake.params.seed
        )
        save_table(snakemake.output[0], table, unit=snakemake.params.unit)
