"""How alike the layers of different runs are: CKA of each with each, for runs that follow the same samples."""

import hashlib
import logging

import numpy as np

from evolution.activations.cells import Cells
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.cka import MOST_SAMPLES, pairwise_cka, rows_of_samples, some_samples

log = logging.getLogger("evolution")


def images_digest(dataset: str) -> str:
    """A digest of a data set's evaluation images, their labels and their positions in the data set."""
    digest = hashlib.sha256()
    for array in load_npz(dataset, "eval_images", "eval_labels", "eval_indices"):
        digest.update(f"{array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def same_images(datasets: dict[str, str]) -> list[str]:
    """The largest group of runs that follow the same samples in the same order, the first of groups of one size.

    Parameters
    ----------
    datasets : dict
        Run to its dataset.npz.
    """
    found: dict[str, list[str]] = {}
    for run, path in datasets.items():
        found.setdefault(images_digest(path), []).append(run)
    kept = max(found.values(), key=len)
    left_out = [run for run in datasets if run not in kept]
    if left_out:
        log.info("Left out, as they follow other samples than %s: %s", kept[0], ", ".join(left_out))
    return kept


def compare_activations(
    *,
    datasets: dict[str, str],
    activations: dict[str, Cells],
    layers: dict[str, list[str]],
    times: dict[str, int],
    seed: int,
    most_samples: int = MOST_SAMPLES,
) -> dict[str, object]:
    """Linear CKA of each layer of each run with each other.

    Parameters
    ----------
    datasets : dict
        Run to its dataset.npz.
    activations : dict
        Run to its cells, float32 (N, D).
    layers : dict
        Run to its layers, in network order.
    times : dict
        Run to the time at which its layers are compared.
    seed : int
        Samples are drawn by it where there are more than `most_samples`, see `cka.some_samples`.
    most_samples : int

    Returns
    -------
    dict of columns
        run, layer, other_run, other_layer string; cka and cka_unbiased float64 (see `cka.pairwise_cka`); samples
        int64 (how many it is computed from). A row a pair, in both orders, of the runs with the same samples.
    """
    runs = same_images(datasets)
    (labels,) = load_npz(datasets[runs[0]], "eval_labels")
    drawn = some_samples(len(labels), seed, most=most_samples)
    kept = [(run, layer) for run in layers if run in runs for layer in layers[run]]
    rows = [
        rows_of_samples(activations[run].read(layer, times[run], (len(labels), None)), drawn) for run, layer in kept
    ]
    plain, unbiased = pairwise_cka(rows)
    log.info("%d layers of %d runs, %d of %d samples", len(rows), len(runs), len(drawn), len(labels))
    pairs = [(*first, *second) for first in kept for second in kept]
    names = dict(zip(("run", "layer", "other_run", "other_layer"), map(list, zip(*pairs))))
    samples = np.full(len(pairs), len(rows[0]))
    return names | {"cka": plain.ravel(), "cka_unbiased": unbiased.ravel(), "samples": samples}


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        layers, paths = snakemake.params.layers, iter(snakemake.input.activations)
        files = {run: [next(paths) for _ in names] for run, names in layers.items()}
        table = compare_activations(
            datasets=dict(zip(layers, snakemake.input.datasets)),
            activations={run: Cells(of_run, snakemake.params.spans[run]) for run, of_run in files.items()},
            layers=layers,
            times=snakemake.params.times,
            seed=snakemake.params.seed,
        )
        save_table(snakemake.output[0], table)
