rule train:
    input:
        unpack(training_start),
        dataset="results/{run}/dataset.npz",
        model=model_code,
        code=code("train"),
    output:
        checkpoint="results/{run}/checkpoints/{span}.pt",
        history="results/{run}/history/{span}.parquet",
        timing="results/{run}/timing/{span}.parquet",
    log:
        "results/{run}/logs/train/{span}.log",
    benchmark:
        "results/{run}/benchmarks/train/{span}.tsv"
    # Of all chains of jobs the training's is the longest, and it needs more than one core. Where those are free it goes
    # first, and what waits for a snapshot fills the cores beside it and after it; behind such jobs it would wait until
    # two of them end at once.
    priority: 2
    conda:
        "../../envs/torch.yaml"
    # The scheduler gives fewer where --cores is fewer; torch's own number is params.threads all the same.
    threads: lambda wildcards: RUNS[wildcards.run]["training"]["threads"]
    resources:
        mem_mb=more_with_attempts(6000),
        runtime=more_with_attempts(120),
        # Epoch 0 is the initial weights, and needs no GPU to wait for.
        gpu=lambda wildcards: RUNS[wildcards.run]["training"]["gpus"] if TRAINING_SPANS[wildcards.span][-1] else 0,
    params:
        first=lambda wildcards: TRAINING_SPANS[wildcards.span][0],
        last=lambda wildcards: TRAINING_SPANS[wildcards.span][-1],
        model=run_param("model", "name"),
        model_kwargs=run_param("model", "kwargs"),
        batch_size=run_param("training", "batch_size"),
        optimizer=run_param("training", "optimizer"),
        learning_rate=run_param("training", "learning_rate"),
        weight_decay=run_param("training", "weight_decay"),
        device=run_param("training", "device"),
        threads=run_param("training", "threads"),
        seed=run_param("seed"),
        kept_epochs=kept_epochs,
        # Not read by the script: weights that the config gives count by their content.
        initial_weights=weights_digest,
        # Not read by the script.
        shown=model_name,
    message:
        "Training {params.shown} of run {wildcards.run}, epochs {wildcards.span}."
    script:
        "../scripts/train.py"


# A job's files cannot depend on its wildcards, so there is a rule for each set of layers: snapshot for the first, and
# where runs differ snapshot_2, ...
LAYER_SETS = {}
for run in RUNS:
    LAYER_SETS.setdefault(tuple(RUNS[run]["layers"]), []).append(run)

for number, (followed, followers) in enumerate(LAYER_SETS.items(), start=1):

    rule:
        name:
            "snapshot" if number == 1 else f"snapshot_{number}"
        input:
            dataset="results/{run}/dataset.npz",
            checkpoints=training_files("results/{run}/checkpoints/{span}.pt"),
            model=model_code,
            code=code("snapshot"),
        output:
            # A name for each layer, for Snakemake's cache to know them by.
            **{f"layer {layer}": f"results/{{run}}/activations/{{span}}/{layer}.npy" for layer in followed},
            predictions="results/{run}/predictions/{span}.parquet",
            classifier="results/{run}/classifier/{span}.npy",
        log:
            "results/{run}/logs/snapshot/{span}.log",
        benchmark:
            "results/{run}/benchmarks/snapshot/{span}.tsv"
        wildcard_constraints:
            run="|".join(map(re.escape, followers)),
        # All chains begin with one.
        priority: 1
        conda:
            "../../envs/torch.yaml"
        threads: 1
        resources:
            mem_mb=more_with_attempts(3000),
            runtime=more_with_attempts(30),
        params:
            epochs=span_epochs,
            model=run_param("model", "name"),
            model_kwargs=run_param("model", "kwargs"),
            seed=run_param("seed"),
            compact=experiment["activations"]["compact"],
            maps=experiment["activations"]["pooling"]["maps"],
            tokens=experiment["activations"]["pooling"]["tokens"],
            # Not read by the script.
            shown=model_name,
        message:
            "Taking snapshots of {params.shown} of run {wildcards.run} at epochs {wildcards.span}."
        script:
            "../scripts/snapshot.py"


rule pixels:
    input:
        dataset="results/{run}/dataset.npz",
        code=code("pixels"),
    output:
        f"results/{{run}}/activations/0000/{PIXELS}.npy",
    log:
        "results/{run}/logs/pixels.log",
    benchmark:
        "results/{run}/benchmarks/pixels.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=more_with_attempts(2000),
        runtime=more_with_attempts(10),
    params:
        compact=experiment["activations"]["compact"],
        seed=run_param("seed"),
    message:
        "Keeping the raw pixels of run {wildcards.run}."
    script:
        "../scripts/pixels.py"


rule settings:
    input:
        sources=lambda wildcards: sorted({*code(wildcards.stage), *code("snapshot"), *code("pixels")}),
        code=code("settings"),
    output:
        "results/{run}/settings/{stage}.json",
    log:
        "results/{run}/logs/settings/{stage}.log",
    benchmark:
        "results/{run}/benchmarks/settings/{stage}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=200,
        runtime=5,
    params:
        compact=experiment["activations"]["compact"],
        pooling=experiment["activations"]["pooling"],
        stage=lambda wildcards: STAGE_SETTINGS[wildcards.stage],
    message:
        "Noting what decides the results of {wildcards.stage} for run {wildcards.run}."
    script:
        "../scripts/settings.py"


rule layers:
    input:
        trees=model_trees,
        code=code("layers"),
    # Nothing that it leaves counts as done, so that it prints each time; a benchmark would.
    log:
        "results/logs/layers.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=200,
        runtime=5,
    params:
        models=[RUNS[run]["model"]["name"] for run in RUNS],
        layers=[RUNS[run]["layers"] for run in RUNS],
        runs=list(RUNS),
    message:
        "Listing the layers of each run's model."
    script:
        "../scripts/layers.py"
