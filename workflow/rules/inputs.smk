# What each rule's jobs take as inputs and params, where that is more than a pattern of the wildcards.


def run_param(*keys):
    """A params function: one key of the run's own settings."""

    def lookup_run(wildcards):
        value = RUNS[wildcards.run]
        for key in keys:
            value = value[key]
        return value

    return lookup_run


def dataset_seed(wildcards):
    """The seed that a run's images are drawn by: its own, where its dataset has none."""
    run = RUNS[wildcards.run]
    return run["seed"] if run["dataset"]["seed"] is None else run["dataset"]["seed"]


# With 10,000 epochs there are as many spans: what jobs ask of them is looked up, and not searched for job by job.
SPANS = list(SNAPSHOT_SPANS)
SPAN_BEFORE = dict(zip(SPANS[1:], SPANS))
LINK_BEFORE = dict(zip(list(TRAINING_SPANS)[1:], TRAINING_SPANS))
# The training span that each epoch is trained in.
LINKS = {epoch: span for span, epochs in TRAINING_SPANS.items() for epoch in epochs}


def spans_of(layer):
    """The snapshot spans in which a layer is followed: the raw pixels only before training."""
    return SPANS[:1] if layer == PIXELS else SPANS


def cells(run, pattern):
    """`pattern` for each span and layer of a run, layers in network order."""
    return [pattern.format(run=run, span=span, layer=layer) for layer in LAYERS[run] for span in spans_of(layer)]


def span_epochs(wildcards):
    """The epochs of a snapshot span."""
    return SNAPSHOT_SPANS[wildcards.span]


def more_with_attempts(amount):
    """A resource that doubles with each attempt, for jobs that are tried again."""
    return lambda wildcards, attempt: amount * 2 ** (attempt - 1)


@lru_cache
def content_digest(path, size, changed):
    """SHA-256 of a file, taken once for a size and time of change."""
    return file_digest(path)


def digest_of(path):
    """A file's digest, None where there is none. A user's own file counts by its content, and not by its time stamp,
    which is old where the file was moved here, and new where it was only copied."""
    if not os.path.exists(path):
        return None
    status = os.stat(path)
    return content_digest(path, status.st_size, status.st_mtime_ns)


def archive_digest(wildcards):
    """The digest of the .npz that holds a run's images."""
    archive = own_archive(wildcards)
    return digest_of(archive[0]) if archive else None


def weights_digest(wildcards):
    """The digest of the weights that a training begins with, for epoch 0."""
    start = training_start(wildcards)
    return digest_of(start["weights"]) if "weights" in start else None


def data_root(wildcards):
    """dataset.root, where it is read."""
    dataset = RUNS[wildcards.run]["dataset"]
    return dataset["root"] if dataset["name"] in ROOTED else None


def own_archive(wildcards):
    """The .npz that holds a run's images, where they are the user's own."""
    kind, path = own_source.own_path(RUNS[wildcards.run]["dataset"]["name"]) or (None, None)
    return [str(path)] if kind == contents.NPZ else []


def folder_listing(wildcards):
    """A digest of the paths and sizes of the user's own image files; None for other data sets."""
    kind, path = own_source.own_path(RUNS[wildcards.run]["dataset"]["name"]) or (None, None)
    return image_folder.folder_digest(path) if kind == contents.FOLDER else None


def memory_of(least):
    """A mem_mb function for a job that reads activations: enough for some copies of one epoch's, as wide as they are.

    Parameters
    ----------
    least : int
        MB that the job needs besides.
    """

    def amount(wildcards, input, attempt):
        path = str(input.activations)
        size = os.path.getsize(path) / len(SNAPSHOT_SPANS[wildcards.span]) if os.path.exists(path) else 0
        return round(least + 9 * size / 1e6) * 2 ** (attempt - 1)

    return amount


def training_start(wildcards):
    """What a training span begins with: the checkpoint before, or for epoch 0 the weights that the config gives."""
    before, weights = LINK_BEFORE.get(wildcards.span), RUNS[wildcards.run]["model"]["weights"]
    if before:
        return {"previous": f"results/{wildcards.run}/checkpoints/{before}.pt"}
    return {"weights": ancient(os.path.expanduser(weights))} if weights else {}


@lru_cache
def model_sources(name):
    """A user's model file, and what it imports from its own folder; nothing for other models."""
    return [os.fspath(path) for path in model_files(name)]


def model_code(wildcards):
    """The code of a run's model, where that is not of this workflow."""
    return model_sources(RUNS[wildcards.run]["model"]["name"])


def model_name(wildcards):
    """How messages call a run's model."""
    return short_name(RUNS[wildcards.run]["model"]["name"])


def model_trees(wildcards):
    """What each run's model is made of, a file a run; it is found out now where that was not done before."""
    return [os.fspath(checked_model(tree_file, run["model"], run["dataset"])) for run in RUNS.values()]


