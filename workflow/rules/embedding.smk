rule embed:
    input:
        unpack(previous_embedding),
        activations=ancient("results/{run}/activations/{span}/{layer}.npy"),
        origin=activation_origin,
        settings="results/{run}/settings/embed.json",
    output:
        embedding="results/{run}/embeddings/{span}/{layer}.npy",
        quality="results/{run}/embeddings/{span}/{layer}.parquet",
    log:
        "results/{run}/logs/embed/{span}/{layer}.log",
    benchmark:
        "results/{run}/benchmarks/embed/{span}/{layer}.tsv"
    # Where epochs are aligned, a layer's are the longest chain after the training's. What is in no chain fills the cores
    # beside it, and in the end no core waits for it.
    priority: 1
    conda:
        "../../envs/analysis.yaml" if METHOD in ("tsne", "pca") else "../../envs/extras.yaml"
    threads: 1
    resources:
        mem_mb=memory_of(1000),
        runtime=more_with_attempts(30),
    params:
        # Not read by the script: Snakemake's cache tells jobs apart by their params.
        layer=lambda wildcards: wildcards.layer,
        epochs=span_epochs,
        epoch_before=epoch_before,
        compact=experiment["activations"]["compact"],
        # The keys that the method reads, so that another method's key reruns nothing.
        embedding=methods.settings_read(experiment["embedding"]),
        seed=run_param("seed"),
    message:
        "Embedding {wildcards.layer} of run {wildcards.run} at epochs {wildcards.span}."
    script:
        "../scripts/embed.py"
