rule plot_training_curves:
    input:
        history="results/{run}/tables/history.parquet",
        code=code("plot_training_curves"),
    output:
        "results/{run}/figures/training_curves.png",
    log:
        "results/{run}/logs/plot_training_curves.log",
    benchmark:
        "results/{run}/benchmarks/plot_training_curves.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(5),
    params:
        palette=experiment["plots"]["palette"],
        dpi=experiment["plots"]["dpi"],
    message:
        "Drawing the training curves of run {wildcards.run}."
    script:
        "../scripts/plot_training_curves.py"


rule plot_metric_curves:
    input:
        metrics="results/{run}/tables/metrics.parquet",
        code=code("plot_metric_curves"),
    output:
        "results/{run}/figures/metric_curves.png",
    log:
        "results/{run}/logs/plot_metric_curves.log",
    benchmark:
        "results/{run}/benchmarks/plot_metric_curves.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(5),
    params:
        layers=LAYERS,
        dpi=experiment["plots"]["dpi"],
    message:
        "Drawing how each layer of run {wildcards.run} clusters over the epochs."
    script:
        "../scripts/plot_metric_curves.py"


rule plot_embedding_quality:
    input:
        embedding="results/{run}/tables/embedding.parquet",
        code=code("plot_embedding_quality"),
    output:
        "results/{run}/figures/embedding_quality.png",
    log:
        "results/{run}/logs/plot_embedding_quality.log",
    benchmark:
        "results/{run}/benchmarks/plot_embedding_quality.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(5),
    params:
        layers=LAYERS,
        dpi=experiment["plots"]["dpi"],
    message:
        "Drawing how far the embeddings of run {wildcards.run} can be trusted."
    script:
        "../scripts/plot_embedding_quality.py"


rule plot_pixels:
    input:
        dataset="results/{run}/dataset.npz",
        embedding=f"results/{{run}}/embeddings/0000/{PIXELS}.npy",
        clusters=f"results/{{run}}/clusters/0000/{PIXELS}.npy",
        metrics=f"results/{{run}}/metrics/0000/{PIXELS}.parquet",
        code=code("plot_pixels"),
    output:
        "results/{run}/figures/pixels.png",
    log:
        "results/{run}/logs/plot_pixels.log",
    benchmark:
        "results/{run}/benchmarks/plot_pixels.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(5),
    params:
        palette=experiment["plots"]["palette"],
        dpi=experiment["plots"]["dpi"],
    message:
        "Drawing the raw pixels of run {wildcards.run}."
    script:
        "../scripts/plot_pixels.py"


rule plot_grid:
    input:
        dataset="results/{run}/dataset.npz",
        embeddings=expand("results/{{run}}/{path}", path=GRID_PATHS),
        metrics="results/{run}/tables/metrics.parquet",
        code=code("plot_grid"),
    output:
        "results/{run}/figures/grid.png",
    log:
        "results/{run}/logs/plot_grid.log",
    benchmark:
        "results/{run}/benchmarks/plot_grid.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1500),
        runtime=more_with_attempts(5),
    params:
        cells=GRID_CELLS,
        epochs=GRID_EPOCHS,
        layers=experiment["layers"],
        palette=experiment["plots"]["palette"],
        dpi=experiment["plots"]["dpi"],
    message:
        "Drawing the grid of epochs and layers of run {wildcards.run}."
    script:
        "../scripts/plot_grid.py"


rule plot_animation:
    input:
        dataset="results/{run}/dataset.npz",
        embeddings=expand("results/{{run}}/{path}", path=ANIMATION_PATHS),
        metrics="results/{run}/tables/metrics.parquet",
        code=code("plot_animation"),
    output:
        "results/{run}/figures/animation.gif",
    log:
        "results/{run}/logs/plot_animation.log",
    benchmark:
        "results/{run}/benchmarks/plot_animation.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(20),
    params:
        cells=ANIMATION_CELLS,
        epochs=EPOCHS,
        layers=experiment["layers"],
        palette=experiment["plots"]["palette"],
        fps=experiment["plots"]["animation"]["fps"],
        dpi=experiment["plots"]["animation"]["dpi"],
    message:
        "Drawing the animation of run {wildcards.run}."
    script:
        "../scripts/plot_animation.py"


rule summary:
    input:
        metrics="results/{run}/tables/metrics.parquet",
        history="results/{run}/tables/history.parquet",
        code=code("summary"),
    output:
        markdown="results/{run}/summary.md",
        csv="results/{run}/summary.csv",
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
        layers=LAYERS,
    message:
        "Summing up run {wildcards.run}."
    script:
        "../scripts/summary.py"
