# The samples: drawn for training and evaluation, one file a run.
from evolution.data import contents, image_folder, own_source
from evolution.data.catalogue import ROOTED
from evolution.data.kinds import NONE
from evolution.data.own_function import own_function


def own_archive(
    wildcards,
):
    """The .npz that holds a run's samples, where they are the user's own."""
    kind, path = own_source.own_path(RUNS[wildcards.run]["dataset"]["name"]) or (None, None)
    return not_prefixed([str(path)]) if kind == contents.NPZ else []


def archive_digest(
    wildcards,
):
    """The digest of the .npz that holds a run's samples; None for other data sets."""
    archive = own_archive(wildcards)
    return digest_of(archive[0]) if archive else None


def folder_listing(
    wildcards,
):
    """A digest of the paths and sizes of the user's own image files; None for other data sets."""
    dataset = RUNS[wildcards.run]["dataset"]
    kind, path = own_source.own_path(dataset["name"]) or (None, None)
    labelled = dataset["target"] != NONE
    return image_folder.folder_digest(path, labelled=labelled) if kind == contents.IMAGE_FOLDER else None


def data_root(
    wildcards,
):
    """dataset.root, for the data sets that are read from there."""
    dataset = RUNS[wildcards.run]["dataset"]
    return dataset["root"] if dataset["name"] in ROOTED else None


def dataset_seed(
    wildcards,
):
    """The seed that a run's samples are drawn by: the run's own, where its data set has none."""
    run = RUNS[wildcards.run]
    return run["seed"] if run["dataset"]["seed"] is None else run["dataset"]["seed"]


# Runs on evaluation data that a function of the user's returns.
OWN_DATA_RUNS = {run: own_function(RUNS[run]["dataset"]["name"]) for run in RUNS}
OWN_DATA_RUNS = {run: found for run, found in OWN_DATA_RUNS.items() if found}


def data_code(
    wildcards,
):
    """The user's file with the function, and what it imports of its folder and package."""
    return model_file_and_imports(RUNS[wildcards.run]["dataset"]["name"])


rule prepare_own_data:
    input:
        source=data_code,
        code=code("prepare_own_data"),
    output:
        "<results>/{run}/dataset.npz",
    log:
        "<results>/{run}/logs/prepare_own_data.log",
    wildcard_constraints:
        run="|".join(map(re.escape, OWN_DATA_RUNS)) or "(?!)",
    conda:
        "../../envs/torch.yaml"
    resources:
        **resources_of(memory=6000, minutes=60),
    params:
        file=lambda wildcards: str(OWN_DATA_RUNS[wildcards.run][0]),
        attribute=lambda wildcards: OWN_DATA_RUNS[wildcards.run][1],
        kind=run_param("dataset", "kind"),
        target=run_param("dataset", "target"),
        # Planning calls the function too, and looks at its first samples alone.
        planned_kind=lambda wildcards: FACTS[wildcards.run].kind,
        eval_size=run_param("dataset", "eval_size"),
        seed=dataset_seed,
        rerun_key_source=lambda wildcards: code_identity(RUNS[wildcards.run]["dataset"]["name"]),
    message:
        "Taking the evaluation samples of run {wildcards.run}."
    script:
        "../scripts/prepare_own_data.py"


# Where a recording is gone, what was taken of its samples stays, and no rule makes it.
RECORDED_RUNS = [run for run in RUNS if SOURCE[run] == "recording" and PLANNED[run].recording.samples_digest]


def recorded_samples_digest(
    wildcards,
):
    """A digest of what a recording says of its samples."""
    return TIMES[wildcards.run].recording.samples_digest


rule prepare_recording:
    input:
        code=code("prepare_recording"),
    output:
        "<results>/{run}/dataset.npz",
    log:
        "<results>/{run}/logs/prepare_recording.log",
    wildcard_constraints:
        run="|".join(re.escape(run) for run in RECORDED_RUNS) or "(?!)",
    conda:
        "../../envs/torch.yaml"
    resources:
        **resources_of(memory=4000, minutes=30),
    params:
        path=run_param("recording", "path"),
        class_count=lambda wildcards: TIMES[wildcards.run].recording.class_count,
        ids=lambda wildcards: TIMES[wildcards.run].recording.ids_digest,
        how_many=lambda wildcards: TIMES[wildcards.run].recording.sample_count,
        kind=lambda wildcards: FACTS[wildcards.run].kind,
        target=lambda wildcards: FACTS[wildcards.run].target,
        eval_size=run_param("dataset", "eval_size"),
        seed=dataset_seed,
        # The files are no inputs: one that was deleted leaves the samples valid.
        rerun_key_samples=recorded_samples_digest,
    message:
        "Taking the samples of the recording of run {wildcards.run}."
    script:
        "../scripts/prepare_recording.py"


rule prepare_data:
    input:
        source=ancient(own_archive),
        code=code("prepare_data"),
    output:
        "<results>/{run}/dataset.npz",
    log:
        "<results>/{run}/logs/prepare_data.log",
    wildcard_constraints:
        run="|".join(re.escape(run) for run in RUNS if SOURCE[run] != "recording" and run not in OWN_DATA_RUNS)
        or "(?!)",
    conda:
        "../../envs/torch.yaml"
    resources:
        **resources_of(memory=2000, minutes=20),
    params:
        name=run_param("dataset", "name"),
        root=data_root,
        train_size=run_param("dataset", "train_size"),
        eval_size=run_param("dataset", "eval_size"),
        image_size=run_param("dataset", "image_size"),
        normalize=run_param("dataset", "normalize"),
        kind=run_param("dataset", "kind"),
        target=run_param("dataset", "target"),
        seed=dataset_seed,
        rerun_key_archive=archive_digest,
        # The files of a folder are no inputs: there may be a million.
        rerun_key_folder=folder_listing,
    message:
        "Sampling the data of run {wildcards.run}."
    script:
        "../scripts/prepare_data.py"
