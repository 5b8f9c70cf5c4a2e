# Measures: how each layer clusters at each snapshot, how its classes collapse, and how alike layers and epochs are.


def predictions_of(
    wildcards,
):
    """The network's predictions for the images when a span's activations were taken; nothing for the raw pixels."""
    return [] if wildcards.layer == PIXELS else f"results/{wildcards.run}/predictions/{wildcards.span}.parquet"


def memory_for_activations(
    least,
):
    """A mem_mb function for a job that reads one layer of a span: enough for some copies of one epoch's activations.

    Parameters
    ----------
    least : int
        MB that the job needs in addition.
    """

    def amount(
        wildcards,
        input,
        attempt,
    ):
        path = str(input.activations)
        size = os.path.getsize(path) / len(SNAPSHOT_SPANS[wildcards.span]) if os.path.exists(path) else 0
        return round(least + 9 * size / 1e6) * 2 ** (attempt - 1)

    return amount


rule measure:
    input:
        **reads_activations(
            "measure",
            activations="results/{run}/activations/{span}/{layer}.npy",
            predictions=predictions_of,
        ),
        dataset="results/{run}/dataset.npz",
    output:
        metrics="results/{run}/metrics/{span}/{layer}.parquet",
        clusters="results/{run}/clusters/{span}/{layer}.npy",
        votes="results/{run}/votes/{span}/{layer}.npy",
    log:
        "results/{run}/logs/measure/{span}/{layer}.log",
    benchmark:
        "results/{run}/benchmarks/measure/{span}/{layer}.tsv"
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=memory_for_activations(1000),
        runtime=more_with_attempts(30),
    params:
        epochs=span_epochs,
        clusters=experiment["metrics"]["clusters"],
        n_init=experiment["metrics"]["n_init"],
        neighbors=experiment["metrics"]["neighbors"],
        measures=MEASURES_ON,
        seed=run_param("seed"),
        cache_key_layer=lambda wildcards: wildcards.layer,
    message:
        "Measuring how {wildcards.layer} of run {wildcards.run} clusters at epochs {wildcards.span}."
    script:
        "../scripts/measure.py"


rule measure_collapse:
    input:
        **reads_activations(
            "measure_collapse",
            classifier=expand("results/{{run}}/classifier/{span}.npy", span=SNAPSHOT_SPANS),
            predictions=expand("results/{{run}}/predictions/{span}.parquet", span=SNAPSHOT_SPANS),
        ),
        dataset="results/{run}/dataset.npz",
    output:
        "results/{run}/tables/collapse.parquet",
    log:
        "results/{run}/logs/measure_collapse.log",
    benchmark:
        "results/{run}/benchmarks/measure_collapse.tsv"
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=10),
    params:
        spans=list(SNAPSHOT_SPANS.values()),
    message:
        "Measuring how the classes of run {wildcards.run} collapse at the classifier."
    script:
        "../scripts/measure_collapse.py"


def activations_of_all_layers(
    wildcards,
):
    """The activations of all layers in a span; of the raw pixels those of epoch 0, as they never change."""
    spans_and_layers = [
        (spans_of(layer)[0] if layer == PIXELS else wildcards.span, layer) for layer in followed_layers(wildcards)
    ]
    return [f"results/{wildcards.run}/activations/{span}/{layer}.npy" for span, layer in spans_and_layers]


rule cka_layers:
    input:
        **reads_activations("cka_layers", activations=activations_of_all_layers),
    output:
        "results/{run}/cka/layers/{span}.parquet",
    log:
        "results/{run}/logs/cka_layers/{span}.log",
    benchmark:
        "results/{run}/benchmarks/cka_layers/{span}.tsv"
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=10),
    params:
        epochs=span_epochs,
        seed=run_param("seed"),
    message:
        "Comparing the layers of run {wildcards.run} with each other at epochs {wildcards.span}."
    script:
        "../scripts/cka_layers.py"


rule cka_epochs:
    input:
        **reads_activations(
            "cka_epochs",
            activations=expand("results/{{run}}/activations/{span}/{{layer}}.npy", span=SNAPSHOT_SPANS),
        ),
    output:
        "results/{run}/cka/epochs/{layer}.parquet",
    log:
        "results/{run}/logs/cka_epochs/{layer}.log",
    benchmark:
        "results/{run}/benchmarks/cka_epochs/{layer}.tsv"
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=1000, minutes=10),
    params:
        spans=list(SNAPSHOT_SPANS.values()),
        seed=run_param("seed"),
        cache_key_layer=lambda wildcards: wildcards.layer,
    message:
        "Comparing {wildcards.layer} of run {wildcards.run} with itself over the epochs."
    script:
        "../scripts/cka_epochs.py"
