# The training: a chain of jobs, each of which trains a span and keeps the weights of its times. Where weights are
# missing for a snapshot that was added later, a job outside the chain trains a part of a span again.
from evolution.config.training_keys import TRAINING_KEYS
from evolution.models.names import short_name
from evolution.planning.run_times import schedule_epochs


def times_with_span(
    wildcards,
):
    """The run's times that have a training span, as planned, whether or not the training ends before; or an added one."""
    planned = PLANNED[wildcards.run]
    return planned if wildcards.span in planned.training_spans else TIMES[wildcards.run]


def training_start(
    wildcards,
):
    """What a training span begins with: the checkpoint before, or for time 0 the weights that the config gives."""
    before = times_with_span(wildcards).training_span_before.get(wildcards.span)
    weights = RUNS[wildcards.run]["model"]["weights"]
    if before:
        return {"previous": f"<results>/{wildcards.run}/checkpoints/{before}.pt"}
    return {"weights": not_prefixed(ancient(os.path.expanduser(weights)))} if weights else {}


def repeated_history(
    wildcards,
):
    """The history of the training span of which an added one is a part; nothing for any other span."""
    span = times_with_span(wildcards).repeated_span.get(wildcards.span)
    return f"<results>/{wildcards.run}/history/{span}.parquet" if span else []


def training_span(
    wildcards,
):
    """The times of a training span or an added one."""
    times = times_with_span(wildcards)
    return times.training_spans.get(wildcards.span) or times.added_spans[wildcards.span]


def weights_digest(
    wildcards,
):
    """The digest of the weights that a training begins with, for epoch 0."""
    start = training_start(wildcards)
    return digest_of(start["weights"]) if "weights" in start else None


def kept_times(
    wildcards,
):
    """The times of a training span whose weights are kept: None for all of them."""
    return times_with_span(wildcards).asked[wildcards.span]


def recipe_code(
    wildcards,
):
    """The user's file with the recipe, and what it imports of its folder and package."""
    recipe = RUNS[wildcards.run]["training"]["recipe"]
    return model_file_and_imports(recipe) if recipe else []


def recipe_version(
    wildcards,
):
    """What tells a run's recipe apart from another of its name; empty where there is none."""
    recipe = RUNS[wildcards.run]["training"]["recipe"]
    return code_identity(recipe) if recipe else {}


def training_settings(
    wildcards,
):
    """The keys of `training` that a training job reads."""
    return {key: RUNS[wildcards.run]["training"][key] for key in TRAINING_KEYS}


def model_name(
    wildcards,
):
    """How messages call a run's model."""
    return short_name(RUNS[wildcards.run]["model"]["name"])


rule train:
    input:
        unpack(training_start),
        dataset="<results>/{run}/dataset.npz",
        repeated=repeated_history,
        model=model_code,
        recipe=recipe_code,
        code=code("train"),
    output:
        checkpoint="<results>/{run}/checkpoints/{span}.pt",
        history="<results>/{run}/history/{span}.parquet",
        timing="<results>/{run}/timing/{span}.parquet",
    log:
        "<results>/{run}/logs/train/{span}.log",
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
        # Time 0 is the initial weights: it does not wait for a GPU.
        gpu=lambda wildcards: RUNS[wildcards.run]["training"]["gpus"] if training_span(wildcards)[-1] else 0,
    params:
        first=lambda wildcards: training_span(wildcards)[0],
        last=lambda wildcards: training_span(wildcards)[-1],
        model=run_param("model", "name"),
        model_kwargs=run_param("model", "kwargs"),
        unit=run_unit,
        epoch_length=lambda wildcards: PLANNED[wildcards.run].epoch_length,
        kept=kept_times,
        # Where the learning rate depends on how long the training is.
        epochs=lambda wildcards: schedule_epochs(RUNS[wildcards.run], experiment),
        training=training_settings,
        # Which training this is, for the note on what its checkpoint holds.
        training_digest=lambda wildcards: PLANNED[wildcards.run].training_digest,
        seed=run_param("seed"),
        rerun_key_weights=weights_digest,
        rerun_key_model=model_version,
        rerun_key_recipe=recipe_version,
        message_model=model_name,
        message_span=span_title,
    message:
        "Training {params.message_model} of run {wildcards.run}, {params.message_span}."
    script:
        "../scripts/train.py"
