# What makes a job run again.
#
# Every job runs again when one of three things is no longer what it was when the job last ran:
#
# 1. Its input files. What it reads, and also its code: `code(script)` names the script and all modules that it
#    imports, `model_code` a model file of the user's. Snakemake compares code by content, so that a fresh clone or
#    `touch` makes nothing run again.
# 2. Its params: exactly the config keys that it reads, never the whole config.
# 3. Its conda environment.
#
# A param that the script does not read says by its name what it is there for:
#    rerun_key_...   a digest of something on disk that is no input file; a change of it makes the job run again
#    cache_key_...   tells apart two jobs that read the same files, for Snakemake's between-workflow cache, which
#                    knows a job by its params and its inputs' origin, and not by its wildcards
#    message_...     stands in the rule's message
#    script_name     names the script of a rule that is made in a loop
#    target          of figures: stands in their captions
#
# Jobs that read activations need one thing more. When a layer is added, the snapshot jobs run again and write the
# other layers' files again, with the same bytes: this must not make the other layers be measured and embedded again.
# So readers of activations take them as `ancient`, which means that their age does not count. What can change the
# activations' content reaches the readers by two other inputs:
#
#    origin     the history of the training behind them, which holds digests of the samples and of the weights, with
#               the user's model file; for the raw inputs the data set
#    settings   results/{run}/settings/{stage}.json, which holds the keys of the config, the digests of the code and
#               the version of the installed package that a model comes from: they decide what this stage makes of
#               samples and weights. It is a file that a job writes, and not a list of params and inputs of each reader,
#               for two reasons. Snakemake does not look at a job's own params and code once a job before it has to
#               run. And the code files, named by each of thousands of jobs, would take a tenth of a dry run.
#
# A rule gets all of this in one call: `**reads_activations("measure", activations=..., predictions=...)`. Only the
# comparison of runs, a single job, reads activations as usual inputs, and so runs again when a layer is added.
from functools import lru_cache

from evolution.embedding import methods
from evolution.planning.code_files import code_files, import_notes, model_files, model_versions
from evolution.planning.digests import file_digest

CODE_NOTES = import_notes()


@lru_cache
def code(
    script,
):
    """A script and the modules it imports, as inputs relative to the working directory."""
    files = code_files(SCRIPTS / f"{script}.py", notes=CODE_NOTES)
    return not_prefixed([os.path.relpath(path) for path in files])


@lru_cache
def model_file_and_imports(
    name,
):
    """A user's model file, and what it imports from its folder and package; nothing for other models."""
    return not_prefixed([os.fspath(path) for path in model_files(name)])


def model_code(
    wildcards,
):
    """The code of a run's model, where it is the user's own."""
    return model_file_and_imports(RUNS[wildcards.run]["model"]["name"])


def model_version(
    wildcards,
):
    """What tells a run's model apart from another of its name: see `code_identity`."""
    return code_identity(RUNS[wildcards.run]["model"]["name"])


def code_identity(
    name,
):
    """The versions of the installed package that a class of the user's comes from, or the digests of its files.

    The files are inputs too. But Snakemake does not look into a file that is older than what was made from it, and one
    that was moved or copied over another may be.
    """
    files = [digest_of(path) for path in model_file_and_imports(name)]
    return model_versions(name) | ({"files": files} if files else {})


@lru_cache
def content_digest(
    path,
    size,
    changed,
):
    """SHA-256 of a file, taken once for a size and time of change."""
    return file_digest(path)


def digest_of(
    path,
):
    """The digest of a user's own file, None where there is no such file.

    The file counts by its content, because its time says little: it is old where the file was moved here, and new where
    the same file was only copied.
    """
    if not os.path.exists(path):
        return None
    status = os.stat(path)
    return content_digest(path, status.st_size, status.st_mtime_ns)


@for_each_cell
def activations_origin(
    wildcards,
):
    """What stands for a job's activations: history and model code, or the data set where they are raw inputs.

    The history is the training's, or where that ran elsewhere the one that the snapshot job writes.
    """
    if wildcards.get("layer") == RAW_INPUTS:
        return f"<results>/{wildcards.run}/dataset.npz"
    times = TIMES[wildcards.run]
    # Without a span the job reads all of them.
    spans = history_spans_with(wildcards) if "span" in wildcards.keys() else times.history_spans
    return [f"<results>/{wildcards.run}/history/{span}.parquet" for span in spans] + model_code(wildcards)


# The stages that read activations, and the config that decides their results.
STAGE_SETTINGS = {
    "measure": {key: value for key, value in experiment["metrics"].items() if key not in ("cka", "device")},
    "embed": methods.settings_read(experiment["embedding"]),
    "measure_collapse": {},
    "cka_layers": {},
    "cka_times": {},
}


def reads_activations(
    stage,
    **files,
):
    """The inputs of a rule whose jobs read activations, see the head of this file.

    Parameters
    ----------
    stage : str
        The rule, a key of STAGE_SETTINGS.
    **files : pattern, list of patterns or input function
        What the snapshot jobs wrote: activations and what comes with them, by the input's name.
    """
    taken_as_ancient = {name: ancient(wanted) for name, wanted in files.items()}
    return {**taken_as_ancient, "origin": activations_origin, "settings": f"<results>/{{run}}/settings/{stage}.json"}


# The script that takes a run's snapshots, by the run's source.
SNAPSHOT_SCRIPTS = {
    "train": "snapshot",
    "checkpoints": "snapshot_checkpoints",
    "recording": "snapshot_recording",
}


rule settings:
    input:
        sources=lambda wildcards: sorted(
            {*code(wildcards.stage), *code(SNAPSHOT_SCRIPTS[SOURCE[wildcards.run]]), *code("raw_inputs")}
        ),
        code=code("settings"),
    output:
        "<results>/{run}/settings/{stage}.json",
    log:
        "<results>/{run}/logs/settings/{stage}.log",
    wildcard_constraints:
        stage="|".join(STAGE_SETTINGS),
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=200,
        runtime=5,
    params:
        compact=experiment["activations"]["compact"],
        tolerance=run_tolerance,
        pooling=experiment["activations"]["pooling"],
        stage=lambda wildcards: STAGE_SETTINGS[wildcards.stage],
        # A user's model file counts by the history: it says nothing of the raw inputs.
        model=lambda wildcards: model_versions(RUNS[wildcards.run]["model"]["name"]),
    message:
        "Noting what decides the results of {wildcards.stage} for run {wildcards.run}."
    script:
        "../scripts/settings.py"
