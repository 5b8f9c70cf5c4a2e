"""All that is measured of one cell: one layer at one time."""

import logging
import math
from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, pairwise_distances

from evolution.activations.compaction import unit_rows
from evolution.measures import clustering, neighbors
from evolution.measures.registry import BASIC_METRICS, MEASURES, OF_CLUSTERS, THINNED
from evolution.seeds import generator, integer_seed

log = logging.getLogger("evolution")

# Above this many samples the N x N distances are taken in chunks instead of kept (100 MB in float32).
MATRIX_SAMPLES = 5000

# Spectrum and probe take this many samples where neither N nor D is smaller: their time goes with min(N, D)^3.
SPECTRUM_SAMPLES = 5000

# MB of distances that scikit-learn holds at once where they are taken in chunks.
CHUNK_MB = 100


@dataclass(frozen=True)
class MeasureSettings:
    """What the config says of how cells are measured.

    Attributes
    ----------
    clusters : int or "auto"
        Of k-means. `auto`: as many as there are classes with samples.
    n_init : int
        Restarts of k-means.
    neighbors : int
        Of the leave-one-out k-NN accuracy and the purity.
    measures : sequence of str
        Keys of `registry.MEASURES`, in any order: what is measured in addition to `registry.BASIC_METRICS`.
    seed : int
        The run's. It is the same at every time: k-means' own noise would otherwise show as change from time to time.
    """

    clusters: int | str
    n_init: int
    neighbors: int
    measures: tuple[str, ...] | list[str]
    seed: int


def layer_metrics(
    activations: np.ndarray,
    labels: np.ndarray,
    settings: MeasureSettings,
    *,
    predicted: np.ndarray | None = None,
    classes: int | None = None,
    matrix_samples: int = MATRIX_SAMPLES,
    spectrum_samples: int = SPECTRUM_SAMPLES,
    chunk_mb: int = CHUNK_MB,
) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    """All metrics of one layer at one time.

    Clusters and neighbours are found among the activations scaled to unit length, so that Euclidean distances follow
    cosines (`direction_metrics`). The shape of a layer is measured on the activations as they are (`shape_metrics`).

    Parameters
    ----------
    activations : float32 array (N, D)
        Compact or raw.
    labels : int array (N,)
        True classes.
    settings : MeasureSettings
    predicted : int array (N,) or None
        The class that the network gives each sample; None for the raw inputs.
    classes : int or None
        How many there are; None: as many as have samples.
    matrix_samples : int
        Above this many samples no matrix of all distances is kept.
    spectrum_samples : int
        See `shape_metrics`.
    chunk_mb : int
        MB of distances that are held at once.

    Returns
    -------
    values : dict
        A float for each of `registry.BASIC_METRICS`, then for each metric of the chosen measures, in the order of
        `registry.MEASURES`; a list of floats, one a class, for those of `registry.PER_CLASS`. Where the layer has fewer
        distinct unit rows than clusters, those of `registry.OF_CLUSTERS` are NaN.
    assigned : int16 array (N,)
        Each sample's k-means cluster, -1 where there is none.
    voted : int16 array (N,)
        The class that each sample's neighbours vote for.
    """
    classes = int(labels.max()) + 1 if classes is None else classes
    chosen = [metric for measure, metrics in MEASURES.items() if measure in settings.measures for metric in metrics]
    names = [*BASIC_METRICS, *chosen]
    rows = _equal_where_close(unit_rows(activations), settings.clusters)
    distinct = len(np.unique(rows, axis=0))
    clustered = distinct >= settings.clusters
    explained = [] if clustered else [name for name in names if name in OF_CLUSTERS]
    if not clustered:
        log.warning(
            "Distinct directions: %d, too few for k-means to find %d clusters. So these are NaN: %s",
            distinct,
            settings.clusters,
            ", ".join(explained),
        )
    values, assigned, voted = direction_metrics(
        rows,
        labels,
        settings,
        classes=classes,
        clustered=clustered,
        matrix_samples=matrix_samples,
        chunk_mb=chunk_mb,
    )
    values |= shape_metrics(
        activations, labels, settings, predicted=predicted, classes=classes, spectrum_samples=spectrum_samples
    )
    undefined = [name for name in names if name not in explained and np.isnan(values[name]).any()]
    if undefined:
        log.warning("Not defined here, and NaN: %s", ", ".join(undefined))
    return {name: values[name] for name in names}, assigned.astype(np.int16), voted.astype(np.int16)


