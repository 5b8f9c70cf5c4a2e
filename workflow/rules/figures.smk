# Which figures there are, and which cells each shows.


FORMATS = experiment["plots"]["formats"]
# The measures that the figure of this name shows.
GEOMETRY = (
    *("effective_rank", "participation_ratio", "intrinsic_dimension"),
    *("linear_probe", "knn_purity", "davies_bouldin"),
)
STATIC_FIGURES = [
    "training_curves",
    "metric_curves",
    "class_separation",
    "confusion",
    "samples",
    "grid",
    "embedding_quality",
    *["pixels"] * experiment["activations"]["pixels"],
    *["geometry"] * any(measure in MEASURES for measure in GEOMETRY),
    *["neural_collapse"] * ("neural_collapse" in MEASURES),
    *["cka"] * experiment["metrics"]["cka"],
]
FIGURES = expand("{name}.{format}", name=STATIC_FIGURES, format=FORMATS) + ["animation.gif", "animation.mp4"]


def figure_files(name, label):
    """A static figure in each format; the first one goes into the report, under that label."""
    first, *others = expand("results/{{run}}/figures/{name}.{format}", name=name, format=FORMATS)
    return [report(first, caption=f"../report/{name}.rst", category="{run}", labels={"result": label}), *others]


GRID_EPOCHS = experiment["plots"]["grid_epochs"]
GRID_SPANS = list(dict.fromkeys(PLACES[epoch][0] for epoch in GRID_EPOCHS))


def run_layers(wildcards):
    """A run's layers, the raw pixels first where they are followed."""
    return LAYERS[wildcards.run]


def network_layers(wildcards):
    """A run's layers without the raw pixels."""
    return RUNS[wildcards.run]["layers"]


# The cells that a figure shows: its epochs, and the layers of a run.
SHOWN = {
    "grid": (GRID_EPOCHS, lambda run: RUNS[run]["layers"]),
    "animation": (EPOCHS, lambda run: RUNS[run]["layers"]),
    "last layer": (EPOCHS, lambda run: RUNS[run]["layers"][-1:]),
    "all": (EPOCHS, lambda run: LAYERS[run]),
}


def shown_spans(shown):
    """The spans that hold a figure's epochs, each with all of its epochs: where each cell lies in the files."""
    return {span: SNAPSHOT_SPANS[span] for span in dict.fromkeys(PLACES[epoch][0] for epoch in SHOWN[shown][0])}


def cell_files(shown, pattern):
    """An input function: `pattern` for the {path}, span and layer, of each file that a figure reads cells of."""

    def files(wildcards):
        layers = SHOWN[shown][1](wildcards.run)
        paths = [f"{span}/{layer}" for span in shown_spans(shown) for layer in layers if span in spans_of(layer)]
        return expand(pattern, run=wildcards.run, path=paths)

    return files


def page_files():
    """The explorer's HTML, CSS and JavaScript, as inputs relative to the working directory."""
    folder = Path(workflow.basedir) / "workflow" / "scripts" / "evolution" / "explorer"
    return [os.path.relpath(path) for path in sorted(folder.iterdir()) if path.suffix in (".html", ".css", ".js")]


def report_files():
    """The report's captions, as inputs relative to the working directory."""
    folder = Path(workflow.basedir) / "workflow" / "report"
    return [os.path.relpath(path) for path in sorted(folder.glob("*.rst"))]


def run_settings(wildcards):
    """The config that gives one run alone, defaults included."""
    no_sweep = {"seeds": [], "grid": {}, "skip": []}
    return {**experiment, **RUNS[wildcards.run], **no_sweep, "runs": {wildcards.run: {}}}


SOFTWARE = (
    *("snakemake", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "openTSNE", "mlxtend", "pyarrow"),
    *("matplotlib", "pillow", "bokeh", "imageio-ffmpeg", "umap-learn", "pacmap"),
)


def software_versions():
    """The versions of what is installed beside Snakemake."""
    versions = {"Python": platform.python_version()}
    for name in SOFTWARE:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
