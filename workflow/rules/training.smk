# The training: a chain of jobs, each of which trains a span of epochs and keeps their weights.
from evolution.models.names import short_name


def training_start(
    wildcards,
):
    """What a training span begins with: the checkpoint before, or for epoch 0 the weights that the config gives."""
    before = TIMES[wildcards.run].training_span_before.get(wildcards.span)
    weights = RUNS[wildcards.run]["model"]["weights"]
    if before:
        return {"previous": f"results/{wildcards.run}/checkpoints/{before}.pt"}
    return {"weights": ancient(os.path.expanduser(weights))} if weights else {}


def training_span(
    wildcards,
):
    """The epochs of a training span."""
    return TIMES[wildcards.run].training_spans[wildcards.span]


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
    return [epoch for epoch in training_span(wildcards) if epoch in TIMES[wildcards.run].span_of]


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
    wildcard_constraints:
        # Where no run is trained here, nothing is: no name of a run is empty.
        run="|".join(re.escape(run) for run in RUNS if SOURCE[run] == "train") or "(?!)",
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
        gpu=lambda wildcards: RUNS[wildcards.run]["training"]["gpus"] if training_span(wildcards)[-1] else 0,
    params:
        first=lambda wildcards: training_span(wildcards)[0],
        last=lambda wildcards: training_span(wildcards)[-1],
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
        rerun_key_model=model_version,
        message_model=model_name,
    message:
        "Training {params.message_model} of run {wildcards.run}, epochs {wildcards.span}."
    script:
        "../scripts/train.py"
