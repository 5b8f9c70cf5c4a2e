"""What the schema cannot check: keys that do not go together, run names, and what images and models allow."""

import difflib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evolution.config.schema import KeyPath, dotted
from evolution.config.spans import counted_spans, snapshot_spacing
from evolution.config.sweeps import Origin, holds
from evolution.data.catalogue import class_sizes, known_channels
from evolution.data.catalogue import missing_package as missing_data_package
from evolution.data.class_balance import images_per_class
from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, IMAGES, SIGNALS, TABLE
from evolution.data.own_function import own_function
from evolution.data.own_source import class_names
from evolution.embedding.methods import METHODS, missing_package
from evolution.errors import PATHS_COUNT, ConfigError, DataError
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.import_paths import find_module, no_module
from evolution.models.names import outputs_argument, own_class, package_class
from evolution.models.selection import AUTO, MOST_AUTO
from evolution.planning.code_files import code_fault
from evolution.planning.run_times import RunTimes, epoch_length, epoch_steps

# Planning more jobs takes Snakemake minutes.
MOST_JOBS = 200_000

# The folder in which runs are compared: a run of this name would share it.
COMPARISON_FOLDER = "comparison"


@dataclass(frozen=True)
class CheckedConfig:
    """A config that is being checked, with what is known of its faults so far.

    A check looks only at keys that are sound: what follows from another fault is not said.

    Attributes
    ----------
    config : dict
        With its defaults filled in, and with the runs that the sweeps make.
    written : dict
        As it was written, without its faults.
    faulty : frozenset of KeyPath
        The keys that are known to be wrong.
    origins : dict
        Run to where its settings are written; a run that is missing here is an entry of `runs`.
    """

    config: dict
    written: dict
    faulty: frozenset[KeyPath]
    origins: dict[str, Origin] = field(default_factory=dict)

    def sound(self, *keys: str | KeyPath) -> bool:
        """Whether no fault lies at these keys (dotted, or as tuples), above or below them."""
        wanted = [tuple(key.split(".")) if isinstance(key, str) else key for key in keys]
        return not any(key[: len(bad)] == bad[: len(key)] for key in wanted for bad in self.faulty)

    def origin(self, run: str) -> Origin:
        """Where a run's settings are written."""
        return self.origins.get(run) or Origin(run)

    def written_key(self, run: str, key: str, *more: object) -> str:
        """The dotted key at which a run's value is written: in a sweep, in its entry of `runs`, or for all runs.

        Names that users choose, such as those of a model's arguments, come as `more`, since they may hold dots.
        """
        origin, full_key = self.origin(run), (*key.split("."), *more)
        sections = {**origin.swept, f"runs.{origin.entry}": (self.written.get("runs") or {}).get(origin.entry)}
        section = next((name for name, changes in sections.items() if holds(changes, full_key)), None)
        return dotted(full_key if section is None else (section, *full_key))

    def sound_in(self, run: str, *keys: str) -> bool:
        """Whether these keys are sound in a run."""
        entry = ("runs", self.origin(run).entry)
        return self.sound(*keys, *((*entry, *key.split(".")) for key in keys))

    def runs(self, *keys: str) -> Iterator[tuple[str, dict]]:
        """The runs in which these keys are sound, with their settings."""
        return ((name, run) for name, run in self.config["runs"].items() if self.sound_in(name, *keys))

    def end_known(self, run: str) -> bool:
        """Whether all is sound that decides the last time of a run that is trained here."""
        if not self.sound("training.epochs", "snapshots.unit"):
            return False
        # In steps it depends on how many of them an epoch has.
        in_steps = self.config["snapshots"]["unit"] == "step"
        return not in_steps or self.sound_in(run, "training.batch_size", "training.accumulate", "dataset.train_size")

    def times_known(self, run: str) -> bool:
        """Whether all is sound that decides the times of a run that is trained here, and how they are cut into jobs."""
        keys = ("epochs_per_job", "steps_per_job", "keep_epochs")
        return self.end_known(run) and self.sound(
            "snapshots", "snapshots_per_job", *(f"training.{key}" for key in keys)
        )


