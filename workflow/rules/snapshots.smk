# Snapshots: each layer's activations at chosen times, the raw inputs as one more layer, and a list of what layers
# there are.
import math
from dataclasses import asdict

from evolution.errors import ModelError
from evolution.planning.model_trees import tree_file
from evolution.planning.recording_trees import recording_tree

# A rule's output files cannot depend on a job's wildcards, so there is a rule for each set of layers: snapshot, and
# where runs differ snapshot_2, ...
# Its keys say where the runs' activations come from, and which layers they have.
RUNS_OF_LAYERS = {}
for run in RUNS:
    RUNS_OF_LAYERS.setdefault((SOURCE[run], tuple(NETWORK_LAYERS[run])), []).append(run)


def layer_files(
    layers,
):
    """The activations that a snapshot job writes. Each layer has a name, by which Snakemake's cache knows its file."""
    return {f"layer {layer}": f"<results>/{{run}}/activations/{{span}}/{layer}.npy" for layer in layers}


SNAPSHOT_RESOURCES = resources_of(memory=3000, minutes=30)
if experiment["activations"]["device"] != "cpu":
    SNAPSHOT_RESOURCES["gpu"] = 1
# What the network is, and in which form activations are kept.
SNAPSHOT_PARAMS = {
    "times": span_times,
    "unit": run_unit,
    "model": run_param("model", "name"),
    "model_kwargs": run_param("model", "kwargs"),
    "seed": run_param("seed"),
    "compact": experiment["activations"]["compact"],
    "tolerance": run_tolerance,
    "maps": experiment["activations"]["pooling"]["maps"],
    "tokens": experiment["activations"]["pooling"]["tokens"],
    "device": experiment["activations"]["device"],
    "rerun_key_model": model_version,
    "message_model": model_name,
    "message_span": span_title,
}


def span_stored(
    wildcards,
):
    """The stored times of a span, each with its fingerprint, which changes when its file or folder does.

    They are no input files. A checkpoint that was deleted leaves its snapshot valid, and Snakemake would ask for an
    input again; and to compare files of gigabytes by content it would read them.
    """
    stored = TIMES[wildcards.run].stored
    return [asdict(stored[time]) for time in span_times(wildcards)]


def recorded_bytes(
    wildcards,
):
    """The bytes of the largest layer of a recording."""
    recording = TIMES[wildcards.run].recording
    return (
        4
        * recording.sample_count
        * max(math.prod(recording.layers.get(layer, [])) for layer in network_layers(wildcards))
    )


def recording_memory(
    wildcards,
    attempt,
):
    """The mem_mb of a job that takes the times of a recording: some copies of its largest layer, one after another."""
    return round(2000 + 4 * recorded_bytes(wildcards) / 1e6) * 2 ** (attempt - 1)


