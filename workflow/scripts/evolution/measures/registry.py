"""The list of all metrics of a cell: what each is called, which name in the config switches it on, how it is shown.

Jobs, figures and tests derive their lists from it, so that a new metric is described here and nowhere else. It is plain
data: what imports it runs again when it changes, and a figure need not run again when a measure's code does.
"""

from dataclasses import dataclass

ADJUSTED_RAND = "adjusted_rand_index"


@dataclass(frozen=True)
class Metric:
    """A number that is measured of each cell, one layer of a run at one epoch.

    Attributes
    ----------
    name : str
        In tables.
    measure : str or None
        The name in the config's `metrics.measures` that switches it on, alone or with others; None: always measured.
    title, column : str
        What figures and the summary's columns call it, for those that are always measured. The figures of the others
        have titles of their own, which say more.
    per_class : bool
        It has a number for each class, and goes to `tables/class_metrics.parquet`.
    thinned : bool
        It is taken from fewer samples where there are many, as its time goes with the cube of their number.
    classifier_only : bool
        It needs the classifier's weights, and is measured at the classifier's input alone.
    """

    name: str
    measure: str | None = None
    title: str = ""
    column: str = ""
    per_class: bool = False
    thinned: bool = False
    classifier_only: bool = False


METRICS = (
    Metric("silhouette", title="Silhouette", column="Silhouette"),
    Metric(ADJUSTED_RAND, title="Adjusted Rand index", column="ARI"),
    Metric("normalized_mutual_information", title="Normalized mutual information", column="NMI"),
    Metric("label_silhouette", title="Label silhouette", column="Label silhouette"),
    Metric("knn_accuracy", title="k-NN accuracy", column="k-NN accuracy"),
    Metric("adjusted_rand_index_min", "restart_spread"),
    Metric("adjusted_rand_index_mean", "restart_spread"),
    Metric("adjusted_rand_index_max", "restart_spread"),
    Metric("adjusted_rand_index_sd", "restart_spread"),
    Metric("adjusted_mutual_information", "adjusted_mutual_information"),
    Metric("homogeneity", "v_measure"),
    Metric("completeness", "v_measure"),
    Metric("v_measure", "v_measure"),
    Metric("davies_bouldin", "davies_bouldin"),
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

# The measures that are taken from fewer samples where there are many.
THINNED = frozenset(metric.measure for metric in METRICS if metric.thinned)

# What neural collapse is measured by at the classifier's input.
CLASSIFIER_METRICS = tuple(metric.name for metric in METRICS if metric.measure == "neural_collapse")