def cross_key_faults(checked: CheckedConfig) -> list[str]:
    """Everything that the schema cannot check and that needs no model's layers, a line each."""
    faults = job_faults(checked)
    if not faults:
        faults += _check_times(checked)
    checks = (
        *(_check_training, _check_arguments, _check_sizes, _check_images, _check_normalization),
        *(_check_device, _check_files, _check_run_names, _check_seeds),
    )
    for check in checks:
        faults += check(checked)
    # A fault that several runs share is said once.
    return list(dict.fromkeys(faults))


def is_trained(run: dict) -> bool:
    """Whether this workflow trains a run."""
    return run["checkpoints"] is None and run["recording"] is None


def job_faults(checked: CheckedConfig) -> list[str]:
    """Whether the config makes more jobs than can be planned: one line, or none."""
    config = checked.config
    trained = [name for name, run in config["runs"].items() if is_trained(run)]
    if not all(map(checked.times_known, trained)):
        return []
    training = config["training"]
    cka = checked.sound("metrics.cka") and config["metrics"]["cka"]
    jobs = 0
    for name, run in config["runs"].items():
        # Before the models are known, the run's layers are names, globs, or one word.
        count = MOST_AUTO if run["layers"] == AUTO else len(run["layers"])
        if name in trained:
            spans, trainings = counted_spans(config, epoch_length(run, config))
        else:
            times = config.get("times", {}).get(name)
            spans, trainings = (len(times.spans), 0) if times else (0, 0)
        jobs += spans * (2 * count + 1 + cka) + trainings + count * cka
    if jobs <= MOST_JOBS:
        return []
    count = len(config["runs"])
    of_runs, fewer = (f" in {count} runs", ", or make fewer runs") if count > 1 else ("", "")
    if not trained:
        names = {"checkpoints": "checkpoints", "recording": "recorded times"}
        there = [key for key in names if any(run[key] is not None for run in config["runs"].values())]
        return [
            f"{' and '.join(f'{key}.path' for key in there)}: the {' and '.join(names[key] for key in there)}{of_runs} "
            f"make about {jobs} jobs, and more than {MOST_JOBS} cannot be planned; choose fewer with "
            f"{' and '.join(f'{key}.choose' for key in there)}, or raise snapshots_per_job{fewer}"
        ]
    unit, length = config["snapshots"]["unit"], epoch_length(config["runs"][trained[0]], config)
    return [
        f"training.epochs: {training['epochs']} with snapshots.every {snapshot_spacing(config, length)} ({unit}s)"
        f"{of_runs} makes about {jobs} jobs, and more than {MOST_JOBS} cannot be planned; raise snapshots.every, "
        f"snapshots_per_job or training.{unit}s_per_job{fewer}"
    ]


def _check_times(checked: CheckedConfig) -> Iterator[str]:
    """Times that are asked for have a snapshot."""
    config = checked.config
    for name, run in config["runs"].items():
        if is_trained(run) and checked.end_known(name):
            last = config["training"]["epochs"] * epoch_length(run, config)
            late = [time for time in config["snapshots"]["also"] if time > last]
            if late:
                yield f"snapshots.also: {late} lies past the last {_last_time(checked, name)}"
    asked = {"plots.grid_times": config["plots"]["grid_times"] or []}
    if config["comparison"]["cka_time"] is not None:
        asked["comparison.cka_time"] = [config["comparison"]["cka_time"]]
    for name, times in config["times"].items():
        for key, wanted in asked.items():
            for time in wanted if checked.sound(key) else []:
                if time not in times.times:
                    yield f"{key}: {_without_snapshot(time, times, checked, name)}"


def _without_snapshot(time: int, times: RunTimes, checked: CheckedConfig, run: str) -> str:
    """That a run has no snapshot at a time, and what to do."""
    last, near = times.times[-1], min(times.times, key=lambda known: abs(known - time))
    which = f" of run {run}" if len(checked.config["runs"]) > 1 else ""
    if times.stored:
        what = "checkpoint" if times.recording is None else "recorded time"
        return f"{time} has no {what}{which}, whose times are {times.unit}s; the nearest is {near}"
    if time > last:
        return f"{time} lies past the last {_last_time(checked, run)}"
    return f"{time} has no snapshot{which}, the nearest is {near}; add {time} to snapshots.also"


