# The training: a chain of jobs, each of which trains a span of epochs and keeps their weights.
from evolution.models.names import short_name


def training_start(
    wildcards,
):
    """What a training span begins with: the checkpoint before, or for epoch 0 the weights that the config gives."""
    before, weights = TRAINING_SPAN_BEFORE.get(wildcards.span), RUNS[wildcards.run]["model"]["weights"]
    if before:
        return {"previous": f"results/{wildcards.run}/checkpoints/{before}.pt"}
    return {"weights": ancient(os.path.expanduser(weights))} if weights else {}


def weights_digest(
    wildcards,
):
    """The digest of the weights that a training begins with, for epoch 0."""
    start = training_start(wildcards)
    return digest_of(start["weights"]) if "weights" in start else None


def kept_epochs(
    wildcards,
):
    """The epochs of a training span whose weights are kept: None for all of them."""
    if experiment["training"]["keep_epochs"] == "all":
        return None
    return [epoch for epoch in TRAINING_SPANS[wildcards.span] if epoch in SNAPSHOT_SPAN_OF]


def model_name(
    wildcards,
):
    """How messages call a run's model."""
    return short_name(RUNS[wildcards.run]["model"]["name"])


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
    # The training is the longest chain of jobs, and it needs more than one core. So it goes first where its cores are
    # free, and jobs that wait for a snapshot fill the cores next to it. If it came after them, it would wait until two
    # of them end at once.
    priority: 2
    conda:
        "../../envs/torch.yaml"
    # The scheduler gives fewer where --cores is fewer; torch takes params.threads all the same.
    threads: lambda wildcards: RUNS[wildcards.run]["training"]["threads"]
    resources:
        **resources_of(memory=6000, minutes=120),
        # Epoch 0 is the initial weights: it does not wait for a GPU.
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
        rerun_key_weights=weights_digest,
        message_model=model_name,
    message:
        "Training {params.message_model} of run {wildcards.run}, epochs {wildcards.span}."
    script:
        "../scripts/train.py"
