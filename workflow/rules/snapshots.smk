# Snapshots: each layer's activations at chosen epochs, the raw pixels as one more layer, and a list of what layers
# there are.
from evolution.errors import ModelError
from evolution.planning.model_trees import tree_file

# A rule's output files cannot depend on a job's wildcards, so there is a rule for each set of layers: snapshot, and
# where runs differ snapshot_2, ...
RUNS_OF_LAYERS = {}
for run in RUNS:
    RUNS_OF_LAYERS.setdefault(tuple(NETWORK_LAYERS[run]), []).append(run)

for number, (layers_taken, runs_with_them) in enumerate(RUNS_OF_LAYERS.items(), start=1):

    rule:
        name:
            "snapshot" if number == 1 else f"snapshot_{number}"
        input:
            dataset="results/{run}/dataset.npz",
            checkpoints=training_files("results/{run}/checkpoints/{span}.pt"),
            histories=training_files("results/{run}/history/{span}.parquet"),
            model=model_code,
            code=code("snapshot"),
        output:
            # Each layer has a name, by which Snakemake's cache knows its file.
            **{f"layer {layer}": f"results/{{run}}/activations/{{span}}/{layer}.npy" for layer in layers_taken},
            predictions="results/{run}/predictions/{span}.parquet",
            classifier="results/{run}/classifier/{span}.npy",
        log:
            "results/{run}/logs/snapshot/{span}.log",
        benchmark:
            "results/{run}/benchmarks/snapshot/{span}.tsv"
        wildcard_constraints:
            run="|".join(map(re.escape, runs_with_them)),
        # Everything else waits for one.
        priority: 1
        conda:
            "../../envs/torch.yaml"
        resources:
            **resources_of(memory=3000, minutes=30),
        params:
            epochs=span_epochs,
            model=run_param("model", "name"),
            model_kwargs=run_param("model", "kwargs"),
            seed=run_param("seed"),
            compact=experiment["activations"]["compact"],
            maps=experiment["activations"]["pooling"]["maps"],
            tokens=experiment["activations"]["pooling"]["tokens"],
            message_model=model_name,
        message:
            "Taking snapshots of {params.message_model} of run {wildcards.run} at epochs {wildcards.span}."
        script:
            "../scripts/snapshot.py"


rule pixels:
    input:
        dataset="results/{run}/dataset.npz",
        code=code("pixels"),
    output:
        f"results/{{run}}/activations/0000/{PIXELS}.npy",
    log:
        "results/{run}/logs/pixels.log",
    benchmark:
        "results/{run}/benchmarks/pixels.tsv"
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=2000, minutes=10),
    params:
        compact=experiment["activations"]["compact"],
        seed=run_param("seed"),
    message:
        "Keeping the raw pixels of run {wildcards.run}."
    script:
        "../scripts/pixels.py"


def model_trees(
    wildcards,
):
    """A file a run that holds the modules of its model; where one is missing, it is made now."""
    try:
        return [os.fspath(tree_file(run["model"], run["dataset"])) for run in RUNS.values()]
    except ModelError as error:
        raise WorkflowError(str(error)) from None


rule layers:
    input:
        trees=model_trees,
        code=code("layers"),
    # It has no output and no benchmark, so that it runs and prints each time it is asked for.
    log:
        "results/logs/layers.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=200,
        runtime=5,
    params:
        models=[RUNS[run]["model"]["name"] for run in RUNS],
        layers=list(NETWORK_LAYERS.values()),
        runs=list(RUNS),
    message:
        "Listing the layers of each run's model."
    script:
        "../scripts/layers.py"