def _last_time(checked: CheckedConfig, run: str) -> str:
    """When the training of a run ends, as the end of a sentence that says: past the last."""
    config = checked.config
    epochs, length = config["training"]["epochs"], epoch_length(config["runs"][run], config)
    if config["snapshots"]["unit"] == "epoch":
        return f"epoch; training.epochs is {epochs}"
    which = f" of run {run}" if len(config["runs"]) > 1 else ""
    steps = "1 step" if length == 1 else f"{length} steps"
    return f"step{which}, which is {epochs * length}: {epochs} epochs of {steps}"


def _check_training(checked: CheckedConfig) -> Iterator[str]:
    """Keys of the training that do not go together."""
    config = checked.config
    if checked.sound("training.steps_per_job", "snapshots.unit"):
        steps = config["training"]["steps_per_job"]
        if steps is not None and config["snapshots"]["unit"] == "epoch":
            yield (
                f"training.steps_per_job: {steps} counts for nothing where snapshots.unit is epoch; set "
                "training.epochs_per_job, or snapshots.unit to step"
            )
    for name, run in checked.runs("training", "dataset"):
        if not is_trained(run):
            continue
        training = run["training"]
        schedule = training["schedule"]
        for key, values in (("warmup", [schedule["warmup"]]), ("at", schedule["at"])):
            for value in values:
                if value > 1 and value != int(value):
                    where = checked.written_key(name, f"training.schedule.{key}")
                    yield f"{where}: {value} is not allowed; must be a whole number of steps, or a share below 1"
        steps = config["training"]["epochs"] * epoch_steps(run)
        if schedule["warmup"] >= max(steps, 2) and checked.sound("training.epochs"):
            where = checked.written_key(name, "training.schedule.warmup")
            yield f"{where}: {schedule['warmup']} is as long as the training, which has {steps} steps; must be shorter"
        if training["accumulate"] > 1 and training["batch_size"] is None:
            where = checked.written_key(name, "training.accumulate")
            yield f"{where}: {training['accumulate']} counts for nothing where batch_size is null; set batch_size"
        if training["recipe"] is not None:
            for key, without in (("label_smoothing", 0), ("class_weights", None)):
                if training[key] != without:
                    yield (
                        f"{checked.written_key(name, f'training.{key}')}: {training[key]!r} is not read where "
                        "training.recipe gives the loss; leave one of the two out"
                    )
        elif training["recipe_kwargs"]:
            where = checked.written_key(name, "training.recipe_kwargs")
            yield f"{where}: {training['recipe_kwargs']} is read by training.recipe alone; name one, or leave this out"
        if training["stop"] is not None and not any(training["stop"].values()):
            where = checked.written_key(name, "training.stop")
            yield f"{where}: has no condition; must have train_accuracy, patience or diverged: true, or be null"
        weights, facts = training["class_weights"], data_facts(run["dataset"])
        if isinstance(weights, list) and facts and facts.target == CLASSES and len(weights) != len(facts.names):
            yield (
                f"{checked.written_key(name, 'training.class_weights')}: {weights} has {len(weights)} numbers, and the "
                f"data has {len(facts.names)} classes; give one for each class, or balanced"
            )


def _check_arguments(checked: CheckedConfig) -> Iterator[str]:
    """The built-in models take the arguments that they are given."""
    for name, run in checked.runs("model"):
        model, kwargs = run["model"]["name"], run["model"]["kwargs"]
        if model not in ARCHITECTURES:
            continue
        known = ARCHITECTURES[model].arguments
        for key, value in kwargs.items():
            if key == outputs_argument(model):
                continue  # Whether the data say it is looked at with their other facts.
            where = checked.written_key(name, "model.kwargs", key)
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                takes = ", ".join(known) or "no arguments"
                yield f"{where}: unknown argument of {model}; {hint}it takes {takes}"
            elif key == "dropout" and not (type(value) in (int, float) and 0 <= value <= 1):
                yield f"{where}: {value!r} is not allowed; must be a number from 0 to 1"


