"""A layer measured against an attribute of the samples, as it is measured against their target."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import adjusted_rand_score

from evolution.measures import clustering, neighbors
from evolution.measures.attribute_samples import samples_that_count
from evolution.measures.directions import Directions
from evolution.measures.registry import OF_NUMBERS, OF_PROBE, OF_WORDS
from evolution.scores import r_squared
from evolution.seeds import integer_seed

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Attribute:
    """A column of the samples, as measures see it.

    Attributes
    ----------
    name : str
    grouping : bool
        Whether it is of words, which group the samples as classes do. Else it is of numbers.
    known : bool array (N,)
        The samples that count, see `attribute_samples.samples_that_count`.
    values : array (M,)
        Of the M samples that count: of words int64, their number in alphabetic order; of numbers float64.
    clusters : int
        That k-means looks for, to compare with the words.
    """

    name: str
    grouping: bool
    known: np.ndarray
    values: np.ndarray
    clusters: int

    @property
    def varies(self) -> bool:
        """Whether the samples that count have two values or more."""
        return len(np.unique(self.values)) > 1


def read_attribute(name: str, column: np.ndarray, clusters: int | str) -> Attribute:
    """Find out which samples of a column count.

    Parameters
    ----------
    name : str
    column : float64 or str array (N,)
        NaN or "" where a value is missing.
    clusters : int or "auto"
        Of k-means. `auto`: as many as there are words.
    """
    grouping, known = column.dtype.kind == "U", samples_that_count(column)
    if not grouping:
        return Attribute(name, grouping, known, column[known], 0)
    _, values = np.unique(column[known], return_inverse=True)
    count = int(values.max(initial=-1)) + 1
    return Attribute(name, grouping, known, values.astype(np.int64), count if clusters == "auto" else clusters)


def said_of(attribute: Attribute) -> str:
    """A sentence for the log on the samples that do not count, and on an attribute that says nothing; else empty."""
    missing = int((~attribute.known).sum())
    words = " or have one that no other sample has" if attribute.grouping else ""
    said = f"{missing} of {len(attribute.known)} samples have no value{words}, and are left out. " if missing else ""
    if not attribute.varies:
        said += "No two values are left to tell apart, so all that is measured against it is NaN."
    return f"Attribute {attribute.name}: {said.strip()}" if said else ""


def metrics_by(attribute: Attribute, measures: Collection[str]) -> dict[str, str]:
    """What is measured against an attribute: metrics, and what each is called in tables, `METRIC:ATTRIBUTE`.

    Parameters
    ----------
    attribute : Attribute
    measures : collection of str
        Those that the config switches on.
    """
    names = OF_WORDS if attribute.grouping else OF_NUMBERS
    return {name: f"{name}:{attribute.name}" for name in names if name not in OF_PROBE or "linear_probe" in measures}


def attribute_metrics(
    attribute: Attribute,
    directions: Directions,
    activations: np.ndarray,
    kept: np.ndarray,
    *,
    measures: Collection[str],
    count: int,
    n_init: int,
    seed: int,
    assigned: np.ndarray | None = None,
    device: "torch.device | None" = None,
) -> dict[str, float]:
    """All that is measured against an attribute.

    Parameters
    ----------
    attribute : Attribute
        Of N samples.
    directions : Directions
        Of all of them.
    activations : float32 array (N, D)
        Not scaled to unit length, for the probe.
    kept : bool array (N,)
        The samples that the probe takes.
    measures : collection of str
        Those that the config switches on.
    count : int
        Of nearest neighbours.
    n_init : int
        Restarts of k-means.
    seed : int
        The run's.
    assigned : int array (N,) or None
        Clusters of all samples, as many as the attribute wants: k-means would find them again.
    device : torch.device or None
        Where k-means of many samples and the probe are computed, see `devices.find_device`.

    Returns
    -------
    dict of float
        A value for each name of `metrics_by`, in this order; NaN where it is not defined.
    """
    names = metrics_by(attribute, measures)
    found = dict.fromkeys(names, math.nan)
    if attribute.varies:
        part = directions.of(attribute.known)
        probe_seed = integer_seed(seed, "probe")
        both = attribute.known & kept
        rows, values = activations[both], attribute.values[kept[attribute.known]]
        nearest = part.nearest(count) if len(part.rows) > count else None
        if attribute.grouping:
            found |= _of_words(attribute, part, nearest, assigned, n_init, seed, device)
            if "linear_probe_accuracy" in names:
                from evolution.measures.probe import linear_probe
                from evolution.measures.products import Products

                # Of few samples that are kept a word may have one alone, which no probe could find.
                _, number, counts = np.unique(values, return_inverse=True, return_counts=True)
                several = counts[number] > 1
                if several.any():
                    rows, values = rows[several], values[several]
                    products = Products(rows, device=device)
                    found["linear_probe_accuracy"] = linear_probe(rows, values, probe_seed, products=products)
        else:
            if nearest is not None:
                found["knn_r2"] = r_squared(attribute.values, neighbors.means(nearest, attribute.values))
            if "linear_probe_r2" in names:
                from evolution.measures.probe import ridge_predictions
                from evolution.measures.products import Products

                products = Products(rows, device=device)
                predicted = ridge_predictions(rows, values[:, None], probe_seed, products=products)
                found["linear_probe_r2"] = math.nan if predicted is None else r_squared(values, predicted[:, 0])
    return {called: found[name] for name, called in names.items()}


def _of_words(
    attribute: Attribute,
    part: Directions,
    nearest: np.ndarray | None,
    assigned: np.ndarray | None,
    n_init: int,
    seed: int,
    device: "torch.device | None",
) -> dict[str, float]:
    """Clusters, silhouette and neighbours against the words of an attribute; `part` is of the samples that count."""
    found = {}
    # Directions that differ in their last digits alone are none for k-means to tell apart.
    if assigned is None and attribute.clusters <= len(np.unique(part.rows.round(5), axis=0)):
        assigned, _ = clustering.kmeans_restarts(
            part.rows,
            clusters=attribute.clusters,
            n_init=n_init,
            seed=integer_seed(seed, "k-means"),
            device=device,
        )
    if assigned is not None:
        found["adjusted_rand_index"] = float(adjusted_rand_score(attribute.values, assigned))
    silhouettes = part.silhouettes(attribute.values)
    if silhouettes is not None:
        found["label_silhouette"] = float(silhouettes.mean())
    if nearest is not None:
        found["knn_accuracy"] = float((neighbors.votes(nearest, attribute.values) == attribute.values).mean())
    return found
