"""All that is measured of one cell: one layer at one time."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from evolution.activations.compaction import unit_rows
from evolution.activations.spectra import SAMPLES, samples_of_spectrum
from evolution.data.kinds import CLASSES, LABELS, NUMBER
from evolution.measures import clustering, neighbors
from evolution.measures.attributes import Attribute, attribute_metrics
from evolution.measures.copies import find_copies
from evolution.measures.directions import Directions, ManyDirections, find_directions, of_all
from evolution.measures.passes import Foreseen
from evolution.measures.products import Products
from evolution.measures.registry import GPU_SAMPLES, MATRIX_SAMPLES, OF_CLUSTERS, metrics_of
from evolution.scores import average_precisions, mean_of_known, r_squared
from evolution.seeds import generator, integer_seed

if TYPE_CHECKING:
    import torch

log = logging.getLogger("evolution")

# The probe takes this many samples where neither N nor D is smaller: its time goes with min(N, D)^3.
PROBE_SAMPLES = 5000

OF_SPECTRUM = ("effective_rank", "participation_ratio")

# Clusters that k-means looks for where there are no classes to count, and the fewest samples of one on average.
CLUSTERS, CLUSTER_SAMPLES = 10, 5


@dataclass(frozen=True)
class MeasureSettings:
    """What the config says of how cells are measured.

    Attributes
    ----------
    clusters : int or "auto"
        Of k-means. `auto`: see `cluster_count`.
    n_init : int
        Restarts of k-means.
    neighbors : int
        Of the leave-one-out k-NN scores and the purity.
    measures : sequence of str
        Of `registry.MEASURE_NAMES`, in any order: what is measured in addition to what always is.
    seed : int
        The run's. It is the same at every time: k-means' own noise would otherwise show as change from time to time.
    """

    clusters: int | str
    n_init: int
    neighbors: int
    measures: tuple[str, ...] | list[str]
    seed: int


def cluster_count(labels: np.ndarray | None, samples: int, target: str) -> int:
    """The clusters that `auto` stands for: as many as classes with samples, or ten where there are no classes.

    With fewer than 50 samples and no classes there are fewer, so that a cluster has five samples on average.

    Parameters
    ----------
    labels : array or None
        See `layer_metrics`.
    samples : int
    target : str
        One of `evolution.data.kinds.TARGETS`.
    """
    if target == CLASSES:
        return len(np.unique(labels))
    return min(CLUSTERS, max(2, samples // CLUSTER_SAMPLES))


def layer_metrics(
    activations: np.ndarray,
    labels: np.ndarray | None,
    settings: MeasureSettings,
    *,
    target: str = CLASSES,
    attributes: Sequence[Attribute] = (),
    predicted: np.ndarray | None = None,
    classes: int | None = None,
    singular: np.ndarray | None = None,
    matrix_samples: int = MATRIX_SAMPLES,
    probe_samples: int = PROBE_SAMPLES,
    spectrum_samples: int = SAMPLES,
    block: int | None = None,
    device: "torch.device | None" = None,
) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    """All metrics of one layer at one time.

    Clusters and neighbours are found among the activations scaled to unit length, so that Euclidean distances follow
    cosines (`direction_metrics`). The shape of a layer is measured on the activations as they are (`shape_metrics`).

    Parameters
    ----------
    activations : float32 array (N, D)
        Compact or raw.
    labels : array or None
        What is known of the samples: of classes int (N,), of a number float (N,), of several labels bool (N, K); None
        where nothing is.
    settings : MeasureSettings
        Its clusters are a number.
    target : str
        Which of these it is, one of `evolution.data.kinds.TARGETS`.
    attributes : sequence of Attribute
        What the layer is measured against in addition.
    predicted : int array (N,) or None
        The class that the network gives each sample; None for the raw inputs, and where the samples have no classes.
    classes : int or None
        How many there are; None: as many as have samples.
    singular : float array (M,) or None
        See `shape_metrics`.
    matrix_samples : int
        Above this many samples no matrix of all distances is kept, and k-means' restarts are found side by side; with
        a device at most `registry.GPU_SAMPLES`.
    probe_samples : int
        The probe takes so many samples where there are more samples and features.
    spectrum_samples : int
        The spectrum takes so many samples where there are more.
    block : int or None
        Rows of a block of distances, where they are not kept; see `passes.Passes`.
    device : torch.device or None
        Where more than `matrix_samples` samples are measured, see `devices.find_device`; None: by NumPy.

    Returns
    -------
    values : dict
        A float for each of `registry.metrics_of` the target; a list of floats, one a class or label, for those of
        `registry.PER_CLASS`. Then those of `attributes.metrics_by` each attribute. Where the layer has fewer distinct
        unit rows than clusters, those of `registry.OF_CLUSTERS` are NaN.
    assigned : int16 array (N,)
        Each sample's k-means cluster, -1 where there is none.
    voted : array
        What each sample's neighbours say of it: of classes int16 (N,), the one that most of them have; of a number
        float32 (N,), their mean; of labels float32 (N, K), the share of them that have each; else int16 (N,) of -1.
    """
    if target == CLASSES and classes is None:
        classes = int(labels.max()) + 1
    names = metrics_of(target, settings.measures)
    if device is not None:
        matrix_samples = min(matrix_samples, GPU_SAMPLES)
    if len(activations) > matrix_samples:
        activations = _without_empty_columns(activations)
    else:
        device = None
    rows = _equal_where_close(unit_rows(activations), settings.clusters)
    distinct = len(find_copies(rows)[0])
    clustered = distinct >= settings.clusters
    explained = [] if clustered else [name for name in names if name in OF_CLUSTERS]
    if clustered:
        assigned, restarts = clustering.kmeans_restarts(
            rows,
            clusters=settings.clusters,
            n_init=settings.n_init,
            seed=integer_seed(settings.seed, "k-means"),
            together=matrix_samples,
            device=device,
        )
    else:
        log.warning(
            "Distinct directions: %d, too few for k-means to find %d clusters. So these are NaN: %s",
            distinct,
            settings.clusters,
            ", ".join(explained),
        )
        # One group of all samples takes the clusters' place. What is measured of it becomes NaN below.
        assigned = np.full(len(rows), -1)
        restarts = [assigned]
    directions = find_directions(
        rows,
        of_copies=not clustered,
        matrix_samples=matrix_samples,
        foreseen=_foreseen(activations, labels, settings, target, attributes, assigned if clustered else None),
        block=block,
        device=device,
    )
    values, voted = direction_metrics(
        directions, labels, settings, target=target, classes=classes, assigned=assigned, restarts=restarts
    )
    if not clustered:
        values |= {name: math.nan for name in OF_CLUSTERS.intersection(values)}
    kept = _samples_of_probe(activations, settings.seed, probe_samples)
    if not kept.all() and "linear_probe" in settings.measures:
        log.info("The probe takes %d of %d samples", kept.sum(), len(kept))
    of_spectrum = samples_of_spectrum(len(activations), settings.seed, most=spectrum_samples)
    if len(of_spectrum) < len(activations) and set(OF_SPECTRUM).intersection(settings.measures):
        log.info("The spectrum takes %d of %d samples", len(of_spectrum), len(activations))
    values |= shape_metrics(
        activations,
        labels,
        settings,
        target=target,
        predicted=predicted,
        classes=classes,
        kept=kept,
        of_spectrum=of_spectrum,
        singular=singular,
        two_nearest=directions.two_nearest() if "intrinsic_dimension" in settings.measures else None,
        device=device,
    )
    by_attribute = {}
    for attribute in attributes:
        # k-means of all samples, for as many clusters, is the same again.
        same = clustered and attribute.known.all() and attribute.clusters == settings.clusters
        by_attribute |= attribute_metrics(
            attribute,
            directions,
            activations,
            kept,
            measures=settings.measures,
            count=settings.neighbors,
            n_init=settings.n_init,
            seed=settings.seed,
            assigned=assigned if same else None,
            device=device,
        )
    values = {name: values[name] for name in names} | by_attribute
    undefined = [name for name, value in values.items() if name not in explained and np.isnan(value).any()]
    if undefined:
        log.warning("Not defined here, and NaN: %s", ", ".join(undefined))
    return values, assigned.astype(np.int16), voted


def _foreseen(
    activations: np.ndarray,
    labels: np.ndarray | None,
    settings: MeasureSettings,
    target: str,
    attributes: Sequence[Attribute],
    assigned: np.ndarray | None,
) -> Foreseen:
    """What will be asked of the distances, see `layer_metrics`; `assigned` None where there are no clusters."""
    everyone = np.ones(len(activations), bool)
    varied = [attribute for attribute in attributes if attribute.varies]
    groupings = [of_all(attribute.known, attribute.values) for attribute in varied if attribute.grouping]
    groupings += [of_all(everyone, labels)] if target == CLASSES else []
    groupings += [] if assigned is None else [of_all(everyone, assigned)]
    return Foreseen(
        groupings=groupings,
        parts=[everyone, *(attribute.known for attribute in varied if attribute.known.sum() > settings.neighbors)],
        neighbors=settings.neighbors,
        activations=activations if "intrinsic_dimension" in settings.measures else None,
    )


def direction_metrics(
    directions: Directions | ManyDirections,
    labels: np.ndarray | None,
    settings: MeasureSettings,
    *,
    target: str,
    classes: int | None,
    assigned: np.ndarray,
    restarts: list[np.ndarray],
) -> tuple[dict[str, object], np.ndarray]:
    """The metrics of clusters and neighbours, which are found by direction and not by length.

    Parameters
    ----------
    directions : Directions or ManyDirections
        Of N samples.
    labels, settings, target, classes
        See `layer_metrics`.
    assigned : int array (N,)
        Each sample's k-means cluster.
    restarts : list of int arrays (N,)
        The same of each of k-means' restarts.

    Returns
    -------
    values : dict
        silhouette: of the k-means clusters (Rousseeuw 1987); those that `settings` names; and by target, of classes
        adjusted_rand_index (Hubert and Arabie 1985) and normalized_mutual_information (arithmetic mean) of the clusters
        against the classes, label_silhouette of the classes, knn_accuracy; of a number knn_r2; of labels
        knn_average_precision, the mean over labels, and class_knn_average_precision, each label's.
    voted : array
        See `layer_metrics`.
    """
    of_clusters = directions.silhouettes(assigned)
    nearest = directions.nearest(settings.neighbors)
    values = {"silhouette": math.nan if of_clusters is None else float(of_clusters.mean())}
    if "davies_bouldin" in settings.measures:
        values["davies_bouldin"] = clustering.davies_bouldin(directions.rows, assigned)
    if target == CLASSES:
        voted = neighbors.votes(nearest, labels)
        values["knn_accuracy"] = float((voted == labels).mean())
        values |= _against_classes(directions, labels, settings, nearest, classes, assigned, restarts)
        return values, voted.astype(np.int16)
    if target == NUMBER:
        means = neighbors.means(nearest, labels)
        return values | {"knn_r2": r_squared(labels, means)}, means.astype(np.float32)
    if target == LABELS:
        shares = neighbors.means(nearest, labels)
        return values | _precisions("knn", average_precisions(labels, shares)), shares.astype(np.float32)
    return values, np.full(len(assigned), -1, np.int16)


def _against_classes(
    directions: Directions | ManyDirections,
    labels: np.ndarray,
    settings: MeasureSettings,
    nearest: np.ndarray,
    classes: int,
    assigned: np.ndarray,
    restarts: list[np.ndarray],
) -> dict[str, object]:
    """What `direction_metrics` measures against classes alone."""
    measures = settings.measures
    of_classes = directions.silhouettes(labels)
    values = {
        "adjusted_rand_index": float(adjusted_rand_score(labels, assigned)),
        "normalized_mutual_information": float(normalized_mutual_info_score(labels, assigned)),
        "label_silhouette": math.nan if of_classes is None else float(of_classes.mean()),
    }
    if "restart_spread" in measures:
        values |= clustering.rand_index_spread(labels, restarts)
    if "adjusted_mutual_information" in measures:
        values |= clustering.adjusted_mutual_information(labels, assigned)
    if "v_measure" in measures:
        values |= clustering.v_measure(labels, assigned)
    if "davies_bouldin" in measures:
        values["label_davies_bouldin"] = clustering.davies_bouldin(directions.rows, labels)
    if "class_silhouette" in measures:
        values["class_silhouette"] = clustering.class_means(of_classes, labels, classes)
    if "knn_purity" in measures:
        values["knn_purity"] = neighbors.purity(nearest, labels)
    return values


def _precisions(of: str, precisions: np.ndarray) -> dict[str, object]:
    """The mean over labels and each label's average precision, float (K,), of what predicts them."""
    return {
        f"{of}_average_precision": mean_of_known(precisions),
        f"class_{of}_average_precision": precisions.tolist(),
    }


