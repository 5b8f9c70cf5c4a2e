rule explorer:
    input:
        dataset="results/{run}/dataset.npz",
        embeddings=cell_files("all", "results/{run}/embeddings/{path}.npy"),
        clusters=cell_files("all", "results/{run}/clusters/{path}.npy"),
        predictions=expand("results/{{run}}/predictions/{span}.parquet", span=SNAPSHOT_SPANS),
        metrics="results/{run}/tables/metrics.parquet",
        page=page_files(),
        code=code("explorer"),
    output:
        report(
            "results/{run}/explorer.html",
            caption="../report/explorer.rst",
            category="{run}",
            labels={"result": "explorer"},
        ),
    log:
        "results/{run}/logs/explorer.log",
    benchmark:
        "results/{run}/benchmarks/explorer.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(10),
    params:
        method=METHOD,
        spans=shown_spans("all"),
        epochs=EPOCHS,
        layers=run_layers,
        alignment=experiment["embedding"]["alignment"],
        palette=experiment["plots"]["palette"],
        max_samples=experiment["plots"]["explorer"]["max_samples"],
    message:
        "Making the page to explore run {wildcards.run}."
    script:
        "../scripts/explorer.py"


rule summary:
    input:
        metrics="results/{run}/tables/metrics.parquet",
        history="results/{run}/tables/history.parquet",
        code=code("summary"),
    output:
        markdown="results/{run}/summary.md",
        csv=report(
            "results/{run}/summary.csv",
            caption="../report/summary.rst",
            category="{run}",
            labels={"result": "summary"},
        ),
    log:
        "results/{run}/logs/summary.log",
    benchmark:
        "results/{run}/benchmarks/summary.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(5),
    params:
        layers=run_layers,
    message:
        "Summing up run {wildcards.run}."
    script:
        "../scripts/summary.py"
