"""What is measured of a cell by direction and not by length: its clusters and neighbours."""

import math

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from evolution.data.kinds import CLASSES, LABELS, NUMBER
from evolution.measures import clustering, neighbors
from evolution.measures.directions import Directions, ManyDirections
from evolution.measures.measure_settings import MeasureSettings
from evolution.scores import average_precisions, mean_of_known, r_squared


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
        See `cell_metrics.layer_metrics`.
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
        See `cell_metrics.layer_metrics`.
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
        precisions = average_precisions(labels, shares)
        values["knn_average_precision"] = mean_of_known(precisions)
        values["class_knn_average_precision"] = precisions.tolist()
        return values, shares.astype(np.float32)
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
