"""Every figure, once: what it reads, when it is drawn, how the report and the documentation call it.

The rules that draw figures, the targets, the report and the tests follow from these entries. docs/architecture.md lists
what else a new figure needs.

This module is read by the rules when Snakemake starts. Scripts do not import it, or each figure would be drawn again
whenever an entry changes; so it holds plain data and loads nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from evolution.data.kinds import CLASSES, LABELS, NUMBER, TARGETS


class Times(Enum):
    """Times of a run."""

    SNAPSHOTS = "all times with a snapshot"
    GRID = "the times of plots.grid_times"
    LAST = "the last time with a snapshot"


class Layers(Enum):
    """Layers of a run."""

    FOLLOWED = "all that are followed, the raw inputs first"
    NETWORK = "those of the network, without the raw inputs"
    LAST = "the last one of the network"


class Unit(Enum):
    """The unit of time."""

    OF_RUN = "what the run's times are counted in"


class Baseline(Enum):
    """How the raw inputs are called."""

    OF_RUN = "by what the run's samples are"


class Colors(Enum):
    """The colours of classes."""

    OF_RUN = "those that plots.colors gives the run's classes"


class Comparison(Enum):
    """What a figure of the comparison is told about the runs."""

    GROUPS = "the runs of each group, which differ in their seeds alone"
    GROUP_LAYERS = "the layers of each group's network"
    CKA_RUNS = "the runs whose activations are compared"
    CKA_TIME = "the time at which each of them is compared"


@dataclass(frozen=True)
class Files:
    """Files of a run, one for each span of some times, for each of some layers, or for both.

    Attributes
    ----------
    pattern : str
        A path in the run's folder with {span}, {layer} or both.
    times : Times
    layers : Layers
    """

    pattern: str
    times: Times = Times.SNAPSHOTS
    layers: Layers = Layers.FOLLOWED


@dataclass(frozen=True)
class Spans:
    """The spans that hold some times, each with all of its times: where a cell lies in the files."""

    times: Times


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of each run, or of the comparison of runs.

    Attributes
    ----------
    name : str
        Of its files, `figures/<name>.png`, and of its caption, `workflow/report/<name>.rst`; of the comparison
        `workflow/report/compared_<name>.rst`.
    rule : str
        The rule that draws it, named as its script.
    label : str
        Its name in the report.
    description : str
        Its row in docs/results.md, of the comparison in docs/a-sweep.md.
    message : str
        What Snakemake says when it is drawn.
    inputs : mapping
        What the script reads by the input's name: a path in the run's folder (of the comparison: in the comparison's
        folder), or Files.
    params : mapping
        What the script is told, by the param's name: a key of the config, or Times, Layers, Spans and the like.
    switch : str
        A key of the config, where the figure is drawn only if that is true.
    measures : mapping of str to tuple of str
        Measures of `metrics.measures`, where the figure is drawn only if one of them is switched on, and the kinds of
        target that it shows each of.
    of_predictions : bool
        Whether it shows what the network predicts: a recording may not say, and the figure is then left out.
    of_history : bool
        Whether it shows losses and scores: of a run without labels that was trained elsewhere none may be known, and
        the figure is then left out.
    targets : tuple of str
        The kinds of target, of `evolution.data.kinds.TARGETS`, that it has something to show of.
    of_raw_inputs : bool
        Whether it shows the raw inputs: a recording may have none, and the figure is then left out.
    film : mapping
        A film's formats, each with its label in the report; empty for a figure, which is drawn in `plots.formats`.
    memory, minutes : int
        MB and minutes that a first attempt is given.
    priority : int
        Of its rule.
    """

    name: str
    rule: str
    label: str = ""
    description: str
    message: str
    inputs: Mapping[str, str | Files]
    params: Mapping[str, str | Times | Layers | Spans | Unit | Colors | Comparison]
    switch: str = ""
    measures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_predictions: bool = False
    of_history: bool = False
    of_raw_inputs: bool = False
    targets: tuple[str, ...] = TARGETS
    film: Mapping[str, str] = field(default_factory=dict)
    memory: int = 1000
    minutes: int = 5
    priority: int = 0


