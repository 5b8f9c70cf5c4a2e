# Layouts: each layer of each snapshot in the plane, from one time to the next.


@for_each_cell
def previous_embedding(
    wildcards,
):
    """The layouts that a span's first layout starts from, where layouts are aligned and there is a span before."""
    before = TIMES[wildcards.run].span_before.get(wildcards.span)
    if experiment["embedding"]["alignment"] == "none" or before is None:
        return {}
    return {"previous": f"<results>/{wildcards.run}/embeddings/{before}/{wildcards.layer}.npy"}


@for_each_cell
def time_before(
    wildcards,
):
    """The time of the layout that a span's first layout starts from, where there is one."""
    if not previous_embedding(wildcards):
        return None
    return run_spans(wildcards.run)[TIMES[wildcards.run].span_before[wildcards.span]][-1]


rule embed:
    input:
        unpack(previous_embedding),
        **reads_activations("embed", activations="<results>/{run}/activations/{span}/{layer}.npy"),
    output:
        embedding="<results>/{run}/embeddings/{span}/{layer}.npy",
        quality="<results>/{run}/embeddings/{span}/{layer}.parquet",
    log:
        "<results>/{run}/logs/embed/{span}/{layer}.log",
    # Where layouts are aligned, the layouts of a layer are the longest chain of jobs after the training. Jobs of no chain
    # fill the cores next to it, and in the end no core waits for it.
    priority: 1
    conda:
        "../../envs/analysis.yaml" if METHOD in ("tsne", "pca") else "../../envs/extras.yaml"
    resources:
        mem_mb=memory_for_activations(1000),
        runtime=more_with_attempts(30),
    params:
        times=span_times,
        unit=run_unit,
        message_span=span_title,
        time_before=time_before,
        # Only the keys that the method reads, so that another method's key makes nothing run again.
        embedding=methods.settings_read(experiment["embedding"]),
        seed=run_param("seed"),
        cache_key_layer="{layer}",
    message:
        "Embedding {wildcards.layer} of run {wildcards.run} at {params.message_span}."
    script:
        "../scripts/embed.py"
