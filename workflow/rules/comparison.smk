# Runs with one another: results/comparison.
rule compare_tables:
    input:
        metrics=expand("results/{run}/tables/metrics.parquet", run=GROUPED_RUNS),
        history=expand("results/{run}/tables/history.parquet", run=GROUPED_RUNS),
        code=code("compare_tables"),
    output:
        metrics=f"{FOLDER}/tables/metrics.parquet",
        history=f"{FOLDER}/tables/history.parquet",
    log:
        f"{FOLDER}/logs/compare_tables.log",
    benchmark:
        f"{FOLDER}/benchmarks/compare_tables.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(10),
    params:
        groups=GROUPS,
        seeds=SEEDS,
    message:
        "Gathering the tables of all runs."
    script:
        "../scripts/compare_tables.py"


rule compare_crossings:
    input:
        metrics=f"{FOLDER}/tables/metrics.parquet",
        code=code("compare_crossings"),
    output:
        markdown=CROSSINGS,
        csv=report(
            f"{FOLDER}/crossing.csv",
            caption="../report/compared_crossing.rst",
            category="comparison",
            labels={"result": "when layers cross"},
        ),
    log:
        f"{FOLDER}/logs/compare_crossings.log",
    benchmark:
        f"{FOLDER}/benchmarks/compare_crossings.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(5),
    params:
        layers=layer_order(GROUP_LAYERS),
        threshold=experiment["comparison"]["threshold"],
        seeds=SEEDS,
    message:
        "Finding when each layer of each run crosses the threshold."
    script:
        "../scripts/compare_crossings.py"


rule compare_activations:
    input:
        datasets=expand("results/{run}/dataset.npz", run=CKA_RUNS),
        activations=[
            f"results/{run}/activations/{CKA_SPAN}/{layer}.npy" for run in CKA_RUNS for layer in NETWORK_LAYERS[run]
        ],
        code=code("compare_activations"),
    output:
        f"{FOLDER}/tables/cka.parquet",
    log:
        f"{FOLDER}/logs/compare_activations.log",
    benchmark:
        f"{FOLDER}/benchmarks/compare_activations.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(3000),
        runtime=more_with_attempts(30),
    params:
        layers={run: NETWORK_LAYERS[run] for run in CKA_RUNS},
        epoch=CKA_EPOCH,
        spans={CKA_SPAN: SNAPSHOT_SPANS[CKA_SPAN]},
        seed=experiment["seed"],
    message:
        "Comparing the activations of different runs."
    script:
        "../scripts/compare_activations.py"


rule plot_compared_metrics:
    input:
        metrics=f"{FOLDER}/tables/metrics.parquet",
        code=code("plot_compared_metrics"),
    output:
        compared_figure_files("metric_curves", "metric curves"),
    log:
        f"{FOLDER}/logs/plot_compared_metrics.log",
    benchmark:
        f"{FOLDER}/benchmarks/plot_compared_metrics.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(10),
    params:
        layers=GROUP_LAYERS,
        threshold=experiment["comparison"]["threshold"],
        palette=experiment["plots"]["palette"],
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing how the layers of all runs cluster over the epochs."
    script:
        "../scripts/plot_compared_metrics.py"


rule plot_compared_accuracy:
    input:
        history=f"{FOLDER}/tables/history.parquet",
        code=code("plot_compared_accuracy"),
    output:
        compared_figure_files("accuracy_curves", "accuracy curves"),
    log:
        f"{FOLDER}/logs/plot_compared_accuracy.log",
    benchmark:
        f"{FOLDER}/benchmarks/plot_compared_accuracy.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(10),
    params:
        palette=experiment["plots"]["palette"],
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing how well all runs classify over the epochs."
    script:
        "../scripts/plot_compared_accuracy.py"


rule plot_compared_cka:
    input:
        cka=f"{FOLDER}/tables/cka.parquet",
        code=code("plot_compared_cka"),
    output:
        compared_figure_files("cka", "CKA between runs"),
    log:
        f"{FOLDER}/logs/plot_compared_cka.log",
    benchmark:
        f"{FOLDER}/benchmarks/plot_compared_cka.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(10),
    params:
        groups=GROUPS,
        epoch=CKA_EPOCH,
        compared=CKA_RUNS,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing how alike the layers of different runs are."
    script:
        "../scripts/plot_compared_cka.py"