DATASET = "dataset.npz"
HISTORY_TABLE = "tables/history.parquet"
METRICS_TABLE = "tables/metrics.parquet"
COLLAPSE_TABLE = "tables/collapse.parquet"
# How every figure but the film is drawn.
SIZE_PARAMS = {"dpi": "plots.dpi", "width": "plots.width", "font": "plots.font", "unit": Unit.OF_RUN}
# How those are drawn that have an axis of time.
TIME_PARAMS = {"time_axis": "plots.time_axis"}
PALETTE_PARAM = {"palette": "plots.palette"}
# Of figures that show classes: the comparison's show groups of runs.
CLASS_PARAMS = PALETTE_PARAM | {"colors": Colors.OF_RUN}
METHOD_PARAM = {"method": "embedding.method"}
BASELINE_PARAM = {"baseline": Baseline.OF_RUN}
# By whose clusters dots are coloured where samples have no target: those of the last layer at the last time.
LAST_CLUSTERS = {"clusters": Files("clusters/{span}/{layer}.npy", times=Times.LAST, layers=Layers.LAST)}
LAST_CLUSTERS_PARAM = {"cluster_spans": Spans(Times.LAST)}
SCORED = (CLASSES, NUMBER, LABELS)

FIGURES = (
    Figure(
        name="training_curves",
        rule="plot_training_curves",
        label="training curves",
        description="loss and accuracy (R², average precision) over time, and that of each class or label",
        message="Drawing the training curves of run {wildcards.run}.",
        inputs={"history": HISTORY_TABLE},
        params=CLASS_PARAMS | SIZE_PARAMS | TIME_PARAMS,
        of_predictions=True,
        of_history=True,
    ),
    Figure(
        name="metric_curves",
        rule="plot_metric_curves",
        label="metric curves",
        description="silhouette, adjusted Rand index, k-NN and more over time, a line a layer, raw inputs dashed",
        message="Drawing how each layer of run {wildcards.run} clusters over time.",
        inputs={"metrics": METRICS_TABLE},
        params={"layers": Layers.FOLLOWED} | BASELINE_PARAM | SIZE_PARAMS | TIME_PARAMS,
    ),
    Figure(
        name="geometry",
        rule="plot_geometry",
        label="shape of the layers",
        description="shape of each layer: effective rank, dimension, linear probe, k-NN purity, ...",
        message="Drawing the shape of the layers of run {wildcards.run}.",
        inputs={"metrics": METRICS_TABLE},
        params={"layers": Layers.FOLLOWED} | BASELINE_PARAM | SIZE_PARAMS | TIME_PARAMS,
        measures=dict.fromkeys(("effective_rank", "participation_ratio", "intrinsic_dimension"), TARGETS)
        | {"linear_probe": SCORED, "knn_purity": (CLASSES,), "davies_bouldin": (CLASSES,)},
    ),
    Figure(
        name="neural_collapse",
        rule="plot_neural_collapse",
        label="neural collapse",
        description="NC1 to NC4 of each layer and at the classifier's input",
        message="Drawing how the classes of run {wildcards.run} draw together.",
        inputs={"metrics": METRICS_TABLE, "collapse": COLLAPSE_TABLE},
        params={"layers": Layers.FOLLOWED} | BASELINE_PARAM | SIZE_PARAMS | TIME_PARAMS,
        measures={"neural_collapse": (CLASSES,)},
    ),
    Figure(
        name="attributes",
        rule="plot_attributes",
        label="what each layer is organised by",
        description="by what each layer is organised: the target and each of `metrics.measure_by`, over time",
        message="Drawing by what the layers of run {wildcards.run} are organised.",
        inputs={"dataset": DATASET, "metrics": METRICS_TABLE},
        params={"layers": Layers.FOLLOWED, "attributes": "metrics.measure_by"}
        | BASELINE_PARAM
        | PALETTE_PARAM
        | SIZE_PARAMS
        | TIME_PARAMS,
        switch="metrics.measure_by",
    ),
    Figure(
        name="cka",
        rule="plot_cka",
        label="similarity of layers and times",
        description="how alike layers are to each other, and each to itself at other times",
        message="Drawing how alike the layers and times of run {wildcards.run} are.",
        inputs={
            "layers": Files("cka/layers/{span}.parquet", times=Times.GRID),
            "times": Files("cka/times/{layer}.parquet", layers=Layers.NETWORK),
        },
        params={"grid_times": Times.GRID, "times": Times.SNAPSHOTS, "layers": Layers.FOLLOWED}
        | BASELINE_PARAM
        | SIZE_PARAMS
        | TIME_PARAMS,
        switch="metrics.cka",
        minutes=10,
    ),
    Figure(
        name="raw_inputs",
        rule="plot_raw_inputs",
        label="raw inputs",
        description="t-SNE (or another `embedding.method`) of the raw inputs, by target and by k-means cluster",
        message="Drawing the raw inputs of run {wildcards.run}.",
        inputs={
            "dataset": DATASET,
            "embedding": "embeddings/{first_span}/raw_inputs.npy",
            "clusters": "clusters/{first_span}/raw_inputs.npy",
            "metrics": "metrics/{first_span}/raw_inputs.parquet",
        },
        params=BASELINE_PARAM | METHOD_PARAM | CLASS_PARAMS | SIZE_PARAMS,
        switch="activations.raw_inputs",
        of_raw_inputs=True,
    ),
    Figure(
        name="class_separation",
        rule="plot_class_separation",
        label="when each class comes apart",
        description="when each class (or label) comes apart: its k-NN accuracy over time, a heat map a layer",
        message="Drawing when each class of run {wildcards.run} comes apart.",
        inputs={"dataset": DATASET, "votes": Files("votes/{span}/{layer}.npy")},
        params={
            "spans": Spans(Times.SNAPSHOTS),
            "times": Times.SNAPSHOTS,
            "layers": Layers.FOLLOWED,
        }
        | BASELINE_PARAM
        | SIZE_PARAMS
        | TIME_PARAMS,
        targets=(CLASSES, LABELS),
        minutes=10,
    ),
    Figure(
        name="confusion",
        rule="plot_confusion",
        label="confusion",
        description="which classes the network predicts for each true class, at chosen times",
        message="Drawing which classes run {wildcards.run} confuses.",
        inputs={"dataset": DATASET, "predictions": Files("predictions/{span}.parquet", times=Times.GRID)},
        params={"times": Times.GRID} | SIZE_PARAMS,
        of_predictions=True,
        targets=(CLASSES,),
        minutes=10,
    ),
    Figure(
        name="samples",
        rule="plot_samples",
        label="hard samples",
        description="the samples learned last, never learned (numbers, labels: of the largest errors), and moved most",
        message="Drawing the samples that run {wildcards.run} finds hard.",
        inputs={
            "dataset": DATASET,
            "predictions": Files("predictions/{span}.parquet"),
            "embeddings": Files("embeddings/{span}/{layer}.npy", layers=Layers.LAST),
        },
        params={"spans": Spans(Times.SNAPSHOTS), "times": Times.SNAPSHOTS, "layer": Layers.LAST} | SIZE_PARAMS,
        minutes=10,
    ),
    Figure(
        name="grid",
        rule="plot_grid",
        label="maps of layers over time",
        description="t-SNE of each layer (columns) at chosen times (rows)",
        message="Drawing the grid of times and layers of run {wildcards.run}.",
        inputs={
            "dataset": DATASET,
            "embeddings": Files("embeddings/{span}/{layer}.npy", times=Times.GRID, layers=Layers.NETWORK),
            "metrics": METRICS_TABLE,
        }
        | LAST_CLUSTERS,
        params={"spans": Spans(Times.GRID), "times": Times.GRID, "layers": Layers.NETWORK}
        | LAST_CLUSTERS_PARAM
        | METHOD_PARAM
        | CLASS_PARAMS
        | SIZE_PARAMS,
        memory=1500,
    ),
    Figure(
        name="animation",
        rule="plot_animation",
        description="t-SNE of each layer over all snapshots, dots gliding from one to the next",
        message="Drawing the animation of run {wildcards.run}.",
        inputs={
            "dataset": DATASET,
            "embeddings": Files("embeddings/{span}/{layer}.npy", layers=Layers.NETWORK),
            "metrics": METRICS_TABLE,
            "history": HISTORY_TABLE,
        }
        | LAST_CLUSTERS,
        params={
            "spans": Spans(Times.SNAPSHOTS),
            "times": Times.SNAPSHOTS,
            "layers": Layers.NETWORK,
            "fps": "plots.animation.fps",
            "tween": "plots.animation.tween",
            "gif_megabytes": "plots.animation.gif_megabytes",
            "dpi": "plots.animation.dpi",
            "font": "plots.font",
            "unit": Unit.OF_RUN,
        }
        | LAST_CLUSTERS_PARAM
        | METHOD_PARAM
        | CLASS_PARAMS,
        film={"gif": "film (GIF)", "mp4": "film (MP4)"},
        memory=2000,
        minutes=20,
        # It takes by far the longest of all figures. If it began last, the other cores would wait for it.
        priority=1,
    ),
    Figure(
        name="embedding_quality",
        rule="plot_embedding_quality",
        label="quality of the maps",
        description="how far to trust the layouts: KL divergence (of t-SNE), trustworthiness, drift",
        message="Drawing how far the embeddings of run {wildcards.run} can be trusted.",
        inputs={"embedding": "tables/embedding.parquet"},
        params={"layers": Layers.FOLLOWED} | BASELINE_PARAM | METHOD_PARAM | SIZE_PARAMS | TIME_PARAMS,
    ),
)