def _samples_of_probe(activations: np.ndarray, seed: int, most: int) -> np.ndarray:
    """Which samples the probe takes, bool (N,): all, or `most`, the same ones in every layer and form."""
    kept = np.ones(len(activations), bool)
    if len(activations) > most:
        kept[:] = False
        kept[generator(seed, "probe samples").choice(len(activations), most, replace=False)] = True
    return kept


def _without_empty_columns(rows: np.ndarray) -> np.ndarray:
    """The rows without the zeros that compact coordinates end in, where a layer has fewer dimensions than samples."""
    used = np.flatnonzero(rows.any(0))
    # A single feature would be taken for a layer of one, which has no directions.
    return np.ascontiguousarray(rows[:, : max(2, used.max(initial=0) + 1)])


def _equal_where_close(rows: np.ndarray, few: int) -> np.ndarray:
    """Directions that differ in their last digits alone made equal, where there are fewer than `few` others.

    Rows of one direction and of different lengths differ so after they were scaled. Their noise would decide a
    silhouette. Where there are many directions nothing is changed.
    """
    along = rows @ np.cos(np.arange(rows.shape[1], dtype=np.float32))
    if len(np.unique(along.round(5))) >= few:
        return rows
    first, copy_of = find_copies(rows.round(6))
    return rows[first][copy_of]