for number, ((source, layers_taken), runs_with_them) in enumerate(RUNS_OF_LAYERS.items(), start=1):
    if source == "train":

        rule:
            name:
                "snapshot" if number == 1 else f"snapshot_{number}"
            input:
                dataset="<results>/{run}/dataset.npz",
                checkpoints=training_files("<results>/{run}/checkpoints/{span}.pt"),
                histories=training_files("<results>/{run}/history/{span}.parquet"),
                model=model_code,
                code=code("snapshot"),
            output:
                **layer_files(layers_taken),
                predictions="<results>/{run}/predictions/{span}.parquet",
                classifier="<results>/{run}/classifier/{span}.npy",
            log:
                "<results>/{run}/logs/snapshot/{span}.log",
            wildcard_constraints:
                run="|".join(map(re.escape, runs_with_them)),
            # Everything else waits for one.
            priority: 1
            conda:
                "../../envs/torch.yaml"
            resources:
                **SNAPSHOT_RESOURCES,
            params:
                **SNAPSHOT_PARAMS,
            message:
                "Taking snapshots of {params.message_model} of run {wildcards.run} at {params.message_span}."
            script:
                "../scripts/snapshot.py"

    elif source == "checkpoints":

        rule:
            name:
                "snapshot" if number == 1 else f"snapshot_{number}"
            input:
                dataset="<results>/{run}/dataset.npz",
                model=model_code,
                code=code("snapshot_checkpoints"),
            output:
                **layer_files(layers_taken),
                predictions="<results>/{run}/predictions/{span}.parquet",
                classifier="<results>/{run}/classifier/{span}.npy",
                history="<results>/{run}/history/{span}.parquet",
                record="<results>/{run}/checkpoints/{span}.json",
            log:
                "<results>/{run}/logs/snapshot/{span}.log",
            wildcard_constraints:
                run="|".join(map(re.escape, runs_with_them)),
            priority: 1
            conda:
                "../../envs/torch.yaml"
            resources:
                **SNAPSHOT_RESOURCES,
            params:
                **SNAPSHOT_PARAMS,
                path=run_param("checkpoints", "path"),
                stored=span_stored,
                key=run_param("checkpoints", "key"),
                strict=run_param("checkpoints", "strict"),
            message:
                "Taking snapshots of {params.message_model} of run {wildcards.run} at {params.message_span}."
            script:
                "../scripts/snapshot_checkpoints.py"

    else:

        rule:
            name:
                "snapshot" if number == 1 else f"snapshot_{number}"
            input:
                dataset="<results>/{run}/dataset.npz",
                code=code("snapshot_recording"),
            output:
                **layer_files(layers_taken),
                predictions="<results>/{run}/predictions/{span}.parquet",
                classifier="<results>/{run}/classifier/{span}.npy",
                history="<results>/{run}/history/{span}.parquet",
                record="<results>/{run}/recording/{span}.json",
            log:
                "<results>/{run}/logs/snapshot/{span}.log",
            wildcard_constraints:
                run="|".join(map(re.escape, runs_with_them)),
            priority: 1
            conda:
                "../../envs/torch.yaml"
            resources:
                mem_mb=recording_memory,
                runtime=more_with_attempts(30),
            params:
                path=run_param("recording", "path"),
                stored=span_stored,
                unit=run_unit,
                compact=experiment["activations"]["compact"],
                tolerance=run_tolerance,
                maps=experiment["activations"]["pooling"]["maps"],
                tokens=experiment["activations"]["pooling"]["tokens"],
                seed=run_param("seed"),
                message_span=span_title,
            message:
                "Taking the recorded activations of run {wildcards.run} at {params.message_span}."
            script:
                "../scripts/snapshot_recording.py"


def raw_inputs_memory(
    wildcards,
    attempt,
):
    """The mem_mb of a job that keeps the raw inputs: some copies of them as rows."""
    baseline = FACTS[wildcards.run].baseline_bytes(sample_count(wildcards.run))
    return round(2000 + 4 * baseline / 1e6) * 2 ** (attempt - 1)


rule raw_inputs:
    input:
        dataset="<results>/{run}/dataset.npz",
        code=code("raw_inputs"),
    output:
        f"<results>/{{run}}/activations/{{span}}/{RAW_INPUTS}.npy",
    log:
        "<results>/{run}/logs/raw_inputs/{span}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=raw_inputs_memory,
        runtime=more_with_attempts(10),
    params:
        compact=experiment["activations"]["compact"],
        tolerance=run_tolerance,
        seed=run_param("seed"),
    message:
        "Keeping the raw inputs of run {wildcards.run}."
    script:
        "../scripts/raw_inputs.py"


def model_trees(
    wildcards,
):
    """A file a run with the modules of its model, or the layers of its recording; one that is missing is made now."""
    try:
        return not_prefixed(
            [
                os.fspath(
                    recording_tree(TIMES[run].recording)
                    if SOURCE[run] == "recording"
                    else tree_file(settings["model"], settings["dataset"])
                )
                for run, settings in RUNS.items()
            ]
        )
    except ModelError as error:
        raise WorkflowError(str(error)) from None


rule layers:
    input:
        trees=model_trees,
        code=code("layers"),
    # It has no output, so that it runs and prints each time it is asked for.
    log:
        "<results>/logs/layers.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=200,
        runtime=5,
    params:
        models=[
            settings["recording"]["path"] if SOURCE[run] == "recording" else settings["model"]["name"]
            for run, settings in RUNS.items()
        ],
        layers=list(NETWORK_LAYERS.values()),
        runs=list(RUNS),
    message:
        "Listing the layers of each run's model."
    script:
        "../scripts/layers.py"
