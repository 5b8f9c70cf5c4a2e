# Measures: how each layer clusters at each snapshot, how its classes collapse, and how alike layers and times are.
from evolution.measures.registry import GPU_SAMPLES


@for_each_cell
def predictions_of(
    wildcards,
):
    """The network's predictions for the samples when a span's activations were taken; nothing for the raw inputs."""
    return [] if wildcards.layer == RAW_INPUTS else f"<results>/{wildcards.run}/predictions/{wildcards.span}.parquet"


def memory_for_activations(
    least,
):
    """A mem_mb function for a job that reads one layer of a span: enough for some copies of one time's activations.

    Parameters
    ----------
    least : int
        MB that the job needs in addition.
    """

    @for_each_cell
    def amount(
        wildcards,
        input,
        attempt,
    ):
        path = str(input.activations)
        size = os.path.getsize(path) / len(span_times(wildcards)) if os.path.exists(path) else 0
        return round(least + 6 * size / 1e6) * 2 ** (attempt - 1)

    return amount


@for_each_cell
def measuring_device(
    wildcards,
):
    """Where a run's cells are measured: those of few samples on the CPU, which is done before a GPU has begun."""
    return experiment["metrics"]["device"] if sample_count(wildcards.run) > GPU_SAMPLES else "cpu"


@for_each_cell
def measuring_gpus(
    wildcards,
):
    """The GPUs that a measure job asks the scheduler for."""
    return int(measuring_device(wildcards) != "cpu")


# A job that uses a GPU needs torch, whose own memory comes on top.
MEASURES_BY_TORCH = experiment["metrics"]["device"] != "cpu" and any(sample_count(run) > GPU_SAMPLES for run in RUNS)


rule measure:
    input:
        **reads_activations(
            "measure",
            activations="<results>/{run}/activations/{span}/{layer}.npy",
            predictions=predictions_of,
        ),
        dataset="<results>/{run}/dataset.npz",
    output:
        metrics="<results>/{run}/metrics/{span}/{layer}.parquet",
        clusters="<results>/{run}/clusters/{span}/{layer}.npy",
        votes="<results>/{run}/votes/{span}/{layer}.npy",
    log:
        "<results>/{run}/logs/measure/{span}/{layer}.log",
    conda:
        "../../envs/torch.yaml" if MEASURES_BY_TORCH else "../../envs/analysis.yaml"
    resources:
        **({"gpu": measuring_gpus} if MEASURES_BY_TORCH else {}),
        mem_mb=memory_for_activations(4000 if MEASURES_BY_TORCH else 1000),
        runtime=more_with_attempts(30),
    params:
        times=span_times,
        unit=run_unit,
        message_span=span_title,
        clusters=experiment["metrics"]["clusters"],
        n_init=experiment["metrics"]["n_init"],
        neighbors=experiment["metrics"]["neighbors"],
        measures=MEASURES_ON,
        measure_by=experiment["metrics"]["measure_by"],
        device=measuring_device,
        seed=run_param("seed"),
        cache_key_layer="{layer}",
    message:
        "Measuring how {wildcards.layer} of run {wildcards.run} clusters at {params.message_span}."
    script:
        "../scripts/measure.py"


rule measure_collapse:
    input:
        **reads_activations(
            "measure_collapse",
            classifier=in_all_spans("<results>/{run}/classifier/{span}.npy"),
            predictions=in_all_spans("<results>/{run}/predictions/{span}.parquet"),
        ),
        dataset="<results>/{run}/dataset.npz",
    output:
        "<results>/{run}/tables/collapse.parquet",
    log:
        "<results>/{run}/logs/measure_collapse.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=10),
    params:
        spans=lambda wildcards: list(run_spans(wildcards.run).values()),
        unit=run_unit,
    message:
        "Measuring how the classes of run {wildcards.run} collapse at the classifier."
    script:
        "../scripts/measure_collapse.py"


def activations_of_all_layers(
    wildcards,
):
    """The activations of all layers in a span; of the raw inputs those of the first, as they never change."""
    spans_and_layers = [
        (first_span(wildcards.run) if layer == RAW_INPUTS else wildcards.span, layer)
        for layer in followed_layers(wildcards)
    ]
    return [f"<results>/{wildcards.run}/activations/{span}/{layer}.npy" for span, layer in spans_and_layers]


rule cka_layers:
    input:
        **reads_activations("cka_layers", activations=activations_of_all_layers),
    output:
        "<results>/{run}/cka/layers/{span}.parquet",
    log:
        "<results>/{run}/logs/cka_layers/{span}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=10),
    params:
        times=span_times,
        unit=run_unit,
        message_span=span_title,
        seed=run_param("seed"),
    message:
        "Comparing the layers of run {wildcards.run} with each other at {params.message_span}."
    script:
        "../scripts/cka_layers.py"


rule cka_times:
    input:
        **reads_activations(
            "cka_times",
            activations=in_all_spans("<results>/{run}/activations/{span}/{layer}.npy"),
        ),
    output:
        "<results>/{run}/cka/times/{layer}.parquet",
    log:
        "<results>/{run}/logs/cka_times/{layer}.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=10),
    params:
        spans=lambda wildcards: list(run_spans(wildcards.run).values()),
        unit=run_unit,
        seed=run_param("seed"),
        cache_key_layer="{layer}",
    message:
        "Comparing {wildcards.layer} of run {wildcards.run} with itself over the training."
    script:
        "../scripts/cka_times.py"