def shape_metrics(
    activations: np.ndarray,
    labels: np.ndarray | None,
    settings: MeasureSettings,
    *,
    target: str = CLASSES,
    predicted: np.ndarray | None = None,
    classes: int | None = None,
    kept: np.ndarray | None = None,
    of_spectrum: np.ndarray | None = None,
    singular: np.ndarray | None = None,
    two_nearest: np.ndarray | None = None,
    device: "torch.device | None" = None,
) -> dict[str, object]:
    """The metrics that lengths matter to: spectrum, dimension, neural collapse, probe.

    Parameters
    ----------
    activations : float32 array (N, D)
        Compact or raw, and not scaled to unit length.
    labels, target
        See `layer_metrics`.
    settings : MeasureSettings
        Its measures of other kinds are passed over.
    predicted : int array (N,) or None
        See `collapse.layer_collapse`.
    classes : int or None
        How many there are; None: as many as have samples.
    kept : bool array (N,) or None
        The samples that the probe takes; None: all.
    of_spectrum : int array (M,) or None
        The samples that the spectrum takes, see `evolution.activations.spectra.samples_of_spectrum`; None: all.
    singular : float array (M,) or None
        Singular values of their raw activations, where `activations` do not keep them, see
        `evolution.activations.spectra.singular_values`.
    two_nearest : float64 array (M, 2) or None
        See `neighbors.intrinsic_dimension`.
    device : torch.device or None
        Where spectrum and probe are computed, see `devices.find_device`.
    """
    # Modules are imported where they are needed: a run without these measures need not load them.
    measures, values = settings.measures, {}
    if "intrinsic_dimension" in measures:
        values["intrinsic_dimension"] = neighbors.intrinsic_dimension(
            activations, two_nearest=two_nearest, device=device
        )
    if "neural_collapse" in measures and target == CLASSES:
        from evolution.measures import collapse

        values |= collapse.layer_collapse(activations, labels, predicted, classes)
    of_all_samples = None
    if "linear_probe" in measures and labels is not None:
        every = kept is None or kept.all()
        some = slice(None) if every else kept
        products = Products(activations[some], device=device)
        of_all_samples = products if every else None
        values |= _probed(products, activations[some], labels[some], target, integer_seed(settings.seed, "probe"))
    if set(OF_SPECTRUM).intersection(measures):
        from evolution.measures import spectrum

        if singular is not None:
            singular = spectrum.without_faint(singular)
        elif of_spectrum is not None and len(of_spectrum) < len(activations):
            singular = spectrum.singular_values(Products(activations[of_spectrum], device=device))
        else:
            singular = spectrum.singular_values(of_all_samples or Products(activations, device=device))
        values["effective_rank"] = spectrum.effective_rank(singular)
        values["participation_ratio"] = spectrum.participation_ratio(singular)
    return values


def _probed(
    products: Products, activations: np.ndarray, labels: np.ndarray, target: str, seed: int
) -> dict[str, object]:
    """What a linear probe reads off the activations; `products` are theirs."""
    from evolution.measures.probe import linear_probe, ridge_predictions

    if target == CLASSES:
        return {"linear_probe_accuracy": linear_probe(activations, labels, seed, products=products)}
    predicted = ridge_predictions(activations, labels.reshape(len(labels), -1), seed, products=products)
    if target == NUMBER:
        return {"linear_probe_r2": math.nan if predicted is None else r_squared(labels, predicted[:, 0])}
    none = np.full(labels.shape[1], math.nan)
    return _precisions("linear_probe", none if predicted is None else average_precisions(labels, predicted))
