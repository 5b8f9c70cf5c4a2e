"""What a schema cannot say of a config: keys that do not go together, names, and what the images and models allow."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evolution.config.schema import KeyPath
from evolution.config.sweeps import RESERVED, Origin, holds
from evolution.data.catalogue import class_sizes
from evolution.data.class_balance import images_per_class
from evolution.data.own_source import class_names
from evolution.embedding.methods import METHODS
from evolution.errors import DataError
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import own_class
from evolution.models.selection import AUTO, MOST_AUTO

# Planning takes Snakemake minutes for so many.
MOST_JOBS = 200_000


@dataclass(frozen=True)
class Checked:
    """A config with its defaults filled in, as it was written, and where it is already known to be wrong.

    A check only speaks where the keys that it looks at are sound: what follows from another fault is no news.
    """

    config: dict
    written: dict
    faulty: frozenset[KeyPath]
    origins: dict[str, Origin] = field(default_factory=dict)

    def sound(self, *keys: str | KeyPath) -> bool:
        """Whether no fault lies at these keys (dotted, or as paths), above or below them."""
        paths = [tuple(key.split(".")) if isinstance(key, str) else key for key in keys]
        return not any(path[: len(bad)] == bad[: len(path)] for path in paths for bad in self.faulty)

    def origin(self, run: str) -> Origin:
        """Where a run's settings are written."""
        return self.origins.get(run) or Origin(run)

    def place(self, run: str, key: str, *more: object) -> str:
        """The dotted key where a run's value is written: in a sweep, in its entry of `runs`, or for all runs.

        Keys that are not ours, such as a model's arguments, come as `more`: they may hold dots.
        """
        origin, path = self.origin(run), (*key.split("."), *more)
        places = {**origin.swept, f"runs.{origin.entry}": (self.written.get("runs") or {}).get(origin.entry)}
        dotted = ".".join(map(str, path))
        return next((f"{where}.{dotted}" for where, changes in places.items() if holds(changes, path)), dotted)

    def runs(self, *keys: str) -> Iterator[tuple[str, dict]]:
        """The runs of which these keys are sound, with their settings."""
        for name, run in self.config["runs"].items():
            entry = ("runs", self.origin(name).entry)
            if self.sound(*keys, *((*entry, *key.split(".")) for key in keys)):
                yield name, run


def cross_key_faults(checked: Checked, snapshot_epochs: Callable[[dict], list[int]]) -> list[str]:
    """Everything that the checks of this module find, a line each."""
    faults = list(_check_number_of_jobs(checked))
    if not faults:
        faults += _check_epochs(checked, snapshot_epochs)
    for check in (_check_arguments, _check_sizes, _check_images, _check_device, _check_files):
        faults += check(checked)
    faults += _check_run_names(checked)
    # A fault that several runs share is said once.
    return list(dict.fromkeys(faults))


def job_faults(checked: Checked) -> list[str]:
    """Whether there are more jobs than can be planned."""
    return list(_check_number_of_jobs(checked))


def _check_number_of_jobs(checked: Checked) -> Iterator[str]:
    if not checked.sound("training", "snapshots", "snapshots_per_job"):
        return
    config = checked.config
    training, every = config["training"], config["snapshots"]["every"]
    snapshots = training["epochs"] // every + 2 + len(config["snapshots"]["also"])
    spans = snapshots // config["snapshots_per_job"] + 1
    links = training["epochs"] // (training["epochs_per_job"] or training["epochs"]) + 1
    # Before the models are known, the runs' layers are names, globs, or one word.
    counts = [MOST_AUTO if run["layers"] == AUTO else len(run["layers"]) for run in config["runs"].values()]
    cka = checked.sound("metrics.cka") and config["metrics"]["cka"]
    jobs = sum(spans * (2 * count + 1 + cka) + links + count * cka for count in counts)
    if jobs > MOST_JOBS:
        count = len(config["runs"])
        of_runs, fewer = (f" in {count} runs", ", or make fewer runs") if count > 1 else ("", "")
        yield (
            f"training.epochs: {training['epochs']} with snapshots.every {every}{of_runs} makes about {jobs} jobs, and "
            f"more than {MOST_JOBS} cannot be planned; raise snapshots.every, snapshots_per_job or "
            f"training.epochs_per_job{fewer}"
        )


