# What the rules of all stages share: the runs and their layers, spans of epochs, wildcards, resources.
#
# In the files of the stages, each input function stands above the rule that uses it. `snakemake --lint` would have all
# functions in a file like this one. It only looks for a `def` that ends on its line, so in the files of the stages the
# signatures take several lines.
import inspect
import os
import re
from functools import lru_cache

from evolution import RAW_INPUTS
from evolution.activations.tolerances import planned_tolerance
from evolution.config.layers import layers_with_raw_inputs
from evolution.data.kinds import CLASSES
from evolution.measures.registry import PER_CLASS, metrics_of
from evolution.planning.run_times import load_ending, trained_times

RUNS = experiment["runs"]


class ActualTimes(dict):
    """Each run's times. Where its training may end by itself, they are known once it has ended.

    Snakemake asks an input function again once the checkpoint rule's file is there.
    """

    def __missing__(self, run):
        file = checkpoints.training_end.get(run=run).output[0]
        return times_at_end(run, file, os.stat(file).st_mtime_ns)


@lru_cache
def times_at_end(
    run,
    file,
    changed,
):
    """The times of a run whose training has ended, read once for a time of change of the checkpoint rule's file."""
    return trained_times(
        run,
        RUNS[run],
        experiment,
        ending=load_ending(file),
        training_digest=PLANNED[run].training_digest,
        results=Path(RESULTS),
    )


TIMES = ActualTimes({run: times for run, times in PLANNED.items() if not times.may_end_early})
# Each run's layers in network order, first those of its network alone, then with the raw inputs where these are
# followed.
NETWORK_LAYERS = {run: RUNS[run]["layers"] for run in RUNS}
FOLLOWED_LAYERS = layers_with_raw_inputs(experiment, PLANNED)

# Where each run's activations come from: this workflow trains it, or its checkpoints or its activations themselves are
# on disk. Of a recording no model is known.
SOURCE = dict.fromkeys(RUNS, "checkpoints")
SOURCE |= {run: "train" for run in RUNS if PLANNED[run].training_spans}
SOURCE |= {run: "recording" for run in RUNS if PLANNED[run].recording is not None}

METHOD = experiment["embedding"]["method"]
MEASURES_ON = experiment["metrics"]["measures"]


wildcard_constraints:
    run="|".join(map(re.escape, RUNS)),
    span=r"(step_)?\d\d\d\d+(-\d\d\d\d+)?",
    layer=r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*",


def for_each_cell(function):
    """Mark a function that Snakemake calls for each of thousands of jobs.

    Before a call Snakemake asks two or three times for the function's signature, which takes longer than most of them
    run. Python gives a signature that is kept with the function at once.
    """
    function.__signature__ = inspect.signature(function)
    return function


def run_param(*keys):
    """A params function: one key of the run's own settings."""

    @for_each_cell
    def lookup_run(wildcards):
        value = RUNS[wildcards.run]
        for key in keys:
            value = value[key]
        return value

    return lookup_run


@for_each_cell
def run_tolerance(wildcards):
    """What `activations.tolerance` stands for in a run; where activations are kept as they are, nothing."""
    if not experiment["activations"]["compact"]:
        return 0
    return planned_tolerance(experiment["activations"]["tolerance"], RUNS[wildcards.run]["dataset"]["eval_size"])


def elsewhere_setting(run, key):
    """A key of `checkpoints` or `recording` of a run that was trained elsewhere."""
    return RUNS[run][SOURCE[run]][key]


def network_layers(wildcards):
    """A run's layers without the raw inputs."""
    return NETWORK_LAYERS[wildcards.run]


def followed_layers(wildcards):
    """A run's layers, the raw inputs first where they are followed."""
    return FOLLOWED_LAYERS[wildcards.run]


def run_spans(run):
    """The snapshot spans of a run, to their times."""
    return TIMES[run].spans


@for_each_cell
def run_unit(wildcards):
    """What a run's times are counted in: epoch, or step."""
    return PLANNED[wildcards.run].unit


