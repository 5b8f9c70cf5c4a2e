rule measure:
    input:
        activations=ancient("results/{run}/activations/{span}/{layer}.npy"),
        origin=activation_origin,
        settings="results/{run}/settings/measure.json",
        dataset="results/{run}/dataset.npz",
        code=code("measure"),
    output:
        metrics="results/{run}/metrics/{span}/{layer}.parquet",
        clusters="results/{run}/clusters/{span}/{layer}.npy",
        votes="results/{run}/votes/{span}/{layer}.npy",
    log:
        "results/{run}/logs/measure/{span}/{layer}.log",
    benchmark:
        "results/{run}/benchmarks/measure/{span}/{layer}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(30),
    params:
        # Not read by the script: Snakemake's cache tells jobs apart by their params.
        layer=lambda wildcards: wildcards.layer,
        epochs=span_epochs,
        compact=experiment["activations"]["compact"],
        clusters=experiment["metrics"]["clusters"],
        n_init=experiment["metrics"]["n_init"],
        neighbors=experiment["metrics"]["neighbors"],
        seed=run_param("seed"),
    message:
        "Measuring how {wildcards.layer} of run {wildcards.run} clusters at epochs {wildcards.span}."
    script:
        "../scripts/measure.py"


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
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    message:
        "Gathering the {wildcards.table} tables of run {wildcards.run}."
    script:
        "../scripts/collect.py"