def _check_sizes(checked: CheckedConfig) -> Iterator[str]:
    """Numbers that must be smaller than the number of images."""
    config, seen = checked.config, set()
    for name, run in checked.runs("dataset.eval_size"):
        samples = run["dataset"]["eval_size"]
        where = f"run {name} has dataset.eval_size {samples}"
        times = config["times"].get(name)
        if times is not None and times.recording is not None and times.recording.sample_count < samples:
            samples = times.recording.sample_count
            where = f"the recording of run {name} has {samples} samples"
        if samples in seen:
            continue
        seen.add(samples)
        perplexity, neighbors = config["embedding"]["perplexity"], config["embedding"]["neighbors"]
        reads = METHODS[config["embedding"]["method"]].reads if checked.sound("embedding.method") else ()
        # PaCMAP also draws two other images for each neighbour.
        most_neighbors = (samples - 1) // 3 if config["embedding"]["method"] == "pacmap" else samples - 1
        if "neighbors" in reads and neighbors > most_neighbors and checked.sound("embedding.neighbors"):
            yield f"embedding.neighbors: {neighbors} is too large, {where}; must be at most {most_neighbors}"
        if "perplexity" in reads and perplexity >= samples / 3 and checked.sound("embedding.perplexity"):
            yield f"embedding.perplexity: {perplexity} is too large, {where}; must be below a third of it"
        for key in ("clusters", "neighbors"):
            value = config["metrics"][key]
            # auto is the number of classes, which the job that measures knows.
            if value != "auto" and value >= samples and checked.sound(f"metrics.{key}"):
                yield f"metrics.{key}: {value} is too large, {where}; must be below it"
        components = config["embedding"]["pca_components"]
        if "pca_components" in reads and components > samples and checked.sound("embedding.pca_components"):
            given = "" if "pca_components" in checked.written.get("embedding", {}) else " (the default)"
            yield (
                f"embedding.pca_components: {components}{given} is too large, {where}; there are no more components "
                "than samples, so must be at most that"
            )


def _check_images(checked: CheckedConfig) -> Iterator[str]:
    """The data set can be read and has enough samples of each class."""
    for name, run in checked.runs("dataset"):
        dataset, words = run["dataset"]["name"], {key: run["dataset"][key] for key in ("kind", "target")}
        try:
            known = class_sizes(dataset, **words)
        except DataError as error:
            yield f"{checked.written_key(name, 'dataset.name')}: {dataset} cannot be used: {error.problem}"
            continue
        if known is None:
            continue
        facts = data_facts(run["dataset"])
        one = "an image" if facts.kind == IMAGES else "a sample"
        train, evaluation = known
        sizes = {key: run["dataset"][key] for key in ("train_size", "eval_size")}
        too_small = [key for key, size in sizes.items() if size < len(train)]
        for key in too_small:
            where = checked.written_key(name, f"dataset.{key}")
            yield f"{where}: {sizes[key]} is not allowed; must be at least {len(train)}, {one} of each class"
        if too_small:
            continue
        wanted = {key: images_per_class(size, len(train)) for key, size in sizes.items()}
        if evaluation is None:
            both = [sum(pair) for pair in zip(*wanted.values())]
            parts = [(list(sizes), both, train)]
        else:
            parts = [(["train_size"], wanted["train_size"], train), (["eval_size"], wanted["eval_size"], evaluation)]
        for keys, counts, available in parts:
            if any(count > there for count, there in zip(counts, available)):
                given = " and ".join(f"{checked.written_key(name, f'dataset.{key}')}: {sizes[key]}" for key in keys)
                least = min(available)
                together = ", to train and to evaluate on together" if len(keys) > 1 else ""
                are = "are" if len(keys) > 1 else "is"
                if facts.target != CLASSES:
                    what = "images" if facts.kind == IMAGES else "samples"
                    yield f"{given} {are} more than {dataset} has; there are {least} {what} in all{together}"
                    continue
                # In the built-in data sets, whose classes are of similar size, it does not matter which class it is.
                names = class_names(dataset, **words)
                which = f" (the smallest class is {names[available.index(least)]!r})" if names else ""
                yield (
                    f"{given} {are} more than {dataset} has; with the same number of "
                    f"each class there are {least} per class{which}, {least * len(available)} in all{together}"
                )


