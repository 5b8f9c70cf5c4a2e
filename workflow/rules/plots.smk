rule plot_training_curves:
    input:
        history="results/{run}/tables/history.parquet",
        code=code("plot_training_curves"),
    output:
        figure_files("training_curves", "training curves"),
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
        width=experiment["plots"]["width"],
    message:
        "Drawing the training curves of run {wildcards.run}."
    script:
        "../scripts/plot_training_curves.py"


rule plot_metric_curves:
    input:
        metrics="results/{run}/tables/metrics.parquet",
        code=code("plot_metric_curves"),
    output:
        figure_files("metric_curves", "metric curves"),
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
        layers=run_layers,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing how each layer of run {wildcards.run} clusters over the epochs."
    script:
        "../scripts/plot_metric_curves.py"


rule plot_embedding_quality:
    input:
        embedding="results/{run}/tables/embedding.parquet",
        code=code("plot_embedding_quality"),
    output:
        figure_files("embedding_quality", "quality of the maps"),
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
        method=METHOD,
        layers=run_layers,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
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
        figure_files("pixels", "raw pixels"),
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
        method=METHOD,
        palette=experiment["plots"]["palette"],
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing the raw pixels of run {wildcards.run}."
    script:
        "../scripts/plot_pixels.py"


rule plot_grid:
    input:
        dataset="results/{run}/dataset.npz",
        embeddings=cell_files("grid", "results/{run}/embeddings/{path}.npy"),
        metrics="results/{run}/tables/metrics.parquet",
        code=code("plot_grid"),
    output:
        figure_files("grid", "maps of layers and epochs"),
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
        method=METHOD,
        spans=shown_spans("grid"),
        epochs=GRID_EPOCHS,
        layers=network_layers,
        palette=experiment["plots"]["palette"],
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing the grid of epochs and layers of run {wildcards.run}."
    script:
        "../scripts/plot_grid.py"


rule plot_class_separation:
    input:
        dataset="results/{run}/dataset.npz",
        votes=cell_files("all", "results/{run}/votes/{path}.npy"),
        code=code("plot_class_separation"),
    output:
        figure_files("class_separation", "when each class comes apart"),
    log:
        "results/{run}/logs/plot_class_separation.log",
    benchmark:
        "results/{run}/benchmarks/plot_class_separation.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    params:
        spans=shown_spans("all"),
        epochs=EPOCHS,
        layers=run_layers,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing when each class of run {wildcards.run} comes apart."
    script:
        "../scripts/plot_class_separation.py"


rule plot_confusion:
    input:
        dataset="results/{run}/dataset.npz",
        predictions=expand("results/{{run}}/predictions/{span}.parquet", span=GRID_SPANS),
        code=code("plot_confusion"),
    output:
        figure_files("confusion", "confusion"),
    log:
        "results/{run}/logs/plot_confusion.log",
    benchmark:
        "results/{run}/benchmarks/plot_confusion.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    params:
        epochs=GRID_EPOCHS,
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing what run {wildcards.run} takes for what."
    script:
        "../scripts/plot_confusion.py"


rule plot_samples:
    input:
        dataset="results/{run}/dataset.npz",
        predictions=expand("results/{{run}}/predictions/{span}.parquet", span=SNAPSHOT_SPANS),
        embeddings=cell_files("last layer", "results/{run}/embeddings/{path}.npy"),
        code=code("plot_samples"),
    output:
        figure_files("samples", "hard images"),
    log:
        "results/{run}/logs/plot_samples.log",
    benchmark:
        "results/{run}/benchmarks/plot_samples.tsv"
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(1000),
        runtime=more_with_attempts(10),
    params:
        spans=shown_spans("last layer"),
        epochs=EPOCHS,
        layer=lambda wildcards: network_layers(wildcards)[-1],
        dpi=experiment["plots"]["dpi"],
        width=experiment["plots"]["width"],
    message:
        "Drawing the images that run {wildcards.run} finds hard."
    script:
        "../scripts/plot_samples.py"


rule plot_animation:
    input:
        dataset="results/{run}/dataset.npz",
        embeddings=cell_files("animation", "results/{run}/embeddings/{path}.npy"),
        metrics="results/{run}/tables/metrics.parquet",
        history="results/{run}/tables/history.parquet",
        code=code("plot_animation"),
    output:
        gif=report(
            "results/{run}/figures/animation.gif",
            caption="../report/animation.rst",
            category="{run}",
            labels={"result": "film (GIF)"},
        ),
        mp4=report(
            "results/{run}/figures/animation.mp4",
            caption="../report/animation.rst",
            category="{run}",
            labels={"result": "film (MP4)"},
        ),
    log:
        "results/{run}/logs/plot_animation.log",
    benchmark:
        "results/{run}/benchmarks/plot_animation.tsv"
    # By far the longest of the figures: begun last, it would leave the other cores idle.
    priority: 1
    conda:
        "../../envs/plots.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(20),
    params:
        method=METHOD,
        spans=shown_spans("animation"),
        epochs=EPOCHS,
        layers=network_layers,
        palette=experiment["plots"]["palette"],
        fps=experiment["plots"]["animation"]["fps"],
        tween=experiment["plots"]["animation"]["tween"],
        gif_megabytes=experiment["plots"]["animation"]["gif_megabytes"],
        dpi=experiment["plots"]["animation"]["dpi"],
    message:
        "Drawing the animation of run {wildcards.run}."
    script:
        "../scripts/plot_animation.py"
