"""The layers that each run follows, by name: what `layers` asks for, held against what the run's model has."""

import hashlib
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from evolution.data.catalogue import image_shape
from evolution.errors import ModelError
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import model_files, own_class
from evolution.models.selection import Modules, tree_modules
from evolution.planning.code_files import code_files


def model_modules(run: dict) -> Modules:
    """What of a run's model can be followed: from the catalogue, or found out.

    Raises
    ------
    ModelError
        If the model cannot be built or run.
    """
    name = run["model"]["name"]
    if name in ARCHITECTURES:
        return ARCHITECTURES[name].modules()
    return tree_modules(read_tree(tree_file(run["model"], run["dataset"])))


# Beside Snakemake's own records, and like them not worth keeping for itself.
FOLDER = Path(".snakemake/evolution")

SCRIPTS = Path(__file__).parents[2]

PROGRAM = SCRIPTS / "evolution" / "models" / "module_tree.py"

# Whose versions its answer depends on.
PACKAGES = ("torch", "torchvision")


def tree_file(model: dict, dataset: dict) -> Path:
    """The file that holds a model's module tree; it is made where there is none yet.

    Parameters
    ----------
    model, dataset : dict
        A run's settings.

    Returns
    -------
    Path
        JSON, see `evolution.models.module_tree.trace`. Its name is a digest of all that it depends on.

    Raises
    ------
    ModelError
    """
    name = model["name"]
    images = image_shape(dataset)
    if images is None:
        raise ModelError(f"model.name: {name} cannot be looked into, as the images of {dataset['name']} are not known")
    shape, classes = images
    request = {"name": name, "kwargs": model["kwargs"], "shape": shape, "classes": classes}
    basis = request | {
        "files": _digests(name),
        "versions": _versions(name),
        "code": _digests_of(code_files(PROGRAM, SCRIPTS)),
    }
    key = hashlib.sha256(json.dumps(basis, sort_keys=True, default=str).encode()).hexdigest()[:20]
    path = FOLDER / f"{key}.json"
    try:
        read_tree(path)
    except (OSError, ValueError):
        _make(path, request)
    return path


def read_tree(path: Path) -> list[dict]:
    """A module tree as `evolution.models.module_tree.trace` returned it."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def _make(path: Path, request: dict) -> None:
    """Let the program find out a tree and write it to `path`."""
    done = subprocess.run(
        # -P: what lies in the working directory does not take the place of a module.
        [sys.executable, "-P", "-m", f"evolution.models.{PROGRAM.stem}"],
        input=json.dumps(request | {"answer": str(path)}, default=str) + "\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS), "CUDA_VISIBLE_DEVICES": ""},
    )
    if done.returncode == 0:
        return
    if done.returncode == 3:
        reason = json.loads(done.stdout.splitlines()[-1])
    else:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        reason = f"the program that looks into it ended with code {done.returncode}: {last}"
    if reason.startswith(("model.name: ", "model.kwargs: ")):
        raise ModelError(reason)
    shape = " x ".join(map(str, request["shape"]))
    raise ModelError(
        f"model.name: {request['name']} cannot be built and run on images of {shape} (channels, height, width) with "
        f"{request['classes']} classes and model.kwargs {request['kwargs']}: {reason}"
    )


def _digests(name: str) -> list[str]:
    """Of a user's model file and what it imports from its folder."""
    own = own_class(name)
    if own is None:
        return []
    try:
        return _digests_of(model_files(name))
    except SyntaxError as error:
        raise ModelError(f"model.name: {own[0]} is not Python: {error.msg}, line {error.lineno}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(
            f"model.name: {own[0]} cannot be read ({reason}); paths count from the folder that Snakemake runs in"
        ) from None


def _digests_of(files: list[Path]) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def _versions(name: str) -> dict[str, str]:
    try:
        return {package: metadata.version(package) for package in PACKAGES}
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f"model.name: {name} must be built to plan its layers, and {error.name} is not installed beside Snakemake; "
            f"pip install {error.name}"
        ) from None