def _check_normalization(checked: CheckedConfig) -> Iterator[str]:
    """Numbers to normalise pixels by are from 0 to 1, and lists of them have one for each channel or column."""
    for name, run in checked.runs("dataset"):
        normalize, dataset = run["dataset"]["normalize"], run["dataset"]["name"]
        if not isinstance(normalize, dict):
            continue
        facts, channels, of = data_facts(run["dataset"]), known_channels(run["dataset"]), "channel"
        if facts is not None and facts.kind in (TABLE, SIGNALS):
            channels, of = facts.shape[:1], "column" if facts.kind == TABLE else "channel"
        if not channels:
            continue
        what = "images" if facts is None or facts.kind == IMAGES else "samples"
        for key, value in normalize.items():
            if what == "images":
                where = checked.written_key(name, f"dataset.normalize.{key}")
                numbers = enumerate(value) if isinstance(value, list) else [(None, value)]
                for place, number in numbers:
                    at = where if place is None else f"{where}.{place}"
                    if number < 0 or number > 1:
                        bound = "at least 0" if number < 0 else "at most 1"
                        yield f"{at}: {number} is not allowed; must be {bound}, of pixels from 0 to 1"
            if isinstance(value, list) and len(value) not in channels:
                where = checked.written_key(name, f"dataset.normalize.{key}")
                have = " or ".join(map(str, channels)) + (f" {of}" if channels == (1,) else f" {of}s")
                yield (
                    f"{where}: {value} has {len(value)} numbers, and the {what} of {dataset} have {have}; give one "
                    f"number, or one for each {of}"
                )


def _check_device(checked: CheckedConfig) -> Iterator[str]:
    """A run that must have a GPU asks the scheduler for one."""
    for name, run in checked.runs("training.device", "training.gpus"):
        if run["training"]["device"] == "cuda" and run["training"]["gpus"] == 0:
            gpus, device = (checked.written_key(name, f"training.{key}") for key in ("gpus", "device"))
            yield f"{gpus}: 0 asks the scheduler for no GPU, and {device} is cuda; set gpus to 1, or device to auto"


def _check_files(checked: CheckedConfig) -> Iterator[str]:
    """The files, folders and modules that the config names are there."""
    for name, run in checked.runs("dataset.root"):
        root, where = run["dataset"]["root"], checked.written_key(name, "dataset.root")
        if "\0" in root:
            yield f"{where}: {root!r} is not allowed; must be a folder's path"
        elif Path(root).expanduser().is_file():
            yield f"{where}: {root!r} is a file; must be a folder, the one that holds torchvision's data sets"
    for name, run in checked.runs("model", "dataset.name", "checkpoints"):
        weights, where = run["model"]["weights"], checked.written_key(name, "model.weights")
        if weights is not None and ("\0" in weights or not Path(weights).expanduser().is_file()):
            yield f"{where}: {weights!r} is no file; must be a file with weights (.pt, .safetensors, ...), or null"
        for source in ("checkpoints", "recording"):
            history = (run[source] or {}).get("history")
            if history is not None and ("\0" in history or not Path(history).expanduser().is_file()):
                yield (
                    f"{checked.written_key(name, f'{source}.history')}: {history!r} is no file; must be a CSV file "
                    "with epoch or step, and train_loss or train_accuracy (of a number train_r2, of several labels "
                    "train_average_precision), or a trainer_state.json"
                )
        data = own_function(run["dataset"]["name"])
        if data and run["checkpoints"] is None:
            yield (
                f"{checked.written_key(name, 'dataset.name')}: {run['dataset']['name']} has no images to train on, so "
                "it goes with `checkpoints` alone; to train, use npz: or image_folder:"
            )
        if data and not data[0].is_file():
            where = checked.written_key(name, "dataset.name")
            yield f"{where}: there is no file {data[0]}; {PATHS_COUNT}"
        elif data and (fault := code_fault(run["dataset"]["name"])):
            yield f"{checked.written_key(name, 'dataset.name')}: {fault}"
        classes = {"model.name": run["model"]["name"]}
        if is_trained(run) and checked.sound("training.recipe") and run["training"]["recipe"] is not None:
            classes["training.recipe"] = run["training"]["recipe"]
        for key, their_name in classes.items():
            own, package = own_class(their_name), package_class(their_name)
            where = checked.written_key(name, key)
            if own and not own[0].is_file():
                yield f"{where}: there is no file {own[0]}; {PATHS_COUNT}"
            elif package and find_module(package[0]) is None:
                yield f"{where}: {no_module(package[0])}"
            elif key == "training.recipe" and (fault := code_fault(their_name)):
                # Of a model, the trace says so.
                yield f"{where}: {fault}"


