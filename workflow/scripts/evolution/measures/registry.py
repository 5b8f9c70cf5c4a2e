"""The list of all metrics of a cell: what each is called, and which name in the config switches it on.

Jobs and tests derive their lists from it, so that each metric is described once. It is plain data, and
jobs that measure import it: how a metric is shown stands in `figures/metric_titles.py`, so that a new title measures
nothing again.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A number that is measured of each cell, one layer of a run at one time.

    Attributes
    ----------
    name : str
        In tables.
    measure : str or None
        The name in the config's `metrics.measures` that switches it on; one name may switch on several metrics. None:
        it is always measured.
    per_class : bool
        It has a number for each class, and goes to `tables/class_metrics.parquet`.
    thinned : bool
        It is taken from fewer samples where there are many, as its time goes with the cube of their number.
    classifier_only : bool
        It needs the classifier's weights, and is measured only at the classifier's input.
    of_clusters : bool
        It needs the clusters of k-means, and is NaN where there are fewer distinct directions than clusters.
    """

    name: str
    measure: str | None = None
    per_class: bool = False
    thinned: bool = False
    classifier_only: bool = False
    of_clusters: bool = False


METRICS = (
    Metric("silhouette", of_clusters=True),
    Metric("adjusted_rand_index", of_clusters=True),
    Metric("normalized_mutual_information", of_clusters=True),
    Metric("label_silhouette"),
    Metric("knn_accuracy"),
    Metric("adjusted_rand_index_min", "restart_spread", of_clusters=True),
    Metric("adjusted_rand_index_mean", "restart_spread", of_clusters=True),
    Metric("adjusted_rand_index_max", "restart_spread", of_clusters=True),
    Metric("adjusted_rand_index_sd", "restart_spread", of_clusters=True),
    Metric("adjusted_mutual_information", "adjusted_mutual_information", of_clusters=True),
    Metric("homogeneity", "v_measure", of_clusters=True),
    Metric("completeness", "v_measure", of_clusters=True),
    Metric("v_measure", "v_measure", of_clusters=True),
    Metric("davies_bouldin", "davies_bouldin", of_clusters=True),
    Metric("label_davies_bouldin", "davies_bouldin"),
    Metric("class_silhouette", "class_silhouette", per_class=True),
    Metric("knn_purity", "knn_purity"),
    Metric("linear_probe_accuracy", "linear_probe", thinned=True),
    Metric("effective_rank", "effective_rank", thinned=True),
    Metric("participation_ratio", "participation_ratio", thinned=True),
    Metric("intrinsic_dimension", "intrinsic_dimension"),
    Metric("nc1", "neural_collapse"),
    Metric("nc2_equinorm", "neural_collapse"),
    Metric("nc2_equiangular", "neural_collapse"),
    Metric("nc3_self_duality", "neural_collapse", classifier_only=True),
    Metric("nc4_agreement", "neural_collapse"),
)

# What is measured of every cell, whatever the config names.
BASIC_METRICS = tuple(metric.name for metric in METRICS if metric.measure is None)

# What `metrics.measures` may name, and the metrics of a cell that each gives.
MEASURES = {
    measure: tuple(metric.name for metric in METRICS if metric.measure == measure and not metric.classifier_only)
    for measure in dict.fromkeys(metric.measure for metric in METRICS if metric.measure is not None)
}

# A number for each class in place of one.
PER_CLASS = tuple(metric.name for metric in METRICS if metric.per_class)

# The metrics that k-means decides.
OF_CLUSTERS = frozenset(metric.name for metric in METRICS if metric.of_clusters)

# The measures that are taken from fewer samples where there are many.
THINNED = frozenset(metric.measure for metric in METRICS if metric.thinned)

# What neural collapse is measured by at the classifier's input.
CLASSIFIER_METRICS = tuple(metric.name for metric in METRICS if metric.measure == "neural_collapse")
