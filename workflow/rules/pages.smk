# Pages of each run: the explorer, and the summary with its warnings.


# HTML, CSS and JavaScript, as inputs relative to the working directory.
PAGE_FILES = not_prefixed(
    [
        os.path.relpath(path)
        for path in sorted((SCRIPTS / "evolution" / "explorer").iterdir())
        if path.suffix in (".html", ".css", ".js")
    ]
)


rule explorer:
    input:
        dataset="<results>/{run}/dataset.npz",
        embeddings=files_of(registry.Files("embeddings/{span}/{layer}.npy")),
        clusters=files_of(registry.Files("clusters/{span}/{layer}.npy")),
        predictions=in_all_spans("<results>/{run}/predictions/{span}.parquet"),
        metrics="<results>/{run}/tables/metrics.parquet",
        page=PAGE_FILES,
        code=code("explorer"),
    output:
        report(
            "<results>/{run}/explorer.html",
            caption="../report/explorer.rst",
            category="{run}",
            labels={"result": "explorer"},
        ),
    log:
        "<results>/{run}/logs/explorer.log",
    conda:
        "../../envs/plots.yaml"
    resources:
        **resources_of(memory=2000, minutes=10),
    params:
        method=METHOD,
        spans=lambda wildcards: run_spans(wildcards.run),
        times=lambda wildcards: TIMES[wildcards.run].times,
        unit=run_unit,
        layers=followed_layers,
        alignment=experiment["embedding"]["alignment"],
        time_axis=experiment["plots"]["time_axis"],
        palette=experiment["plots"]["palette"],
        colors=class_colors_of,
        max_samples=experiment["plots"]["explorer"]["max_samples"],
    message:
        "Making the page to explore run {wildcards.run}."
    script:
        "../scripts/explorer.py"


def last_predictions(
    wildcards,
):
    """The predictions of the span with the last snapshot, which hold the warnings on the trained network."""
    return f"<results>/{wildcards.run}/predictions/{list(run_spans(wildcards.run))[-1]}.parquet"


def weights_name(
    wildcards,
):
    """The name of the file with the weights that a run begins with; None where they are drawn."""
    weights = RUNS[wildcards.run]["model"]["weights"]
    return os.path.basename(weights) if weights else None


def reason_of_end(
    wildcards,
):
    """Why a run's training has ended by itself; None where it has not."""
    ending = TIMES[wildcards.run].ending
    return None if ending is None else ending.reason


def has_diverged(
    wildcards,
):
    """Whether a run's training has ended as its loss or outputs were not finite."""
    ending = TIMES[wildcards.run].ending
    return ending is not None and ending.diverged


rule summary:
    input:
        metrics="<results>/{run}/tables/metrics.parquet",
        history="<results>/{run}/tables/history.parquet",
        # The target, and the warnings of both. Not as `ancient`: a new warning need not change a number, and then the
        # tables stay as they are.
        dataset="<results>/{run}/dataset.npz",
        predictions=last_predictions,
        # Not read: whoever has a run's summary can open it with the reader.
        contents=ancient("<results>/{run}/contents.json"),
        code=code("summary"),
    output:
        markdown="<results>/{run}/summary.md",
        csv=report(
            "<results>/{run}/summary.csv",
            caption="../report/summary.rst",
            category="{run}",
            labels={"result": "summary"},
        ),
        warnings="<results>/{run}/warnings.json",
    log:
        "<results>/{run}/logs/summary.log",
    conda:
        "../../envs/plots.yaml"
    resources:
        **resources_of(memory=1000, minutes=5),
    params:
        layers=followed_layers,
        weights=weights_name,
        ending=reason_of_end,
        has_diverged=has_diverged,
    message:
        "Summing up run {wildcards.run}."
    script:
        "../scripts/summary.py"
