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


@lru_cache
def shown_cells(run, shown):
    """Where a figure's cells lie: {span}/{layer} of each file, and each cell's place in them.

    A cell is [epoch, layer, index of the path, index of the epoch in that file].
    """
    epochs, layers_of = SHOWN[shown]
    paths, places = {}, []
    for epoch in epochs:
        span, place = PLACES[epoch]
        for layer in layers_of(run):
            if span not in spans_of(layer):
                continue
            path = f"{span}/{layer}"
            places.append([epoch, layer, paths.setdefault(path, len(paths)), place])
    return list(paths), places


def cell_files(shown, pattern):
    """An input function: `pattern` for the {path} of each file that a figure reads cells of."""
    return lambda wildcards: expand(pattern, run=wildcards.run, path=shown_cells(wildcards.run, shown)[0])


def cell_places(shown):
    """A params function: a figure's cells, and where each lies in those files."""
    return lambda wildcards: shown_cells(wildcards.run, shown)[1]


def page_files(name):
    """The parts of a page beside its data, as inputs relative to the working directory."""
    folder = Path(workflow.basedir) / "workflow" / "page"
    return [os.path.relpath(path) for path in sorted(folder.glob(f"{name}*"))]


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
