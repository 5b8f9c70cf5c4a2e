"""What each run's model is made of, for planning: built-in models are in the catalogue, others are built and traced.

Tracing needs torch, which planning does not load: evolution/models/module_tree.py does it, as a program of its own.
"""

import json
from importlib import metadata
from pathlib import Path

from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, IMAGES, DataFacts, output_count
from evolution.data.own_function import own_function
from evolution.errors import ModelError
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import TRANSFORMERS
from evolution.models.selection import Modules, tree_modules
from evolution.planning.code_files import model_versions
from evolution.planning.programs import (
    PACKAGES,
    SCRIPTS,
    ProgramError,
    answer_path,
    code_digests,
    package_versions,
    run_program,
)

PROGRAM = SCRIPTS / "evolution" / "models" / "module_tree.py"

# What pip installs a package that is optional by.
INSTALL = {TRANSFORMERS: "-r requirements-extras.txt"}


def model_modules(run: dict) -> Modules:
    """Which modules of a run's model can be followed, from the catalogue or from a trace.

    Raises
    ------
    ModelError
        If the model cannot be built or run.
    """
    name = run["model"]["name"]
    if name in ARCHITECTURES:
        return ARCHITECTURES[name].modules()
    return tree_modules(read_tree(tree_file(run["model"], run["dataset"])))


def tree_file(model: dict, dataset: dict) -> Path:
    """The file with a model's module tree; the model is traced where there is no such file yet.

    Parameters
    ----------
    model, dataset : dict
        A run's settings.

    Returns
    -------
    Path
        JSON, see `evolution.models.module_tree.trace`.

    Raises
    ------
    ModelError
        If the model cannot be built or run, or what it depends on is not known.
    """
    request = trace_request(model, dataset)
    path = tree_path(request)
    try:
        read_tree(path)
    except (OSError, ValueError):
        _trace(request, path)
    return path


def read_tree(path: str | Path) -> list[dict]:
    """A module tree as `evolution.models.module_tree.trace` returned it."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def trace_request(model: dict, dataset: dict) -> dict:
    """What the program that traces a model is given: its name and kwargs, and the samples' shape and what they are.

    Raises
    ------
    ModelError
        If the samples are not known.
    """
    name = model["name"]
    if own_function(dataset["name"]):
        # The program looks at the data itself.
        return {
            "name": name,
            "kwargs": model["kwargs"],
            "shape": None,
            "classes": None,
            "data": dataset["name"],
            "seed": 0,
        }
    facts = data_facts(dataset)
    if facts is None or facts.shape is None:
        raise ModelError(
            f"{name} cannot be looked into, as the samples of {dataset['name']} are not known", key="model.name"
        )
    return {"name": name, "kwargs": model["kwargs"], "shape": facts.shape} | facts_asked(facts)


def facts_asked(facts: DataFacts) -> dict:
    """What a program that builds a model is told of its samples, in addition to their shape.

    Returns
    -------
    dict
        classes, the number of outputs; of samples that are no images with classes also kind, target and vocabulary.
    """
    asked = {"classes": output_count(facts.target, facts.names)}
    if (facts.kind, facts.target) != (IMAGES, CLASSES):
        asked |= {"kind": facts.kind, "target": facts.target, "vocabulary": facts.vocabulary}
    return asked


def tree_path(request: dict) -> Path:
    """Where the answer to a request is kept, under a digest of all that it depends on.

    That is the request, the user's model file and what it imports, and the program's code and packages.

    Raises
    ------
    ModelError
        If a user's model is not found or cannot be read, or a package is not installed.
    """
    files = code_digests(request["name"], "model.name") + code_digests(request.get("data", ""), "dataset.name")
    return answer_path(request, program=PROGRAM, files=files, versions=_versions(request["name"]))


def _trace(request: dict, path: Path) -> None:
    """Let the program trace a model and write its tree to `path`."""
    try:
        fault = run_program(PROGRAM, request, path)
    except ProgramError as error:
        reason = f"the program that looks into it {error}"
    else:
        if fault is None:
            return
        if fault["key"] is not None:
            raise ModelError(fault["problem"], key=fault["key"])
        reason = fault["problem"]
    if request["shape"] is None:
        raise ModelError(
            f"{request['name']} cannot be built and run on the samples of {request['data']} with model.kwargs "
            f"{request['kwargs']}: {reason}",
            key="model.name",
        )
    shape = " x ".join(map(str, request["shape"]))
    samples = f"images of {shape} (channels, height, width)"
    if request.get("kind", IMAGES) != IMAGES:
        samples = f"samples ({request['kind']}) of {shape}"
    outputs = "" if request["classes"] is None else f"{request['classes']} classes and "
    if request.get("target", CLASSES) != CLASSES and outputs:
        outputs = f"{request['classes']} outputs and "
    raise ModelError(
        f"{request['name']} cannot be built and run on {samples} with {outputs}model.kwargs {request['kwargs']}: "
        f"{reason}",
        key="model.name",
    )


def _versions(name: str) -> dict[str, str]:
    """The versions of the packages that a model is built with."""
    packages = (*PACKAGES, TRANSFORMERS) if name == TRANSFORMERS else PACKAGES
    try:
        return package_versions(packages) | model_versions(name)
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f"{name} must be built to plan its layers, and {error.name} is not installed where Snakemake is; "
            f"pip install {INSTALL.get(error.name, error.name)}",
            key="model.name",
        ) from None
