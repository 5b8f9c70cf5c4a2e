rule prepare_data:
    input:
        source=ancient(own_archive),
        code=code("prepare_data"),
    output:
        "results/{run}/dataset.npz",
    log:
        "results/{run}/logs/prepare_data.log",
    benchmark:
        "results/{run}/benchmarks/prepare_data.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(20),
    params:
        name=run_param("dataset", "name"),
        root=data_root,
        train_size=run_param("dataset", "train_size"),
        eval_size=run_param("dataset", "eval_size"),
        image_size=run_param("dataset", "image_size"),
        # Not read by the script: a folder's content, which is no input as it may be a million files; an archive's.
        listing=folder_listing,
        archive=archive_digest,
        seed=dataset_seed,
    message:
        "Sampling the images of run {wildcards.run}."
    script:
        "../scripts/prepare_data.py"