def _check_epochs(checked: Checked, snapshot_epochs: Callable[[dict], list[int]]) -> Iterator[str]:
    config = checked.config
    if not checked.sound("training.epochs"):
        return
    last = config["training"]["epochs"]
    late = [epoch for epoch in config["snapshots"]["also"] if epoch > last]
    if late:
        yield f"snapshots.also: {late} lies past the last epoch; training.epochs is {last}"
    epochs = [epoch for epoch in snapshot_epochs(config) if epoch <= last]
    for epoch in config["plots"]["grid_epochs"] or []:
        if epoch > last:
            yield f"plots.grid_epochs: {epoch} lies past the last epoch; training.epochs is {last}"
        elif epoch not in epochs and checked.sound("snapshots"):
            near = min(epochs, key=lambda known: abs(known - epoch))
            yield f"plots.grid_epochs: {epoch} has no snapshot, the nearest is {near}; add {epoch} to snapshots.also"
    epoch = config["comparison"]["cka_epoch"]
    if epoch is not None and checked.sound("comparison.cka_epoch", "snapshots") and epoch not in epochs:
        near = min(epochs, key=lambda known: abs(known - epoch))
        yield f"comparison.cka_epoch: {epoch} has no snapshot, the nearest is {near}; choose one that has"


def _check_arguments(checked: Checked) -> Iterator[str]:
    for name, run in checked.runs("model"):
        model, kwargs = run["model"]["name"], run["model"]["kwargs"]
        if model not in ARCHITECTURES:
            continue
        known = ARCHITECTURES[model].arguments
        for key, value in kwargs.items():
            where = checked.place(name, "model.kwargs", key)
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                takes = ", ".join(known) or "no arguments"
                yield f"{where}: unknown argument of {model}; {hint}it takes {takes}"
            elif key == "dropout" and not (type(value) in (int, float) and 0 <= value <= 1):
                yield f"{where}: {value!r} is not allowed; must be a number from 0 to 1"


def _check_sizes(checked: Checked) -> Iterator[str]:
    config, seen = checked.config, set()
    for name, run in checked.runs("dataset.eval_size"):
        samples = run["dataset"]["eval_size"]
        if samples in seen:
            continue
        seen.add(samples)
        where = f"run {name} has dataset.eval_size {samples}"
        perplexity, neighbors = config["embedding"]["perplexity"], config["embedding"]["neighbors"]
        reads = METHODS[config["embedding"]["method"]].reads if checked.sound("embedding.method") else ()
        # PaCMAP takes twice as many images again that are no neighbours.
        most_neighbors = (samples - 1) // 3 if config["embedding"]["method"] == "pacmap" else samples - 1
        if "neighbors" in reads and neighbors > most_neighbors and checked.sound("embedding.neighbors"):
            yield f"embedding.neighbors: {neighbors} is too large, {where}; must be at most {most_neighbors}"
        if "perplexity" in reads and perplexity >= samples / 3 and checked.sound("embedding.perplexity"):
            yield f"embedding.perplexity: {perplexity} is too large, {where}; must be below a third of it"
        for key in ("clusters", "neighbors"):
            value = config["metrics"][key]
            if value >= samples and checked.sound(f"metrics.{key}"):
                yield f"metrics.{key}: {value} is too large, {where}; must be below it"
        components = config["embedding"]["pca_components"]
        if "pca_components" in reads and components > samples and checked.sound("embedding.pca_components"):
            given = "" if "pca_components" in checked.written.get("embedding", {}) else " (the default)"
            yield (
                f"embedding.pca_components: {components}{given} is too large, {where}; there are no more components "
                "than samples, so must be at most that"
            )


