"""All that is measured of one cell: one layer at one time."""

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evolution.activations.compaction import unit_rows
from evolution.activations.spectra import SAMPLES, samples_of_spectrum
from evolution.data.kinds import CLASSES
from evolution.measures import clustering
from evolution.measures.attributes import Attribute, attribute_metrics
from evolution.measures.copies import find_copies
from evolution.measures.direction_metrics import direction_metrics
from evolution.measures.directions import find_directions, of_all
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.passes import Foreseen
from evolution.measures.registry import GPU_SAMPLES, MATRIX_SAMPLES, OF_CLUSTERS, metrics_of
from evolution.measures.shape_metrics import OF_SPECTRUM, PROBE_SAMPLES, samples_of_probe, shape_metrics
from evolution.seeds import integer_seed

if TYPE_CHECKING:
    import torch

log = logging.getLogger("evolution")


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
    kept = samples_of_probe(activations, settings.seed, probe_samples)
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
