rule plot_geometry:
    input:
        metrics="results/{run}/tables/metrics.parquet",
        code=code("plot_geometry"),
    output:
        figure_files("geometry", "shape of the layers"),
    log:
        "results/{run}/logs/plot_geometry.log",
    benchmark:
        "results/{run}/benchmarks/plot_geometry.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(5),
    params:
        layers=run_layers,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing the shape of the layers of run {wildcards.run}."
    script:
        "../scripts/plot_geometry.py"


rule plot_neural_collapse:
    input:
        metrics="results/{run}/tables/metrics.parquet",
        collapse="results/{run}/tables/collapse.parquet",
        code=code("plot_neural_collapse"),
    output:
        figure_files("neural_collapse", "neural collapse"),
    log:
        "results/{run}/logs/plot_neural_collapse.log",
    benchmark:
        "results/{run}/benchmarks/plot_neural_collapse.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(5),
    params:
        layers=run_layers,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing how the classes of run {wildcards.run} draw together."
    script:
        "../scripts/plot_neural_collapse.py"


rule plot_cka:
    input:
        layers=expand("results/{{run}}/cka/layers/{span}.parquet", span=GRID_SPANS),
        epochs=lambda wildcards: cka_of_epochs(wildcards.run),
        code=code("plot_cka"),
    output:
        figure_files("cka", "similarity of layers and epochs"),
    log:
        "results/{run}/logs/plot_cka.log",
    benchmark:
        "results/{run}/benchmarks/plot_cka.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    params:
        grid_epochs=GRID_EPOCHS,
        epochs=EPOCHS,
        layers=run_layers,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing how alike the layers and epochs of run {wildcards.run} are."
    script:
        "../scripts/plot_cka.py"