def direction_metrics(
    rows: np.ndarray,
    labels: np.ndarray,
    settings: MeasureSettings,
    *,
    classes: int,
    clustered: bool = True,
    matrix_samples: int = MATRIX_SAMPLES,
    chunk_mb: int = CHUNK_MB,
) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    """The metrics of clusters and neighbours, which are found by direction and not by length.

    Parameters
    ----------
    rows : float32 array (N, D)
        Of unit length.
    labels : int array (N,)
    settings : MeasureSettings
    classes, matrix_samples, chunk_mb : int
        See `layer_metrics`.
    clustered : bool
        False where there are fewer distinct rows than clusters. k-means is then left out.

    Returns
    -------
    values : dict
        silhouette: of the k-means clusters (Rousseeuw 1987); adjusted_rand_index (Hubert and Arabie 1985) and
        normalized_mutual_information (arithmetic mean) of the clusters against the labels; label_silhouette: of the
        true classes; knn_accuracy; and those that `settings` names. Without clusters, those of `registry.OF_CLUSTERS`
        are NaN.
    assigned : int array (N,)
        Each sample's k-means cluster, -1 without clusters.
    voted : int array (N,)
        The class that each sample's neighbours vote for.
    """
    measures = settings.measures
    if clustered:
        assigned, restarts = clustering.kmeans_restarts(
            rows, clusters=settings.clusters, n_init=settings.n_init, seed=integer_seed(settings.seed, "k-means")
        )
    else:
        # One group of all samples takes the clusters' place. What is measured of it becomes NaN below.
        assigned = np.full(len(rows), -1)
        restarts = [assigned]
    geometry, metric = _geometry(rows, matrix_samples) if clustered else _geometry_of_copies(rows, matrix_samples)
    with config_context(working_memory=chunk_mb):
        of_clusters, of_classes = (clustering.silhouettes(geometry, groups, metric) for groups in (assigned, labels))
        nearest = neighbors.nearest(geometry, settings.neighbors, metric)
    voted = neighbors.votes(nearest, labels)
    values = {
        "silhouette": math.nan if of_clusters is None else float(of_clusters.mean()),
        "adjusted_rand_index": float(adjusted_rand_score(labels, assigned)),
        "normalized_mutual_information": float(normalized_mutual_info_score(labels, assigned)),
        "label_silhouette": math.nan if of_classes is None else float(of_classes.mean()),
        "knn_accuracy": float((voted == labels).mean()),
    }
    if "restart_spread" in measures:
        values |= clustering.rand_index_spread(labels, restarts)
    if "adjusted_mutual_information" in measures:
        values |= clustering.adjusted_mutual_information(labels, assigned)
    if "v_measure" in measures:
        values |= clustering.v_measure(labels, assigned)
    if "davies_bouldin" in measures:
        values |= clustering.davies_bouldin(rows, labels, assigned)
    if "class_silhouette" in measures:
        values["class_silhouette"] = clustering.class_means(of_classes, labels, classes)
    if "knn_purity" in measures:
        values["knn_purity"] = neighbors.purity(nearest, labels)
    if not clustered:
        values |= {name: math.nan for name in OF_CLUSTERS.intersection(values)}
    return values, assigned, voted


def _geometry(rows: np.ndarray, matrix_samples: int) -> tuple[np.ndarray, str]:
    """What silhouettes and neighbours are found in: all distances, or the rows where there are too many of them.

    Returns
    -------
    float array (N, N) or (N, D)
    metric : {"precomputed", "euclidean"}
    """
    if len(rows) > matrix_samples:
        return rows, "euclidean"
    distances = pairwise_distances(rows)
    np.fill_diagonal(distances, 0)
    return distances, "precomputed"


def _geometry_of_copies(rows: np.ndarray, matrix_samples: int) -> tuple[np.ndarray, str]:
    """The same for rows of which few are distinct; where all are equal, all distances are exactly 0.

    Distances come from inner products, which rounding leaves a little above 0 for two copies. Where nothing but copies
    is near, that little would decide a silhouette.
    """
    if len(rows) > matrix_samples:
        # About one of them: what the rows have in common rounds off nothing then.
        return rows - rows[0], "euclidean"
    distinct, copy_of = np.unique(rows, axis=0, return_inverse=True)
    distances, metric = _geometry(distinct, matrix_samples)
    return distances[np.ix_(copy_of.ravel(), copy_of.ravel())], metric


def _equal_where_close(rows: np.ndarray, few: int) -> np.ndarray:
    """Directions that differ in their last digits alone made equal, where there are fewer than `few` others.

    Rows of one direction and of different lengths differ so after they were scaled. Their noise would decide a
    silhouette. Where there are many directions nothing is changed.
    """
    along = rows @ np.cos(np.arange(rows.shape[1], dtype=np.float32))
    if len(np.unique(along.round(5))) >= few:
        return rows
    _, first, copy_of = np.unique(rows.round(6), axis=0, return_index=True, return_inverse=True)
    return rows[first][copy_of.ravel()]


def shape_metrics(
    activations: np.ndarray,
    labels: np.ndarray,
    settings: MeasureSettings,
    *,
    predicted: np.ndarray | None = None,
    classes: int | None = None,
    spectrum_samples: int = SPECTRUM_SAMPLES,
) -> dict[str, float]:
    """The metrics that lengths matter to: spectrum, dimension, neural collapse, probe.

    Parameters
    ----------
    activations : float32 array (N, D)
        Compact or raw, and not scaled to unit length.
    labels : int array (N,)
    settings : MeasureSettings
        Its measures of other kinds are passed over.
    predicted : int array (N,) or None
        See `collapse.layer_collapse`.
    classes : int or None
        How many there are; None: as many as have samples.
    spectrum_samples : int
        Above this many samples and features, the measures of `registry.THINNED` take this many samples, drawn by the
        seed.
    """
    # Modules are imported where they are needed: a run without these measures need not load them.
    measures, values = settings.measures, {}
    if "intrinsic_dimension" in measures:
        values["intrinsic_dimension"] = neighbors.intrinsic_dimension(activations)
    if "neural_collapse" in measures:
        from evolution.measures import collapse

        values |= collapse.layer_collapse(activations, labels, predicted, classes)
    if min(activations.shape) > spectrum_samples and THINNED.intersection(measures):
        log.info("Spectrum and probe take %d of %d samples", spectrum_samples, len(activations))
        drawn = generator(settings.seed, "spectrum").choice(len(activations), spectrum_samples, replace=False)
        activations, labels = activations[np.sort(drawn)], labels[np.sort(drawn)]
    if "linear_probe" in measures:
        from evolution.measures.probe import linear_probe

        values["linear_probe_accuracy"] = linear_probe(activations, labels, integer_seed(settings.seed, "probe"))
    if "effective_rank" in measures or "participation_ratio" in measures:
        from evolution.measures import spectrum

        singular = spectrum.singular_values(activations)
        values["effective_rank"] = spectrum.effective_rank(singular)
        values["participation_ratio"] = spectrum.participation_ratio(singular)
    return values
