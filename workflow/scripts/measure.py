"""How well one layer's activations cluster, and what shape they have, at each epoch of a span."""

import evolution.startup.load_analysis  # noqa: F401 - before scikit-learn
from evolution.measures.cell_metrics import layer_metrics

# isort: split

import logging

import numpy as np

from evolution.activations.predictions import load_predictions
from evolution.errors import UserError
from evolution.io.arrays import load_npy, load_npz, save_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.registry import PER_CLASS

log = logging.getLogger("evolution")


def metrics_span(
    activations: str,
    dataset: str,
    predictions: str | None,
    epochs: list[int],
    clusters: int,
    n_init: int,
    nearby: int,
    measures: list[str],
    seed: int,
) -> tuple[dict[str, list], np.ndarray, np.ndarray]:
    """`layer_metrics` at each epoch of a span.

    Parameters
    ----------
    activations : path of a float32 array (epochs, N, D)
    dataset : path of dataset.npz
    predictions : path of predictions/{span}.parquet, or None for the raw pixels
    epochs : list of int
    clusters, n_init, nearby : int
    measures : list of str
    seed : int
        The config's.

    Returns
    -------
    table : dict of columns
        epoch, each of `METRICS` and each metric of `measures`, a row an epoch.
    assigned, voted : int16 arrays (epochs, N)
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    layers = load_npy(activations, (len(epochs), len(labels), None))
    known = predictions is not None and "neural_collapse" in measures
    predicted = load_predictions([predictions], epochs, len(labels))[0] if known else [None] * len(epochs)
    rows, assigned, voted = [], [], []
    for epoch, layer, takes_for in zip(epochs, layers, predicted):
        if not np.isfinite(layer).all():
            raise UserError(f"{activations} holds values that are not finite at epoch {epoch}: delete it to rebuild it")
        values, clusters_of, votes = layer_metrics(
            layer, labels, clusters, n_init, nearby, seed, measures, takes_for, len(names)
        )
        rows.append({"epoch": epoch} | values)
        assigned.append(clusters_of)
        voted.append(votes)
        shown = (f"{name} {value:.4f}" for name, value in values.items() if name not in PER_CLASS)
        log.info("Epoch %d: %s", epoch, ", ".join(shown))
    return {name: [row[name] for row in rows] for name in rows[0]}, np.stack(assigned), np.stack(voted)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        table, assigned, voted = metrics_span(
            snakemake.input.activations,
            snakemake.input.dataset,
            snakemake.input.predictions or None,
            snakemake.params.epochs,
            snakemake.params.clusters,
            snakemake.params.n_init,
            snakemake.params.neighbors,
            snakemake.params.measures,
            snakemake.params.seed,
        )
        save_npy(snakemake.output.clusters, assigned)
        save_npy(snakemake.output.votes, voted)
        save_table(snakemake.output.metrics, table)
