"""Programs that planning starts for what only torch and the user's code know, and where their answers are kept.

Such a program reads its request from standard input, and writes its answer to the file that the request names. Where it
finds a fault of the config, it ends with the code `FAULT`, and the last line of its output is the fault as JSON.
"""

import hashlib
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import yaml

from evolution.errors import ModelError
from evolution.planning.code_files import code_fault, code_files, model_files
from evolution.planning.digests import file_digest

# Next to Snakemake's own records. It can be deleted; the programs then run again.
FOLDER = Path(".snakemake/evolution")

SCRIPTS = Path(__file__).parents[2]

# The code with which a program ends where it finds a fault.
FAULT = 3

# The packages whose version each answer depends on.
PACKAGES = ("torch", "torchvision")


class ProgramError(Exception):
    """A program ended without an answer; the text says how, as the end of a sentence."""


class _Dumper(yaml.SafeDumper):
    """Writes what a config may hold."""


_Dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)
_Dumper.add_multi_representer(object, lambda dumper, value: dumper.represent_str(str(value)))


def as_text(request: dict) -> str:
    """A request as YAML: unlike JSON, it keeps keys that are numbers, and dates."""
    return yaml.dump(request, Dumper=_Dumper)


def answer_path(request: dict, *, program: Path, files: list[str], versions: dict[str, str]) -> Path:
    """Where the answer to a request is kept, under a digest of all that it depends on.

    Parameters
    ----------
    request : dict
    program : Path
        A module of the library. All that it imports of the library counts.
    files : list of str
        The digests of the user's files, see `code_digests`.
    versions : dict
        Package to its version.
    """
    basis = {
        "request": request,
        "files": files,
        "versions": versions,
        "code": [file_digest(path) for path in code_files(program, SCRIPTS)],
    }
    return FOLDER / f"{hashlib.sha256(as_text(basis).encode()).hexdigest()[:20]}.json"


def run_program(program: Path, request: dict, answer: Path, *, timeout: float | None = None) -> object:
    """Let a program answer a request.

    Parameters
    ----------
    program : Path
        A module of the library.
    request : dict
    answer : Path
        The file for its answer.
    timeout : float, optional
        Seconds after which it is ended.

    Returns
    -------
    object
        None where it has answered; else the fault that it found, as it printed it.

    Raises
    ------
    ProgramError
        If it ends in another way, or takes too long.
    """
    module = ".".join(program.relative_to(SCRIPTS).with_suffix("").parts)
    try:
        done = subprocess.run(
            # -P: a module in the working directory does not replace one of the same name.
            [sys.executable, "-P", "-m", module],
            input=as_text(request | {"answer": str(answer)}),
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, "PYTHONPATH": library_first(SCRIPTS), "CUDA_VISIBLE_DEVICES": ""},
        )
    except subprocess.TimeoutExpired:
        raise ProgramError(f"took more than {timeout:g} s") from None
    if done.returncode == 0:
        return None
    if done.returncode == FAULT:
        return json.loads(done.stdout.splitlines()[-1])
    last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    raise ProgramError(f"ended with code {done.returncode}: {last}")


def torch_finds_gpu() -> bool:
    """Whether torch has a GPU that it can use here. Planning does without torch, so another process is asked."""
    question = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    return subprocess.run([sys.executable, "-P", "-c", question], capture_output=True).returncode == 0


def code_digests(name: str, key: str) -> list[str]:
    """Digests of a user's file and of what it imports from its folder and package; none for what is built in.

    Parameters
    ----------
    name : str
        As a config names a class of the user's.
    key : str
        The key of the config with the name.

    Raises
    ------
    ModelError
        If one of the files cannot be read.
    """
    if fault := code_fault(name):
        raise ModelError(fault, key=key)
    return [file_digest(path) for path in model_files(name)]


def package_versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """The versions of installed packages.

    Raises
    ------
    PackageNotFoundError
        Of importlib.metadata, if one is not installed where Snakemake is.
    """
    return {package: metadata.version(package) for package in packages}


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