def kept_epochs(wildcards):
    """The epochs of a training span whose weights are kept: None for all of them."""
    if experiment["training"]["keep_epochs"] == "all":
        return None
    return [epoch for epoch in TRAINING_SPANS[wildcards.span] if epoch in PLACES]


def training_spans_of(wildcards):
    """The training spans that hold a snapshot span's epochs."""
    return list(dict.fromkeys(LINKS[epoch] for epoch in SNAPSHOT_SPANS[wildcards.span]))


def training_files(pattern):
    """An input function: `pattern` for each training span behind a snapshot span."""
    return lambda wildcards: [pattern.format(run=wildcards.run, span=span) for span in training_spans_of(wildcards)]


# A job that reads activations takes them as ancient: when a layer is added, the snapshot jobs run again and write the
# other layers' files anew with the same bytes, which is no reason to measure or embed those again. What does change
# an activation file reaches its readers by two other ways: the training's history, which holds digests of data and
# weights, with the model's own code (of raw pixels the data set); and the settings file. The latter is a job's output
# because Snakemake does not look at a job's own params and code when a job before it is to run. It holds digests of the
# reader's own code too: named by each of thousands of jobs, those files were a tenth of a dry run.
def activation_origin(wildcards):
    """The history of the training behind an activation file, and a user's model file; the data set of raw pixels."""
    return f"results/{wildcards.run}/dataset.npz" if wildcards.layer == PIXELS else span_origin(wildcards)


def span_origin(wildcards):
    """The history of the training behind a snapshot span, and a user's model file."""
    return training_files("results/{run}/history/{span}.parquet")(wildcards) + model_code(wildcards)


STAGE_SETTINGS = {
    "measure": {key: value for key, value in experiment["metrics"].items() if key != "cka"},
    "embed": methods.settings_read(experiment["embedding"]),
    "measure_collapse": {},
    "cka_layers": {},
    "cka_epochs": {},
}


def span_activations(wildcards):
    """The activations of all layers in a span, and of the raw pixels, which are those of epoch 0 at any time."""
    spans = [(spans_of(layer)[0] if layer == PIXELS else wildcards.span, layer) for layer in LAYERS[wildcards.run]]
    return [f"results/{wildcards.run}/activations/{span}/{layer}.npy" for span, layer in spans]


def all_histories(wildcards):
    """The history of the whole training, and a user's model file."""
    return [f"results/{wildcards.run}/history/{span}.parquet" for span in TRAINING_SPANS] + model_code(wildcards)


def predictions_of(wildcards):
    """What the network took each image for when a span's activations were taken; nothing for the raw pixels."""
    return [] if wildcards.layer == PIXELS else f"results/{wildcards.run}/predictions/{wildcards.span}.parquet"


MEASURES = experiment["metrics"]["measures"]


def cka_of_epochs(run):
    """The files of a run that compare each layer with itself over the epochs."""
    return [f"results/{run}/cka/epochs/{layer}.parquet" for layer in RUNS[run]["layers"]]


def more_measures(run):
    """The files of a run that hold what is measured beside the cells, as far as it is switched on."""
    tables = ["class_metrics"] * ("class_silhouette" in MEASURES) + ["collapse"] * ("neural_collapse" in MEASURES)
    files = [f"results/{run}/tables/{table}.parquet" for table in tables]
    if experiment["metrics"]["cka"]:
        files += [f"results/{run}/cka/layers/{span}.parquet" for span in SPANS]
        files += cka_of_epochs(run)
    return files


def collected_tables(wildcards):
    """What a run's table of one kind is gathered from."""
    run = wildcards.run
    if wildcards.table == "history":
        return {
            "tables": expand("results/{run}/history/{span}.parquet", run=run, span=TRAINING_SPANS),
            "dataset": f"results/{run}/dataset.npz",
        }
    folder = {"embedding": "embeddings"}.get(wildcards.table, "metrics")
    tables = {"tables": cells(run, f"results/{{run}}/{folder}/{{span}}/{{layer}}.parquet")}
    # The classes' names.
    return tables | ({"dataset": f"results/{run}/dataset.npz"} if wildcards.table == "class_metrics" else {})


def previous_embedding(wildcards):
    """The embeddings that a span's first epoch starts from, where epochs are aligned and there is a span before."""
    before = SPAN_BEFORE.get(wildcards.span)
    if experiment["embedding"]["alignment"] == "none" or before is None:
        return {}
    return {"previous": f"results/{wildcards.run}/embeddings/{before}/{wildcards.layer}.npy"}


def epoch_before(wildcards):
    """The epoch of the layout that a span's first epoch starts from, where there is one."""
    return SNAPSHOT_SPANS[SPAN_BEFORE[wildcards.span]][-1] if previous_embedding(wildcards) else None


METHOD = experiment["embedding"]["method"]
