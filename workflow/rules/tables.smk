# The tables of a run, gathered from what its jobs wrote for each span and layer.


def collected_tables(
    wildcards,
):
    """What a run's table of one kind is gathered from."""
    run = wildcards.run
    dataset = {"dataset": f"results/{run}/dataset.npz"}
    if wildcards.table == "history":
        return {"tables": expand("results/{run}/history/{span}.parquet", run=run, span=TRAINING_SPANS)} | dataset
    folder = "embeddings" if wildcards.table == "embedding" else "metrics"
    tables = {"tables": cells(run, f"results/{{run}}/{folder}/{{span}}/{{layer}}.parquet")}
    # The data set holds the classes' names.
    return tables | dataset if wildcards.table == "class_metrics" else tables


rule collect:
    input:
        unpack(collected_tables),
        code=code("collect"),
    output:
        "results/{run}/tables/{table}.parquet",
    log:
        "results/{run}/logs/collect/{table}.log",
    benchmark:
        "results/{run}/benchmarks/collect/{table}.tsv"
    wildcard_constraints:
        table="history|metrics|class_metrics|embedding",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=5),
    message:
        "Gathering the {wildcards.table} tables of run {wildcards.run}."
    script:
        "../scripts/collect.py"
