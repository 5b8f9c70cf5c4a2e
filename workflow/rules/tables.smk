# The tables of a run, gathered from what its jobs wrote for each span and layer.
from evolution.data.kinds import LABELS, NONE
from evolution.sources import losses


def collected_tables(
    wildcards,
):
    """What a run's table of one kind is gathered from."""
    run = wildcards.run
    dataset = {"dataset": f"<results>/{run}/dataset.npz"}
    if wildcards.table == "history":
        return {
            "tables": expand("<results>/{run}/history/{span}.parquet", run=run, span=TIMES[run].history_spans)
        } | dataset
    folder = "embeddings" if wildcards.table == "embedding" else "metrics"
    tables = {"tables": cells(run, f"<results>/{{run}}/{folder}/{{span}}/{{layer}}.parquet")}
    # The data set holds the classes' names.
    return tables | dataset if wildcards.table == "class_metrics" else tables


def logs_of_training(
    run,
):
    """The logs with the losses of a training that ran elsewhere."""
    if SOURCE[run] == "train":
        return []
    asked = elsewhere_setting(run, "history")
    if asked is not None:
        return [os.path.expanduser(asked)]
    return losses.find_logs(stored.path for stored in TIMES[run].stored.values())


def may_have_history(
    run,
):
    """Whether there may be losses or scores of a run: without labels and trained elsewhere, only a log has them."""
    return FACTS[run].target != NONE or SOURCE[run] == "train" or bool(logs_of_training(run))


def training_logs(
    wildcards,
):
    """The logs that the history of a run is gathered from."""
    return logs_of_training(wildcards.run) if wildcards.table == "history" else []


def log_digests(
    wildcards,
):
    """The digests of the logs, which grow while a training runs."""
    return [digest_of(path) for path in training_logs(wildcards)]


def logs_asked(
    wildcards,
):
    """Whether the config names the log. One that was found may be about something else."""
    return bool(training_logs(wildcards)) and elsewhere_setting(wildcards.run, "history") is not None


def logs_key(
    wildcards,
):
    """The key that names the log; None where no log is read."""
    return f"{SOURCE[wildcards.run]}.history" if training_logs(wildcards) else None


def stored_paths(
    wildcards,
):
    """Each time's file or folder, which the history's warnings name; none for other tables and for own trainings."""
    stored = TIMES[wildcards.run].stored if wildcards.table == "history" else {}
    return {time: each.path for time, each in stored.items()}


def steps_trained_here(
    wildcards,
):
    """The steps of the snapshots and of the ends of epochs, ascending, where the training runs here; else None."""
    times = TIMES[wildcards.run]
    if not times.training_spans or times.unit == "epoch":
        return None
    return sorted({*times.times, *range(0, times.times[-1] + 1, times.epoch_length)})


def shown_times(
    wildcards,
):
    """The times that a history in steps shows. A training job also has a row for its last step, maybe no snapshot."""
    return steps_trained_here(wildcards) if wildcards.table == "history" else None


def other_times(
    wildcards,
):
    """Each time in the other unit, where it is known. In a training here it is known where steps are counted."""
    times, steps = TIMES[wildcards.run], steps_trained_here(wildcards)
    if steps is not None:
        return {step: step / times.epoch_length for step in steps}
    known = {time: stored.other_time for time, stored in times.stored.items()}
    return {time: other for time, other in known.items() if other is not None}


rule collect:
    input:
        unpack(collected_tables),
        code=code("collect"),
    output:
        "<results>/{run}/tables/{table}.parquet",
    log:
        "<results>/{run}/logs/collect/{table}.log",
    wildcard_constraints:
        table="history|metrics|class_metrics|embedding",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=5),
    params:
        stored=stored_paths,
        other_times=other_times,
        shown=shown_times,
        logs=training_logs,
        logs_asked=logs_asked,
        logs_key=logs_key,
        rerun_key_logs=log_digests,
    message:
        "Gathering the {wildcards.table} tables of run {wildcards.run}."
    script:
        "../scripts/collect.py"


def cells_of_run(
    pattern,
):
    """An input function: `pattern` for each span and layer of a job's run."""
    return lambda wildcards: cells(wildcards.run, pattern)


def has_predictions(
    wildcards,
):
    """Whether it is known what a run's network predicts."""
    return PLANNED[wildcards.run].has_predictions


def points_memory(
    wildcards,
    attempt,
):
    """The mem_mb of a job that gathers dots: some copies of the predictions of a span, of labels a number for each.

    A span has at most `snapshots_per_job` times. How many it has is not known while a training may yet end early.
    """
    labels = len(FACTS[wildcards.run].names) if FACTS[wildcards.run].target == LABELS else 1
    return round(2000 + 6 * 4 * experiment["snapshots_per_job"] * sample_count(wildcards.run) * labels / 1e6) * 2 ** (
        attempt - 1
    )


rule points:
    input:
        dataset="<results>/{run}/dataset.npz",
        embeddings=cells_of_run("<results>/{run}/embeddings/{span}/{layer}.npy"),
        clusters=cells_of_run("<results>/{run}/clusters/{span}/{layer}.npy"),
        predictions=in_all_spans("<results>/{run}/predictions/{span}.parquet"),
        code=code("points"),
    output:
        "<results>/{run}/tables/points.parquet",
    log:
        "<results>/{run}/logs/points.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=points_memory,
        runtime=more_with_attempts(10),
    params:
        spans=lambda wildcards: run_spans(wildcards.run),
        layers=followed_layers,
        has_predictions=has_predictions,
        unit=run_unit,
        other_times=other_times,
    message:
        "Gathering the dots of all maps of run {wildcards.run}."
    script:
        "../scripts/points.py"


rule contents:
    input:
        # No snapshot: a run can be read while some of its snapshots are missing.
        ending=ending,
        code=code("contents"),
    output:
        "<results>/{run}/contents.json",
    log:
        "<results>/{run}/logs/contents.log",
    # Before anything can fail, as a failed job may stop all others.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=200,
        runtime=5,
    params:
        source=lambda wildcards: SOURCE[wildcards.run],
        unit=run_unit,
        layers=followed_layers,
        spans=lambda wildcards: run_spans(wildcards.run),
    message:
        "Noting what run {wildcards.run} has."
    script:
        "../scripts/contents.py"
