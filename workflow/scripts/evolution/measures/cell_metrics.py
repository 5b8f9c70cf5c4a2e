"""All that is measured of one layer at one epoch."""

import logging
import math

import numpy as np
from sklearn import config_context
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, pairwise_distances

from evolution.activations.compaction import unit_rows
from evolution.measures import clustering as partitions
from evolution.measures import neighbors
from evolution.measures.registry import MEASURES, PER_CLASS
from evolution.seeds import generator, integer_seed

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

# Spectrum and probe take this many samples where neither N nor D is smaller: their time goes with min(N, D)^3.
SPECTRUM_SAMPLES = 5000

THINNED = {"linear_probe", "effective_rank", "participation_ratio"}

# MB of distances that scikit-learn holds at once where they are taken in chunks.
CHUNK_MB = 100


def shape_metrics(
    activations: np.ndarray,
    labels: np.ndarray,
    measures: list[str],
    predicted: np.ndarray | None,
    seed: int,
    classes: int | None = None,
) -> dict[str, float]:
    """The measures that lengths matter to, and that therefore take the activations as they are and not unit rows.

    Parameters
    ----------
    activations : float32 array (N, D)
        Compact or raw.
    labels : int array (N,)
    measures : list of str
        Of `measures.MEASURES`; those of other kinds are passed over.
    predicted : int array (N,) or None
        See `measures.collapse.layer_collapse`.
    seed : int
        The config's: of the probe's folds, and of the samples drawn where there are too many.
    classes : int or None
        How many there are; None: as many as have samples.
    """
    # Imported where they are needed: a run without them need not load them.
    values = {}
    if "intrinsic_dimension" in measures:
        values["intrinsic_dimension"] = neighbors.intrinsic_dimension(activations)
    if "neural_collapse" in measures:
        from evolution.measures import collapse

        values |= collapse.layer_collapse(activations, labels, predicted, classes)
    if min(activations.shape) > SPECTRUM_SAMPLES and THINNED.intersection(measures):
        log.info("Spectrum and probe take %d of %d samples", SPECTRUM_SAMPLES, len(activations))
        drawn = generator(seed, "spectrum").choice(len(activations), SPECTRUM_SAMPLES, replace=False)
        activations, labels = activations[np.sort(drawn)], labels[np.sort(drawn)]
    if "linear_probe" in measures:
        from evolution.measures.probe import linear_probe

        values["linear_probe_accuracy"] = linear_probe(activations, labels, integer_seed(seed, "probe"))
    if "effective_rank" in measures or "participation_ratio" in measures:
        from evolution.measures import spectrum

        singular = spectrum.singular_values(activations)
        values["effective_rank"] = spectrum.effective_rank(singular)
        values["participation_ratio"] = spectrum.participation_ratio(singular)
    return values


def layer_metrics(
    activations: np.ndarray,
    labels: np.ndarray,
    clusters: int,
    n_init: int,
    nearby: int,
    seed: int,
    measures: tuple[str, ...] | list[str] = (),
    predicted: np.ndarray | None = None,
    classes: int | None = None,
) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    """Cluster quality, and the chosen measures, of one layer at one epoch.

    Parameters
    ----------
    activations : float32 array (N, D)
        Compact or raw. What concerns clusters and neighbours takes them normalised, so that Euclidean distances
        follow cosines; for the others see `shape_metrics`.
    labels : int array (N,)
        True classes.
    clusters, n_init : int
        Of k-means.
    nearby : int
        Neighbours of the leave-one-out k-NN accuracy, and of the purity.
    seed : int
        The config's. It is the same at every epoch, as k-means' own noise would otherwise show as change from epoch to
        epoch.
    measures : list of str
        Of `measures.MEASURES`, in any order.
    predicted : int array (N,) or None
        What the network takes each sample for.
    classes : int or None
        How many there are; None: as many as have samples.

    Returns
    -------
    values : dict
        A float for each of `METRICS`, then for each metric of `measures`, in the order of `measures.MEASURES`; those
        of `PER_CLASS` have a list of floats, one a class. silhouette: of the k-means clusters (Rousseeuw 1987);
        adjusted_rand_index (Hubert and Arabie 1985) and normalized_mutual_information (arithmetic mean) of the
        clusters against the labels; label_silhouette: of the true classes; knn_accuracy. Where the layer has fewer
        distinct unit rows than clusters, NaN but for the measures of shape, which see lengths too.
    assigned : int16 array (N,)
        Each sample's k-means cluster, -1 where there is none.
    voted : int16 array (N,)
        The class that each sample's neighbours vote for, -1 where there is none.
    """
    classes = int(labels.max()) + 1 if classes is None else classes
    names = [*METRICS, *(metric for measure, metrics in MEASURES.items() if measure in measures for metric in metrics)]
    rows = unit_rows(activations)
    distinct = len(np.unique(rows, axis=0))
    if distinct < clusters:
        log.warning("Only %d distinct directions for %d clusters: the cluster metrics are NaN", distinct, clusters)
        nothing = np.full(len(rows), -1, np.int16)
        values = {name: [math.nan] * classes if name in PER_CLASS else math.nan for name in names}
        return values | shape_metrics(activations, labels, measures, predicted, seed, classes), nothing, nothing
    assigned, restarts = partitions.kmeans_restarts(rows, clusters, n_init, integer_seed(seed, "k-means"))
    if len(rows) <= MATRIX_SAMPLES:
        geometry, metric = pairwise_distances(rows), "precomputed"
        np.fill_diagonal(geometry, 0)
    else:
        geometry, metric = rows, "euclidean"
    with config_context(working_memory=CHUNK_MB):
        of_clusters, of_classes = (partitions.silhouettes(geometry, groups, metric) for groups in (assigned, labels))
        nearest = neighbors.nearest(geometry, nearby, metric)
    del geometry
    voted = neighbors.votes(nearest, labels)
    values = {
        "silhouette": math.nan if of_clusters is None else float(of_clusters.mean()),
        "adjusted_rand_index": float(adjusted_rand_score(labels, assigned)),
        "normalized_mutual_information": float(normalized_mutual_info_score(labels, assigned)),
        "label_silhouette": math.nan if of_classes is None else float(of_classes.mean()),
        "knn_accuracy": float((voted == labels).mean()),
    }
    if "restart_spread" in measures:
        values |= partitions.rand_index_spread(labels, restarts)
    if "adjusted_mutual_information" in measures:
        values |= partitions.adjusted_mutual_information(labels, assigned)
    if "v_measure" in measures:
        values |= partitions.v_measure(labels, assigned)
    if "davies_bouldin" in measures:
        values |= partitions.davies_bouldin(rows, labels, assigned)
    if "class_silhouette" in measures:
        values["class_silhouette"] = partitions.class_means(of_classes, labels, classes)
    if "knn_purity" in measures:
        values["knn_purity"] = neighbors.purity(nearest, labels)
    values |= shape_metrics(activations, labels, measures, predicted, seed, classes)
    undefined = [name for name in names if np.isnan(values[name]).any()]
    if undefined:
        log.warning("Not defined here, and NaN: %s", ", ".join(undefined))
    return {name: values[name] for name in names}, assigned.astype(np.int16), voted.astype(np.int16)
