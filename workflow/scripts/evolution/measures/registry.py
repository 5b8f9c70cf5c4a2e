"""The list of all metrics of a cell: what each is called, and which name in the config switches it on.

Jobs and tests derive their lists from it, so that each metric is described once. It is plain data, and
jobs that measure import it: how a metric is shown stands in `figures/metric_titles.py`, so that a new title measures
nothing again.
"""

from collections.abc import Collection
from dataclasses import dataclass

from evolution.data.kinds import CLASSES, LABELS, NUMBER, TARGETS

# Above this many samples the N x N distances are taken in blocks instead of kept (100 MB in float32).
MATRIX_SAMPLES = 5000

# Above this many samples cells are measured on a GPU where the config says so: a core takes 3 s for 2000 samples of a
# wide layer and 40 s for 5000, and 1.7 s to import torch. The planner asks for a GPU by it.
GPU_SAMPLES = 2000


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
    targets : tuple of str
        The kinds of target, of `evolution.data.kinds.TARGETS`, that it is defined for.
    per_class : bool
        It has a number for each class, or each label, and goes to `tables/class_metrics.parquet`.
    classifier_only : bool
        It needs the classifier's weights, and is measured only at the classifier's input.
    of_clusters : bool
        It needs the clusters of k-means, and is NaN where there are fewer distinct directions than clusters.
    """

    name: str
    measure: str | None = None
    targets: tuple[str, ...] = TARGETS
    per_class: bool = False
    classifier_only: bool = False
    of_clusters: bool = False


OF_CLASSES = (CLASSES,)
METRICS = (
    Metric("silhouette", of_clusters=True),
    Metric("adjusted_rand_index", targets=OF_CLASSES, of_clusters=True),
    Metric("normalized_mutual_information", targets=OF_CLASSES, of_clusters=True),
    Metric("label_silhouette", targets=OF_CLASSES),
    Metric("knn_accuracy", targets=OF_CLASSES),
    Metric("knn_r2", targets=(NUMBER,)),
    Metric("knn_average_precision", targets=(LABELS,)),
    Metric("class_knn_average_precision", targets=(LABELS,), per_class=True),
    Metric("adjusted_rand_index_min", "restart_spread", targets=OF_CLASSES, of_clusters=True),
    Metric("adjusted_rand_index_mean", "restart_spread", targets=OF_CLASSES, of_clusters=True),
    Metric("adjusted_rand_index_max", "restart_spread", targets=OF_CLASSES, of_clusters=True),
    Metric("adjusted_rand_index_sd", "restart_spread", targets=OF_CLASSES, of_clusters=True),
    Metric("adjusted_mutual_information", "adjusted_mutual_information", targets=OF_CLASSES, of_clusters=True),
    Metric("homogeneity", "v_measure", targets=OF_CLASSES, of_clusters=True),
    Metric("completeness", "v_measure", targets=OF_CLASSES, of_clusters=True),
    Metric("v_measure", "v_measure", targets=OF_CLASSES, of_clusters=True),
    Metric("davies_bouldin", "davies_bouldin", of_clusters=True),
    Metric("label_davies_bouldin", "davies_bouldin", targets=OF_CLASSES),
    Metric("class_silhouette", "class_silhouette", targets=OF_CLASSES, per_class=True),
    Metric("knn_purity", "knn_purity", targets=OF_CLASSES),
    Metric("linear_probe_accuracy", "linear_probe", targets=OF_CLASSES),
    Metric("linear_probe_r2", "linear_probe", targets=(NUMBER,)),
    Metric("linear_probe_average_precision", "linear_probe", targets=(LABELS,)),
    Metric("class_linear_probe_average_precision", "linear_probe", targets=(LABELS,), per_class=True),
    Metric("effective_rank", "effective_rank"),
    Metric("participation_ratio", "participation_ratio"),
    Metric("intrinsic_dimension", "intrinsic_dimension"),
    Metric("nc1", "neural_collapse", targets=OF_CLASSES),
    Metric("nc2_equinorm", "neural_collapse", targets=OF_CLASSES),
    Metric("nc2_equiangular", "neural_collapse", targets=OF_CLASSES),
    Metric("nc3_self_duality", "neural_collapse", targets=OF_CLASSES, classifier_only=True),
    Metric("nc4_agreement", "neural_collapse", targets=OF_CLASSES),
)

# What `metrics.measures` may name.
MEASURE_NAMES = tuple(dict.fromkeys(metric.measure for metric in METRICS if metric.measure is not None))


def metrics_of(target: str, measures: Collection[str]) -> tuple[str, ...]:
    """The metrics of a cell: those that are always measured, then those of each measure, in their order here.

    Parameters
    ----------
    target : str
        The kind of target that the samples have.
    measures : collection of str
        Of `MEASURE_NAMES`, in any order. One that has no metric for this kind of target gives none.
    """
    chosen = [None, *(measure for measure in MEASURE_NAMES if measure in measures)]
    return tuple(
        metric.name
        for measure in chosen
        for metric in METRICS
        if metric.measure == measure and target in metric.targets and not metric.classifier_only
    )


# What is measured against an attribute of the samples: of words, which group the samples as classes do, and of numbers.
OF_WORDS = ("adjusted_rand_index", "label_silhouette", "knn_accuracy", "linear_probe_accuracy")
OF_NUMBERS = ("knn_r2", "linear_probe_r2")
# Those of them that the config can switch off.
OF_PROBE = frozenset(metric.name for metric in METRICS if metric.measure == "linear_probe")

# A number for each class or label in place of one.
PER_CLASS = tuple(metric.name for metric in METRICS if metric.per_class)

# The metrics that k-means decides.
OF_CLUSTERS = frozenset(metric.name for metric in METRICS if metric.of_clusters)

# What neural collapse is measured by at the classifier's input.
CLASSIFIER_METRICS = tuple(metric.name for metric in METRICS if metric.measure == "neural_collapse")