@for_each_cell
def span_times(wildcards):
    """The times of a snapshot span."""
    return run_spans(wildcards.run)[wildcards.span]


@for_each_cell
def span_title(wildcards):
    """How messages call a span: epoch 0010, step 000500."""
    return f"{run_unit(wildcards)} {wildcards.span.removeprefix('step_')}"


def first_span(run):
    """The span of a run's first snapshot, in which the raw inputs are followed."""
    return next(iter(run_spans(run)))


def spans_of(run, layer):
    """The snapshot spans in which a layer is followed: the raw inputs only at the first."""
    return [first_span(run)] if layer == RAW_INPUTS else run_spans(run)


def grid_times(run):
    """The times that figures of a few snapshots show."""
    return TIMES[run].grid_times(experiment["plots"]["grid_times"])


def cells(run, pattern):
    """`pattern` for each span and layer of a run, layers in network order."""
    return [
        pattern.format(run=run, span=span, layer=layer)
        for layer in FOLLOWED_LAYERS[run]
        for span in spans_of(run, layer)
    ]


def ending(wildcards):
    """The file that says where a run's training has ended; nothing where its end is known before.

    It is an input of the jobs whose params need the run's times, and whose other inputs do not.
    """
    return endings_of([wildcards.run])


def endings_of(runs):
    """The files that say where the trainings of some runs have ended, as far as this is not known before."""
    return [f"<results>/{run}/training_end.json" for run in runs if PLANNED[run].may_end_early]


def of_each_run(files):
    """An input function for each run: `files` of the run. So no run waits for the training of another."""
    return [lambda wildcards, run=run: files(run) for run in RUNS]


def has_class_metrics(run):
    """Whether something is measured of each class or label of a run."""
    return any(metric in PER_CLASS for metric in metrics_of(FACTS[run].target, MEASURES_ON))


def has_collapse(run):
    """Whether neural collapse is measured of a run. Only classes collapse."""
    return FACTS[run].target == CLASSES and "neural_collapse" in MEASURES_ON


def sample_count(run):
    """How many samples of a run are evaluated; a function of the user's may return fewer."""
    recording, samples = PLANNED[run].recording, RUNS[run]["dataset"]["eval_size"]
    return samples if recording is None else min(samples, recording.sample_count)


def more_measures(run):
    """The files of a run's measures that are not of single cells, as far as the config switches them on."""
    tables = ["class_metrics"] * has_class_metrics(run) + ["collapse"] * has_collapse(run)
    files = [f"<results>/{run}/tables/{table}.parquet" for table in tables]
    if experiment["metrics"]["cka"]:
        files += expand("<results>/{run}/cka/layers/{span}.parquet", run=run, span=run_spans(run))
        files += expand("<results>/{run}/cka/times/{layer}.parquet", run=run, layer=NETWORK_LAYERS[run])
    return files


def in_all_spans(pattern):
    """An input function: `pattern` for each snapshot span of a job's run."""

    def files(wildcards):
        return [pattern.format(span=span, **wildcards) for span in run_spans(wildcards.run)]

    return files


def training_files(pattern):
    """An input function: `pattern` for each training span that holds epochs of a job's snapshot span."""

    def files(wildcards):
        return [pattern.format(run=wildcards.run, span=span) for span in history_spans_with(wildcards)]

    return files


def history_spans_with(wildcards):
    """The spans of the run's history that hold times of a job's snapshot span; for an own training its spans."""
    history_span_of = TIMES[wildcards.run].history_span_of
    return dict.fromkeys(history_span_of[time] for time in span_times(wildcards))


def more_with_attempts(amount):
    """A resource that doubles with each attempt, for jobs that are tried again."""
    return for_each_cell(lambda wildcards, attempt: amount * 2 ** (attempt - 1))


def resources_of(*, memory, minutes):
    """MB of memory and minutes that a job is given, twice as much with each attempt."""
    return {"mem_mb": more_with_attempts(memory), "runtime": more_with_attempts(minutes)}