def _check_run_names(checked: CheckedConfig) -> Iterator[str]:
    """Each run has a folder of its own: names that differ only in case are one folder on macOS and Windows."""
    first: dict[str, str] = {}
    # The entries too: a sweep that gives their runs different names does not make them easier to tell apart.
    entries = [origin.entry for origin in checked.origins.values()]
    for name in dict.fromkeys([*entries, *checked.config["runs"]]):
        if name.lower() == COMPARISON_FOLDER:
            yield f"runs.{name}: is the folder where runs are compared; choose another name"
        if (other := first.setdefault(name.lower(), name)) != name:
            yield f"runs.{name}: is the same name as runs.{other} where case does not count; choose another"


def _check_seeds(checked: CheckedConfig) -> Iterator[str]:
    """No two runs are one training under two seeds: they would count as two trainings."""
    first: dict[str, int] = {}
    for name, run in checked.runs("seed", "checkpoints", "model", "dataset"):
        if run["checkpoints"] is None:
            continue
        training = repr([run[key] for key in ("checkpoints", "model", "dataset", "layers")])
        seed = first.setdefault(training, run["seed"])
        if seed != run["seed"]:
            yield (
                f"{checked.written_key(name, 'seed')}: {run['seed']} and {seed} make two runs of the "
                f"checkpoints of {run['checkpoints']['path']}, which are one training; give it one seed"
            )


def check_installed(config: dict) -> None:
    """Refuse a resolved config that needs an optional package which is not installed.

    Raises
    ------
    ConfigError
    """
    method = config["embedding"]["method"]
    if package := missing_package(method):
        raise ConfigError(
            f"{method} needs the package {package}, which is not installed; install it with `{sys.executable} "
            "-m pip install -r requirements-extras.txt`, run with --sdm conda, or choose tsne or pca",
            key="embedding.method",
        )
    for name in dict.fromkeys(run["dataset"]["name"] for run in config["runs"].values()):
        if pin := missing_data_package(name):
            raise ConfigError(
                f"{name} is read from the package {pin.partition('==')[0]}, which is not installed; install it with "
                f"`{sys.executable} -m pip install {pin}`, or choose another data set",
                key="dataset.name",
            )


def notes(config: dict) -> list[str]:
    """What in a resolved config is allowed and may surprise, a sentence each."""
    found: dict[tuple, str] = {}
    samples: dict[str, str] = {}
    for name, run in config["runs"].items():
        if run["recording"] is not None:
            continue  # Its samples may be those of another run: its ids or inputs say so, which a job compares.
        dataset = run["dataset"]
        seed = run["seed"] if dataset["seed"] is None else dataset["seed"]
        drawn = [seed, *(dataset[key] for key in ("name", "root", "eval_size", "image_size", "kind", "target"))]
        samples.setdefault(repr(drawn), name)
    if len(samples) > 1:
        first, second, *_ = samples.values()
        found[()] = (
            f"Runs {first} and {second} follow different evaluation samples, as `dataset` or seed differs: their "
            "accuracies and metrics differ for that reason too where the figures compare them."
        )
    for name, run in config["runs"].items():
        dataset = run["dataset"]
        if own_function(dataset["name"]):
            unused = {"image_size": dataset["image_size"] is not None, "normalize": dataset["normalize"] != "auto"}
            for key in (key for key, given in unused.items() if given):
                found.setdefault(
                    (dataset["name"], key),
                    f"dataset.{key} is not used for {dataset['name']}, whose samples are ready for the model: change "
                    "them in the function.",
                )
        facts = data_facts(dataset)
        if facts is None or facts.target != CLASSES:
            continue
        classes = len(facts.names)
        for key in ("train_size", "eval_size"):
            each, more = divmod(dataset[key], classes)
            if more:
                # Runs with the same images have the same note: the first run's.
                found.setdefault(
                    (dataset["name"], key, dataset[key]),
                    f"dataset.{key} {dataset[key]} of run {name} does not divide by its {classes} classes: each gets "
                    f"{each} {'images' if facts.kind == IMAGES else 'samples'}, and the first {more} of them one more.",
                )
        clusters = config["metrics"]["clusters"]
        if clusters not in ("auto", classes):
            found.setdefault(
                (dataset["name"], "clusters"),
                f"metrics.clusters is {clusters}, and the data of run {name} has {classes} classes.",
            )
    return list(found.values())
