# What the rules of all stages share: the runs and their layers, spans of epochs, wildcards, resources.
#
# In the files of the stages, each input function stands above the rule that uses it. `snakemake --lint` would have all
# functions in a file like this one. It only looks for a `def` that ends on its line, so in the files of the stages the
# signatures take several lines.
import os
import re

from evolution import PIXELS
from evolution.config import spans
from evolution.config.layers import layers_with_pixels

RUNS = experiment["runs"]
# Each run's layers in network order, first those of its network alone, then with the raw pixels where they are followed.
NETWORK_LAYERS = {run: RUNS[run]["layers"] for run in RUNS}
FOLLOWED_LAYERS = layers_with_pixels(experiment)

SNAPSHOT_EPOCHS = spans.snapshot_epochs(experiment)
# A span is what one job handles: consecutive snapshots, or consecutive epochs of the training.
SNAPSHOT_SPANS = spans.snapshot_spans(experiment)
TRAINING_SPANS = spans.training_spans(experiment)
# There may be 10,000 spans: what each job asks of them is looked up, and not searched for.
SNAPSHOT_SPAN_OF = {epoch: span for span, epochs in SNAPSHOT_SPANS.items() for epoch in epochs}
TRAINING_SPAN_OF = {epoch: span for span, epochs in TRAINING_SPANS.items() for epoch in epochs}
SNAPSHOT_SPAN_BEFORE = dict(zip(list(SNAPSHOT_SPANS)[1:], SNAPSHOT_SPANS))
TRAINING_SPAN_BEFORE = dict(zip(list(TRAINING_SPANS)[1:], TRAINING_SPANS))

METHOD = experiment["embedding"]["method"]
MEASURES_ON = experiment["metrics"]["measures"]


wildcard_constraints:
    run="|".join(map(re.escape, RUNS)),
    span=r"\d\d\d\d+(-\d\d\d\d+)?",
    layer=r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*",


def run_param(*keys):
    """A params function: one key of the run's own settings."""

    def lookup_run(wildcards):
        value = RUNS[wildcards.run]
        for key in keys:
            value = value[key]
        return value

    return lookup_run


def network_layers(wildcards):
    """A run's layers without the raw pixels."""
    return NETWORK_LAYERS[wildcards.run]


def followed_layers(wildcards):
    """A run's layers, the raw pixels first where they are followed."""
    return FOLLOWED_LAYERS[wildcards.run]


def span_epochs(wildcards):
    """The epochs of a snapshot span."""
    return SNAPSHOT_SPANS[wildcards.span]


def spans_of(layer):
    """The snapshot spans in which a layer is followed: the raw pixels only before training."""
    return [next(iter(SNAPSHOT_SPANS))] if layer == PIXELS else SNAPSHOT_SPANS


def cells(run, pattern):
    """`pattern` for each span and layer of a run, layers in network order."""
    return [
        pattern.format(run=run, span=span, layer=layer) for layer in FOLLOWED_LAYERS[run] for span in spans_of(layer)
    ]


def more_measures(run):
    """The files of a run's measures that are not of single cells, as far as the config switches them on."""
    tables = ["class_metrics"] * ("class_silhouette" in MEASURES_ON) + ["collapse"] * ("neural_collapse" in MEASURES_ON)
    files = [f"results/{run}/tables/{table}.parquet" for table in tables]
    if experiment["metrics"]["cka"]:
        files += expand("results/{run}/cka/layers/{span}.parquet", run=run, span=SNAPSHOT_SPANS)
        files += expand("results/{run}/cka/epochs/{layer}.parquet", run=run, layer=NETWORK_LAYERS[run])
    return files


def training_files(pattern):
    """An input function: `pattern` for each training span that holds epochs of a job's snapshot span."""

    def files(wildcards):
        training_spans = dict.fromkeys(TRAINING_SPAN_OF[epoch] for epoch in SNAPSHOT_SPANS[wildcards.span])
        return [pattern.format(run=wildcards.run, span=span) for span in training_spans]

    return files


def more_with_attempts(amount):
    """A resource that doubles with each attempt, for jobs that are tried again."""
    return lambda wildcards, attempt: amount * 2 ** (attempt - 1)


def resources_of(*, memory, minutes):
    """MB of memory and minutes that a job is given, twice as much with each attempt."""
    return {"mem_mb": more_with_attempts(memory), "runtime": more_with_attempts(minutes)}
