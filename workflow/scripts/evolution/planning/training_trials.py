"""Trainings whose recipe is tried before any job runs, for planning: only torch and the user's code know what fits.

Trying needs torch, which planning does not load: evolution/training/trial.py does it, as a program of its own.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from evolution.config.checks import CheckedConfig, is_trained
from evolution.data.catalogue import known_channels
from evolution.data.facts import data_facts
from evolution.data.kinds import IMAGES
from evolution.errors import ModelError, UserError
from evolution.io.whole_files import whole_file
from evolution.models.names import TRANSFORMERS
from evolution.planning.code_files import model_versions
from evolution.planning.model_trees import facts_asked
from evolution.planning.programs import (
    PACKAGES,
    SCRIPTS,
    ProgramError,
    answer_path,
    code_digests,
    package_versions,
    run_program,
)

PROGRAM = SCRIPTS / "evolution" / "training" / "trial.py"

# Optimizers that need no trial as long as they have no arguments.
PLAIN = ("adamw", "adam", "sgd")

# The images of a batch that are enough for a trial where the recipe is this workflow's own.
FEW = 8

# Seconds after which a trial says nothing: a recipe may load large files.
TIMEOUT = 180


def training_faults(checked: CheckedConfig) -> list[str]:
    """What in the recipes of the trainings cannot be used: a line for each fault, with the key of the config.

    Trainings that ran elsewhere have no recipe here. An answer is kept, and trainings with the same question are tried
    once.
    """
    faults: dict[str, None] = {}
    known: dict[Path, list[UserError]] = {}
    for name, run in checked.config["runs"].items():
        if is_trained(run):
            for error in _run_faults(run, known):
                faults[str(error.at(checked.written_key(name, error.key)))] = None
    return list(faults)


def trial_requests(run: dict) -> list[dict]:
    """What a run's trial is asked: a request for each number of channels that images may have, the likely first.

    A request holds only what decides the answer, so that a sweep over rates, seeds or sizes is tried once.

    Parameters
    ----------
    run : dict
        A run's settings.

    Returns
    -------
    list of dict
        See `evolution.training.trial.trial_faults`. Empty where there is nothing to try, or the samples are not
        known.
    """
    training, facts = run["training"], data_facts(run["dataset"])
    tries_optimizer = training["optimizer"] not in PLAIN or bool(training["optimizer_kwargs"])
    needs_network = tries_optimizer or training["recipe"] is not None
    if facts is None or facts.shape is None or not (needs_network or training["augmentation"]):
        return []
    shape = facts.shape
    request = facts_asked(facts) | {"augmentation": training["augmentation"], "model": None, "recipe": None}
    if needs_network:
        train_size = run["dataset"]["train_size"]
        batch_size = min(training["batch_size"] or train_size, train_size)
        has_recipe = training["recipe"] is not None
        request |= {
            "model": run["model"]["name"],
            "model_kwargs": run["model"]["kwargs"],
            # A recipe of the user's may need a whole batch.
            "batch_size": batch_size if has_recipe else min(batch_size, FEW),
            "accumulate": min(training["accumulate"], 2) if has_recipe else 1,
            "weight_decay": training["weight_decay"] > 0,
            **{key: training[key] for key in ("optimizer", "optimizer_kwargs", "recipe", "recipe_kwargs")},
        }
    if facts.kind != IMAGES:
        return [request | {"shape": list(shape)}]
    channels = sorted({shape[0], *known_channels(run["dataset"])}, key=lambda count: count != shape[0])
    return [request | {"shape": [count, *shape[1:]]} for count in channels]


def trial_path(request: dict) -> Path:
    """Where the answer to a request is kept, under a digest of all that it depends on.

    That is the request, the user's files with the model and the recipe and what they import, and the program's code and
    packages.

    Raises
    ------
    ModelError
        If a user's file is not found or cannot be read.
    PackageNotFoundError
        Of importlib.metadata, if a package is not installed where Snakemake is.
    """
    files, versions = [], package_versions((*PACKAGES, *([TRANSFORMERS] if request["model"] == TRANSFORMERS else [])))
    for name, key in ((request["model"], "model.name"), (request["recipe"], "training.recipe")):
        if name is not None:
            files += code_digests(name, key)
            versions |= model_versions(name)
    return answer_path(request, program=PROGRAM, files=files, versions=versions)


def _run_faults(run: dict, known: dict[Path, list[UserError]]) -> list[UserError]:
    """The faults of a run's training, from an answer that is known or kept, or from a trial."""
    found, refused = [], []
    for request in trial_requests(run):
        try:
            path = trial_path(request)
        except ModelError as error:
            return [error]
        except metadata.PackageNotFoundError:
            # Jobs may run where it is, as with --sdm conda.
            return []
        if path not in known:
            known[path] = _tried(request, path)
        if not known[path]:
            # Images with another number of channels are for the job to see. Nothing is to be tried again.
            for other in refused:
                _keep(other, {"faults": []})
                known[other] = []
            return []
        refused.append(path)
        found = found or known[path]
    return found


def _tried(request: dict, path: Path) -> list[UserError]:
    """The faults of a request. Where there is none, this is kept: a fault may lie at a file that comes later."""
    with suppress(OSError, ValueError):
        if isinstance(json.loads(path.read_text(encoding="utf-8")), Mapping):
            return []
    try:
        faults = run_program(PROGRAM, request, path, timeout=TIMEOUT)
    except ProgramError as error:
        # It says nothing of the config: the machine may have too little memory.
        _keep(path, {"faults": [], "untried": f"the trial {error}"})
        return []
    return [UserError(fault["problem"], fault["key"]) for fault in faults or []]


def _keep(path: Path, answer: dict) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(answer), encoding="utf-8")
