"""The jobs of the tiny run by their names, and the jobs that follow from a change."""

from collections import Counter

from evolution.figures import registry
from support.project import job

SPANS = ("0000", "0002", "0004")
LAYERS = ("conv2", "fc1")
METRIC_FIGURES = (
    *("plot_metric_curves", "plot_geometry", "plot_neural_collapse"),
    *("plot_class_separation", "plot_grid", "plot_animation", "explorer", "summary", "points"),
)
EMBEDDING_FIGURES = (
    "plot_samples",
    "plot_raw_inputs",
    "plot_grid",
    "plot_animation",
    "plot_embedding_quality",
    "explorer",
    "points",
)
# All figures, which a new project draws (it measures against no attributes); and those that plots.dpi and plots.formats
# change: all but the film.
DRAWN = [figure for figure in registry.FIGURES if figure.switch != "metrics.measure_by"]
FIGURES = (*(figure.rule for figure in DRAWN), "explorer", "summary")
STATIC_FIGURES = tuple(figure.rule for figure in DRAWN if not figure.film)


def one(*rules, run="tiny"):
    """A job of each rule that has one a run."""
    return Counter(job(rule, run=run) for rule in rules)


def collect(*tables, run="tiny"):
    return Counter(job("collect", run=run, table=table) for table in tables)


def train(*spans, run="tiny"):
    return Counter(job("train", run=run, span=span) for span in spans)


def snapshot(*spans, run="tiny"):
    return Counter(job("snapshot", run=run, span=span) for span in spans)


def cells(*rules, spans=SPANS, layers=LAYERS, run="tiny"):
    """A job of each rule for each span and layer."""
    return Counter(job(rule, run=run, span=span, layer=layer) for rule in rules for span in spans for layer in layers)


def raw_inputs(run="tiny"):
    """The job that keeps the raw inputs."""
    return Counter([job("raw_inputs", run=run, span="0000")])


def pixel_cells(*rules, run="tiny"):
    return cells(*rules, spans=["0000"], layers=["raw_inputs"], run=run)


def settings(*stages, run="tiny"):
    """The small local jobs that note the settings and the code of a stage."""
    return Counter(job("settings", run=run, stage=stage) for stage in stages)


def cka_layers(*spans, run="tiny"):
    return Counter(job("cka_layers", run=run, span=span) for span in spans)


def cka_times(*layers, run="tiny"):
    return Counter(job("cka_times", run=run, layer=layer) for layer in layers)


TRAINING = train("0000", "0001-0002", "0003-0004")
STAGES = ("measure", "embed", "measure_collapse", "cka_layers", "cka_times")
WHOLE_RUN = (
    one("prepare_data", "measure_collapse", *FIGURES, "points", "contents")
    + raw_inputs()
    + settings(*STAGES)
    + cka_layers(*SPANS)
    + cka_times(*LAYERS)
    + TRAINING
    + snapshot(*SPANS)
    + cells("measure", "embed")
    + pixel_cells("measure", "embed")
    + collect("history", "metrics", "class_metrics", "embedding")
)
# The jobs that compare runs: one of each where there are two runs or more.
COMPARISON = Counter(
    [
        *("compare_tables", "compare_crossings", "compare_activations"),
        *("plot_compared_metrics", "plot_compared_accuracy", "plot_compared_collapse", "plot_compared_cka"),
    ]
)


def of_second(jobs):
    """The same jobs of a run called second, and the comparison with it."""
    return Counter({name.replace("run=tiny", "run=second"): 1 for name in jobs}) + COMPARISON


RAW_INPUTS = raw_inputs() + one("plot_raw_inputs") + pixel_cells("measure", "embed")
# The tables of metrics, embeddings and points, and all that is drawn from them but for the figure of the raw inputs.
OVER_LAYERS = collect("metrics", "class_metrics", "embedding") + one(
    "plot_metric_curves",
    "plot_geometry",
    "plot_neural_collapse",
    "plot_cka",
    "plot_class_separation",
    "plot_embedding_quality",
    "plot_grid",
    "plot_animation",
    "explorer",
    "summary",
    "points",
    "contents",
)
ALL_METRICS = (
    settings("measure")
    + cells("measure")
    + pixel_cells("measure")
    + collect("metrics", "class_metrics")
    + one(*METRIC_FIGURES, "plot_raw_inputs")
)
ALL_EMBEDDINGS = (
    settings("embed") + cells("embed") + pixel_cells("embed") + collect("embedding") + one(*EMBEDDING_FIGURES)
)
# The jobs that read all snapshots of a run.
ONCE_A_RUN = one("measure_collapse") + cka_times(*LAYERS)
# All but the notes of what the run has and of how its activations are read.
DRAWN_AGAIN = WHOLE_RUN - one("contents") - settings(*STAGES)
# The images stay the same, and so does everything about the raw inputs.
TRAINED_AGAIN = DRAWN_AGAIN - one("prepare_data") - RAW_INPUTS
# From the snapshots on, with the notes of how they are read.
TAKEN_AGAIN = WHOLE_RUN - one("contents", "prepare_data", "plot_training_curves") - TRAINING - collect("history")
