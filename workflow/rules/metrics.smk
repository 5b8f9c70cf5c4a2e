rule measure:
    input:
        activations=ancient("results/{run}/activations/{span}/{layer}.npy"),
        predictions=ancient(predictions_of),
        origin=activation_origin,
        settings="results/{run}/settings/measure.json",
        dataset="results/{run}/dataset.npz",
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
        mem_mb=memory_of(1000),
        runtime=more_with_attempts(30),
    params:
        # Not read by the script: Snakemake's cache tells jobs apart by their params.
        layer=lambda wildcards: wildcards.layer,
        epochs=span_epochs,
        compact=experiment["activations"]["compact"],
        clusters=experiment["metrics"]["clusters"],
        n_init=experiment["metrics"]["n_init"],
        neighbors=experiment["metrics"]["neighbors"],
        measures=MEASURES,
        seed=run_param("seed"),
    message:
        "Measuring how {wildcards.layer} of run {wildcards.run} clusters at epochs {wildcards.span}."
    script:
        "../scripts/measure.py"


rule measure_collapse:
    input:
        classifier=ancient(expand("results/{{run}}/classifier/{span}.npy", span=SNAPSHOT_SPANS)),
        predictions=ancient(expand("results/{{run}}/predictions/{span}.parquet", span=SNAPSHOT_SPANS)),
        origin=all_histories,
        settings="results/{run}/settings/measure_collapse.json",
        dataset="results/{run}/dataset.npz",
    output:
        "results/{run}/tables/collapse.parquet",
    log:
        "results/{run}/logs/measure_collapse.log",
    benchmark:
        "results/{run}/benchmarks/measure_collapse.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    params:
        spans=list(SNAPSHOT_SPANS.values()),
    message:
        "Measuring how the classes of run {wildcards.run} collapse at the classifier."
    script:
        "../scripts/measure_collapse.py"


rule cka_layers:
    input:
        activations=ancient(span_activations),
        origin=span_origin,
        settings="results/{run}/settings/cka_layers.json",
    output:
        "results/{run}/cka/layers/{span}.parquet",
    log:
        "results/{run}/logs/cka_layers/{span}.log",
    benchmark:
        "results/{run}/benchmarks/cka_layers/{span}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    params:
        # Not read by the script: Snakemake's cache tells jobs apart by their params.
        compact=experiment["activations"]["compact"],
        epochs=span_epochs,
        seed=run_param("seed"),
    message:
        "Comparing the layers of run {wildcards.run} with each other at epochs {wildcards.span}."
    script:
        "../scripts/cka_layers.py"


rule cka_epochs:
    input:
        activations=ancient(expand("results/{{run}}/activations/{span}/{{layer}}.npy", span=SNAPSHOT_SPANS)),
        origin=all_histories,
        settings="results/{run}/settings/cka_epochs.json",
    output:
        "results/{run}/cka/epochs/{layer}.parquet",
    log:
        "results/{run}/logs/cka_epochs/{layer}.log",
    benchmark:
        "results/{run}/benchmarks/cka_epochs/{layer}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    params:
        # Not read by the script: Snakemake's cache tells jobs apart by their params.
        layer=lambda wildcards: wildcards.layer,
        compact=experiment["activations"]["compact"],
        spans=list(SNAPSHOT_SPANS.values()),
        seed=run_param("seed"),
    message:
        "Comparing {wildcards.layer} of run {wildcards.run} with itself over the epochs."
    script:
        "../scripts/cka_epochs.py"


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
        runtime=more_with_attempts(5),
    message:
        "Gathering the {wildcards.table} tables of run {wildcards.run}."
    script:
        "../scripts/collect.py"
