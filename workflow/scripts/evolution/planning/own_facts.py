"""What the samples are that a function of the user's returns, for planning, which cannot call it.

Calling it needs torch, which planning does not load: evolution/data/own_facts.py does it, as a program of its own.
"""

import json
from importlib import metadata
from pathlib import Path

from evolution.data.kinds import AUTO, DataFacts
from evolution.errors import DataError, ModelError
from evolution.planning.programs import (
    SCRIPTS,
    ProgramError,
    answer_path,
    code_digests,
    package_versions,
    run_program,
)

PROGRAM = SCRIPTS / "evolution" / "data" / "own_facts.py"

# The keys of `dataset` that say what its samples are.
KEYS = ("kind", "target")


def said_of_data(dataset: dict) -> dict:
    """What a config says of its samples, as a part of a request; empty where it leaves all to them."""
    said = {key: dataset[key] for key in KEYS if dataset.get(key, AUTO) != AUTO}
    return {"said": said} if said else {}


def own_facts(dataset: dict) -> DataFacts:
    """The facts on the samples of a function, which the program finds where there is no answer yet.

    Parameters
    ----------
    dataset : dict
        `dataset` of a run, whose name is FILE.py:FUNCTION.

    Raises
    ------
    DataError
        If the samples cannot be used, or what they depend on is not known.
    """
    path = facts_path(dataset)
    try:
        return _read(path)
    except (OSError, ValueError, TypeError):
        _find(facts_request(dataset), path)
    return _read(path)


def facts_request(dataset: dict) -> dict:
    """What the program is asked."""
    # The seed decides no fact, as the samples' number and labels are the same for all.
    return {"data": dataset["name"], "seed": 0} | said_of_data(dataset)


def facts_path(dataset: dict) -> Path:
    """Where the answer is kept, under a digest of all that it depends on: the user's file and what it imports."""
    try:
        files, versions = code_digests(dataset["name"], "dataset.name"), package_versions()
    except ModelError as error:
        raise DataError(error.problem, key="dataset.name") from None
    except metadata.PackageNotFoundError as error:
        raise DataError(
            f"{dataset['name']} must be called to plan, and {error.name} is not installed where Snakemake is; "
            f"pip install {error.name}",
            key="dataset.name",
        ) from None
    return answer_path(facts_request(dataset), program=PROGRAM, files=files, versions=versions)


def _find(request: dict, path: Path) -> None:
    """Let the program write its answer to `path`."""
    try:
        fault = run_program(PROGRAM, request, path)
    except ProgramError as error:
        raise DataError(f"{request['data']}: the program that calls it {error}", key="dataset.name") from None
    if fault is not None:
        raise DataError(fault["problem"], key=fault["key"] or "dataset.name")


def _read(path: Path) -> DataFacts:
    found = json.loads(path.read_text(encoding="utf-8"))
    for name in ("names", "attributes", "shape"):
        found[name] = tuple(found[name])
    return DataFacts(**found)
