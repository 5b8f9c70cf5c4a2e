"""How well one layer's activations cluster, at each epoch of a span."""

import logging
import math

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_rand_score,
    normalized_mutual_info_score,
    pairwise_distances,
    silhouette_score,
)
from sklearn.neighbors import NearestNeighbors

from evolution.compaction import unit_rows
from evolution.files import JobError, job_log, load_npy, load_npz, save_npy, save_table
from evolution.seeds import integer_seed

log = logging.getLogger("evolution")

METRICS = (
    "silhouette",
    "adjusted_rand_index",
    "normalized_mutual_information",
    "label_silhouette",
    "knn_accuracy",
)
# Above this many samples the N x N distances are taken in chunks instead of kept (100 MB in float32).
MATRIX_SAMPLES = 5000


def cluster(rows: np.ndarray, clusters: int, n_init: int, seed: int) -> np.ndarray:
    """k-means (k-means++) labels of the rows, int (N,)."""
    return KMeans(clusters, init="k-means++", n_init=n_init, random_state=seed).fit_predict(rows)


def knn_votes(distances_or_rows: np.ndarray, labels: np.ndarray, neighbors: int, metric: str) -> np.ndarray:
    """The class that each sample's nearest neighbours, itself left out, vote for, int (N,); ties: the smallest."""
    search = NearestNeighbors(n_neighbors=neighbors, metric=metric, algorithm="brute").fit(distances_or_rows)
    votes = labels[search.kneighbors(return_distance=False)]
    classes = int(labels.max()) + 1
    counts = np.apply_along_axis(np.bincount, 1, votes, minlength=classes)
    return counts.argmax(1)


def layer_metrics(
    rows: np.ndarray, labels: np.ndarray, clusters: int, n_init: int, neighbors: int, seed: int
) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Cluster quality of one layer at one epoch.

    Parameters
    ----------
    rows : float32 array (N, D)
        Activations, compact or raw; normalised here, so that Euclidean distances follow cosines.
    labels : int array (N,)
        True classes.
    clusters, n_init : int
        Of k-means.
    neighbors : int
        Of the leave-one-out k-NN accuracy.
    seed : int
        Of k-means.

    Returns
    -------
    values : dict of float
        A value for each of `METRICS`. silhouette: of the k-means clusters (Rousseeuw 1987); adjusted_rand_index
        (Hubert and Arabie 1985) and normalized_mutual_information (arithmetic mean) of the clusters against the
        labels; label_silhouette: of the true classes; knn_accuracy. NaN where the layer has fewer distinct rows
        than clusters.
    assigned : int16 array (N,)
        Each sample's k-means cluster, -1 where there is none.
    voted : int16 array (N,)
        The class that each sample's neighbours vote for, -1 where there is none.
    """
    rows = unit_rows(rows)
    distinct = len(np.unique(rows, axis=0))
    if distinct < clusters:
        log.warning("Only %d distinct rows for %d clusters: the metrics are NaN", distinct, clusters)
        nothing = np.full(len(rows), -1, np.int16)
        return dict.fromkeys(METRICS, math.nan), nothing, nothing
    assigned = cluster(rows, clusters, n_init, seed)
    if len(rows) <= MATRIX_SAMPLES:
        geometry, metric = pairwise_distances(rows), "precomputed"
        np.fill_diagonal(geometry, 0)
    else:
        geometry, metric = rows, "euclidean"

    def silhouette(groups):
        several = 1 < len(np.unique(groups)) < len(groups)
        return float(silhouette_score(geometry, groups, metric=metric)) if several else math.nan

    voted = knn_votes(geometry, labels, neighbors, metric)
    values = {
        "silhouette": silhouette(assigned),
        "adjusted_rand_index": float(adjusted_rand_score(labels, assigned)),
        "normalized_mutual_information": float(normalized_mutual_info_score(labels, assigned)),
        "label_silhouette": silhouette(labels),
        "knn_accuracy": float((voted == labels).mean()),
    }
    return values, assigned.astype(np.int16), voted.astype(np.int16)


def metrics_span(
    activations: str, dataset: str, epochs: list[int], clusters: int, n_init: int, neighbors: int, seed: int
) -> tuple[dict[str, list], np.ndarray, np.ndarray]:
    """`layer_metrics` at each epoch of a span.

    Parameters
    ----------
    activations : path of a float32 array (epochs, N, D)
    dataset : path of dataset.npz
    epochs : list of int
    clusters, n_init, neighbors : int
    seed : int
        The config's.

    Returns
    -------
    table : dict of columns
        epoch and each of `METRICS`, a row an epoch.
    assigned, voted : int16 arrays (epochs, N)
    """
    (labels,) = load_npz(dataset, "eval_labels")
    layers = load_npy(activations, (len(epochs), len(labels), None))
    rows, assigned, voted = [], [], []
    for epoch, layer in zip(epochs, layers):
        if not np.isfinite(layer).all():
            raise JobError(f"{activations} holds values that are not finite at epoch {epoch}: delete it to rebuild it")
        # The same seed at every epoch, as k-means' own noise would otherwise show as change from epoch to epoch.
        values, clusters_of, votes = layer_metrics(
            layer, labels, clusters, n_init, neighbors, integer_seed(seed, "k-means")
        )
        rows.append({"epoch": epoch} | values)
        assigned.append(clusters_of)
        voted.append(votes)
        log.info("Epoch %d: %s", epoch, ", ".join(f"{name} {value:.4f}" for name, value in values.items()))
    return {name: [row[name] for row in rows] for name in rows[0]}, np.stack(assigned), np.stack(voted)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        table, assigned, voted = metrics_span(
            snakemake.input.activations,
            snakemake.input.dataset,
            snakemake.params.epochs,
            snakemake.params.clusters,
            snakemake.params.n_init,
            snakemake.params.neighbors,
            snakemake.params.seed,
        )
        save_npy(snakemake.output.clusters, assigned)
        save_npy(snakemake.output.votes, voted)
        save_table(snakemake.output.metrics, table)
