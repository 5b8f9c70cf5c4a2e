"""How alike the layers are to each other, and to the raw inputs, at each time of a span."""

import logging
from pathlib import Path

import numpy as np

from evolution.io.arrays import load_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.cka import MOST_SAMPLES, pair_table, pairwise_cka, rows_of_samples, some_samples

log = logging.getLogger("evolution")


def layer_similarities(
    *,
    activations: dict[str, str],
    times: list[int],
    seed: int,
    unit: str = "epoch",
    most_samples: int = MOST_SAMPLES,
) -> dict[str, object]:
    """Linear CKA of all pairs of layers, at each time.

    Parameters
    ----------
    activations : dict
        Layer to the path of its float32 array (times, N, D); (1, N, D) for one that does not change.
    times : list of int
    seed : int
        The run's: samples are drawn by it where there are more than `most_samples`.
    unit : {"epoch", "step"}
        What times are counted in.
    most_samples : int

    Returns
    -------
    dict of columns
        time int32, first and second string, plain and unbiased float64 (see `cka.pairwise_cka`), samples and
        available int32 (how many it was computed from, and of how many); a row a time and pair: each layer
        with itself and with each later one.
    """
    layers = {name: load_npy(path, (None, None, None)) for name, path in activations.items()}
    available = {layer.shape[1] for layer in layers.values()}.pop()
    chosen = some_samples(available, seed, most=most_samples)
    log.info("%d of %d samples", len(chosen), available)
    parts = []
    for index, time in enumerate(times):
        rows = [rows_of_samples(layer[min(index, len(layer) - 1)], chosen) for layer in layers.values()]
        parts.append(pair_table(list(layers), *pairwise_cka(rows)))
        log.info("%s %d: %d layers", unit.capitalize(), time, len(rows))
    pairs = len(parts[0]["first"])
    return {
        "time": np.repeat(np.array(times, np.int32), pairs),
        **{name: np.concatenate([part[name] for part in parts]) for name in ("first", "second", "plain", "unbiased")},
        "samples": np.full(pairs * len(times), len(chosen), np.int32),
        "available": np.full(pairs * len(times), available, np.int32),
    }


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        table = layer_similarities(
            activations={Path(path).stem: path for path in snakemake.input.activations},
            times=snakemake.params.times,
            seed=snakemake.params.seed,
            unit=snakemake.params.unit,
        )
        save_table(snakemake.output[0], table, unit=snakemake.params.unit)