# In results/comparison, where there are two runs or more.
COMPARISON_FIGURES = (
    Figure(
        name="metric_curves",
        rule="plot_compared_metrics",
        label="metric curves",
        description="the metrics (rows) of each layer (columns) over time, a line a group",
        message="Drawing how the layers of all runs cluster over time.",
        inputs={"metrics": METRICS_TABLE},
        params={"layers": Comparison.GROUP_LAYERS, "threshold": "comparison.threshold"}
        | BASELINE_PARAM
        | PALETTE_PARAM
        | SIZE_PARAMS
        | TIME_PARAMS,
        memory=2000,
        minutes=10,
    ),
    Figure(
        name="accuracy_curves",
        rule="plot_compared_accuracy",
        label="accuracy curves",
        description="loss and accuracies (R², average precisions) over time, a line a group",
        message="Drawing how well all runs predict over time.",
        inputs={"history": HISTORY_TABLE},
        params={"groups": Comparison.GROUPS} | PALETTE_PARAM | SIZE_PARAMS | TIME_PARAMS,
        of_predictions=True,
        of_history=True,
        memory=2000,
        minutes=10,
    ),
    Figure(
        name="neural_collapse",
        rule="plot_compared_collapse",
        label="neural collapse",
        description="NC1 to NC4 at the classifier's input over time, a line a group",
        message="Drawing how the classes of all runs draw together.",
        inputs={"collapse": COLLAPSE_TABLE},
        params={"groups": Comparison.GROUPS} | PALETTE_PARAM | SIZE_PARAMS | TIME_PARAMS,
        measures={"neural_collapse": (CLASSES,)},
        memory=2000,
        minutes=10,
    ),
    Figure(
        name="cka",
        rule="plot_compared_cka",
        label="CKA between runs",
        description="how alike each layer of each run is to each layer of each other run",
        message="Drawing how alike the layers of different runs are.",
        inputs={"cka": "tables/cka.parquet"},
        params={"groups": Comparison.GROUPS, "times": Comparison.CKA_TIME, "compared": Comparison.CKA_RUNS}
        | SIZE_PARAMS,
        memory=2000,
        minutes=10,
    ),
)


def is_drawn(figure: Figure, config: Mapping, target: str = CLASSES) -> bool:
    """Whether a resolved config has a figure drawn of samples with a kind of target."""
    shown = {measure for measure, targets in figure.measures.items() if target in targets}
    if target not in figure.targets or (figure.measures and not shown & set(config["metrics"]["measures"])):
        return False
    return not figure.switch or bool(config_value(config, figure.switch))


def config_value(config: Mapping, key: str) -> object:
    """The value of a dotted key of a config."""
    value = config
    for part in key.split("."):
        value = value[part]
    return value
