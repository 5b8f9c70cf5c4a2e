"""What each run's model is made of, for planning: built-in models are in the catalogue, others are built and traced.

Tracing needs torch, which planning does not load: evolution/models/module_tree.py does it, as a program of its own.
"""

import hashlib
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from evolution.data.catalogue import image_shape
from evolution.data.own_function import own_function
from evolution.errors import ModelError
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import TRANSFORMERS
from evolution.models.selection import Modules, tree_modules
from evolution.planning.code_files import code_fault, code_files, model_files, model_versions
from evolution.planning.digests import file_digest

# Next to Snakemake's own records. It can be deleted; each model is then traced again.
FOLDER = Path(".snakemake/evolution")

SCRIPTS = Path(__file__).parents[2]

PROGRAM = SCRIPTS / "evolution" / "models" / "module_tree.py"

# The packages whose version a trace depends on.
PACKAGES = ("torch", "torchvision")

# What pip installs a package that is optional by.
INSTALL = {TRANSFORMERS: "-r requirements-extras.txt"}

# The code with which the program ends where a model cannot be built or run.
UNFIT_MODEL = 3


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
    """What the program that traces a model is given: its name and kwargs, the images' shape, the number of classes.

    Raises
    ------
    ModelError
        If the images are not known.
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
    images = image_shape(dataset)
    if images is None:
        raise ModelError(
            f"{name} cannot be looked into, as the images of {dataset['name']} are not known", key="model.name"
        )
    shape, classes = images
    return {"name": name, "kwargs": model["kwargs"], "shape": shape, "classes": classes}


def tree_path(request: dict) -> Path:
    """Where the answer to a request is kept, under a digest of all that it depends on.

    That is the request, the user's model file and what it imports, and the program's code and packages.

    Raises
    ------
    ModelError
        If a user's model is not found or cannot be read, or a package is not installed.
    """
    basis = request | {
        "files": _code_digests(request["name"], "model.name") + _code_digests(request.get("data", ""), "dataset.name"),
        "versions": _versions(request["name"]),
        "code": [file_digest(path) for path in code_files(PROGRAM, SCRIPTS)],
    }
    key = hashlib.sha256(json.dumps(basis, sort_keys=True, default=str).encode()).hexdigest()[:20]
    return FOLDER / f"{key}.json"


def library_first(scripts: Path, paths: str | None = None) -> str:
    """PYTHONPATH with this workflow's scripts before all else, and what it held after them.

    So a user's package on PYTHONPATH can be imported, and one that is called as this workflow's library does not take
    its place.

    Parameters
    ----------
    scripts : Path
    paths : str, optional
        What PYTHONPATH holds; by default that of the environment.
    """
    paths = os.environ.get("PYTHONPATH", "") if paths is None else paths
    others = [path for path in paths.split(os.pathsep) if path and path != str(scripts)]
    return os.pathsep.join([str(scripts), *others])


def put_library_first() -> None:
    """Have every program that this process starts find this workflow's library before a user's package of its name."""
    os.environ["PYTHONPATH"] = library_first(SCRIPTS)


def _trace(request: dict, path: Path) -> None:
    """Let the program trace a model and write its tree to `path`."""
    done = subprocess.run(
        # -P: a module in the working directory does not replace one of the same name.
        [sys.executable, "-P", "-m", f"evolution.models.{PROGRAM.stem}"],
        input=json.dumps(request | {"answer": str(path)}, default=str) + "\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": library_first(SCRIPTS), "CUDA_VISIBLE_DEVICES": ""},
    )
    if done.returncode == 0:
        return
    if done.returncode == UNFIT_MODEL:
        fault = json.loads(done.stdout.splitlines()[-1])
        if fault["key"] is not None:
            raise ModelError(fault["problem"], key=fault["key"])
        reason = fault["problem"]
    else:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        reason = f"the program that looks into it ended with code {done.returncode}: {last}"
    if request["shape"] is None:
        raise ModelError(
            f"{request['name']} cannot be built and run on the samples of {request['data']} with model.kwargs "
            f"{request['kwargs']}: {reason}",
            key="model.name",
        )
    shape = " x ".join(map(str, request["shape"]))
    raise ModelError(
        f"{request['name']} cannot be built and run on images of {shape} (channels, height, width) with "
        f"{request['classes']} classes and model.kwargs {request['kwargs']}: {reason}",
        key="model.name",
    )


def _code_digests(name: str, key: str) -> list[str]:
    """Digests of a user's file and of what it imports from its folder and package; none for what is built in."""
    if fault := code_fault(name):
        raise ModelError(fault, key=key)
    return [file_digest(path) for path in model_files(name)]


def _versions(name: str) -> dict[str, str]:
    """The versions of the packages that a model is built with."""
    packages = (*PACKAGES, TRANSFORMERS) if name == TRANSFORMERS else PACKAGES
    try:
        return {package: metadata.version(package) for package in packages} | model_versions(name)
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f"{name} must be built to plan its layers, and {error.name} is not installed where Snakemake is; "
            f"pip install {INSTALL.get(error.name, error.name)}",
            key="model.name",
        ) from None