def _check_images(checked: Checked) -> Iterator[str]:
    for name, run in checked.runs("dataset"):
        dataset = run["dataset"]["name"]
        try:
            known = class_sizes(dataset)
        except DataError as fault:
            yield f"{checked.place(name, 'dataset.name')}: {dataset} cannot be used: {fault.problem}"
            continue
        if known is None:
            continue
        train, evaluation = known
        sizes, small = {key: run["dataset"][key] for key in ("train_size", "eval_size")}, False
        for key, size in sizes.items():
            if size < len(train):
                small = True
                where = checked.place(name, f"dataset.{key}")
                yield f"{where}: {size} is not allowed; must be at least {len(train)}, an image of each class"
        if small:
            continue
        wanted = {key: images_per_class(size, len(train)) for key, size in sizes.items()}
        if evaluation is None:
            both = [sum(pair) for pair in zip(*wanted.values())]
            parts = [(list(sizes), both, train)]
        else:
            parts = [(["train_size"], wanted["train_size"], train), (["eval_size"], wanted["eval_size"], evaluation)]
        for keys, counts, available in parts:
            if any(count > there for count, there in zip(counts, available)):
                given = " and ".join(f"{checked.place(name, f'dataset.{key}')}: {sizes[key]}" for key in keys)
                least = min(available)
                # Of the built-in data sets, whose classes are much of a size, it does not matter which.
                smallest = class_names(dataset)
                which = f" (the smallest class is {smallest[available.index(least)]!r})" if smallest else ""
                yield (
                    f"{given} {'are' if len(keys) > 1 else 'is'} more than {dataset} has; with the same number of "
                    f"each class there are {least} per class{which}, {least * len(available)} in all"
                    + (", to train and to evaluate on together" if len(keys) > 1 else "")
                )


def _check_device(checked: Checked) -> Iterator[str]:
    for name, run in checked.runs("training.device", "training.gpus"):
        if run["training"]["device"] == "cuda" and run["training"]["gpus"] == 0:
            where = checked.place(name, "training.gpus")
            yield (
                f"{where}: 0 asks the scheduler for no GPU, and {checked.place(name, 'training.device')} is cuda; set "
                "gpus to 1, or device to auto"
            )


def _check_files(checked: Checked) -> Iterator[str]:
    for name, run in checked.runs("dataset.root"):
        root, where = run["dataset"]["root"], checked.place(name, "dataset.root")
        if "\0" in root:
            yield f"{where}: {root!r} is not allowed; must be a folder's path"
        elif Path(root).expanduser().is_file():
            yield f"{where}: {root!r} is a file; must be a folder, the one that holds torchvision's data sets"
    for name, run in checked.runs("model"):
        weights, where = run["model"]["weights"], checked.place(name, "model.weights")
        if weights is not None and ("\0" in weights or not Path(weights).expanduser().is_file()):
            yield f"{where}: {weights!r} is no file; must be a state dict that torch.save wrote, or null"
        own = own_class(run["model"]["name"])
        if own and not own[0].is_file():
            where = checked.place(name, "model.name")
            yield f"{where}: there is no file {own[0]}; paths count from the folder that Snakemake runs in"


def _check_run_names(checked: Checked) -> Iterator[str]:
    """Two names that differ only in case are one folder on macOS and Windows."""
    first: dict[str, str] = {}
    for name in checked.config["runs"]:
        if name.lower() == RESERVED:
            yield f"runs.{name}: is the folder where runs are compared; choose another name"
        if (other := first.setdefault(name.lower(), name)) != name:
            yield f"runs.{name}: is the same name as runs.{other} where case does not count; choose another"


def notes(config: dict) -> list[str]:
    """What in a config is allowed and may surprise, a sentence each."""
    found: dict[tuple, str] = {}
    for name, run in config["runs"].items():
        dataset = run["dataset"]
        sizes = class_sizes(dataset["name"])
        for key in ("train_size", "eval_size") if sizes else ():
            size, classes = dataset[key], len(sizes[0])
            each, more = divmod(size, classes)
            if more:
                # Of runs with the same images the first stands for all.
                found.setdefault(
                    (dataset["name"], key, size),
                    f"dataset.{key} {size} of run {name} does not divide by its {classes} classes: each gets {each} "
                    f"images, and the first {more} of them one more.",
                )
        clusters = config["metrics"]["clusters"]
        if sizes and clusters != len(sizes[0]):
            found.setdefault(
                (dataset["name"], "clusters"),
                f"metrics.clusters is {clusters}, and the data of run {name} has {len(sizes[0])} classes.",
            )
    return list(found.values())
