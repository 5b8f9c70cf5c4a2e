"""The code that a job runs, as files among its inputs: read off import statements, so that none can be forgotten."""

import os
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from evolution.errors import PATHS_COUNT
from evolution.models.import_paths import imported_files, imported_names, package_files, user_code
from evolution.models.names import own_class, package_class
from evolution.sources.notes import Notes


@dataclass(frozen=True)
class Imports:
    """What a file's import statements name, see `imported_names`: noted, as to parse the library takes a third of a
    second whenever Snakemake starts.
    """

    names: list[tuple[int, str]]
    is_whole: bool = True


def import_notes() -> Notes:
    """The planner's notes on the imports of files with code."""
    return Notes("imports", Imports)


def code_files(script: Path, folder: Path | None = None, notes: Notes | None = None) -> list[Path]:
    """A script, and every module in a folder that it imports, directly or through another module.

    Parameters
    ----------
    script : Path
    folder : Path, optional
        The folder that imports start from; by default the script's own.
    notes : Notes, optional
        `import_notes()`, where a file that is as it was need not be parsed again.

    Returns
    -------
    list of Path
        Sorted.

    Raises
    ------
    OSError, SyntaxError
        If one of the files cannot be read or parsed.
    """
    folder = script.parent if folder is None else folder
    found, pending = set(), [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            imports = _read_imports(path) if notes is None else notes.facts(path, _read_imports)
            pending += _imported_files(path, folder, tuple(map(tuple, imports.names)))
    return sorted(found)


def model_files(name: str) -> list[Path]:
    """A user's model file and the files that it imports from its folder and package; none for any other model.

    A module of an installed package counts by the package's version, see `model_versions`. A module that lies
    elsewhere, as of a package that is installed in place, counts as a file of the user's does.

    Raises
    ------
    ModelError
        If the model's module is not found.
    OSError, SyntaxError
        If one of the files cannot be read or parsed.
    """
    own, package = own_class(name), package_class(name)
    if own:
        # A path from the working directory stays one.
        shown = Path if own[0].is_absolute() else os.path.relpath
        code = user_code(own[0])
        return sorted(own[0] if path == code.file else Path(shown(path)) for path in code.files)
    code = package_files(package[0]) if package else None
    return [Path(os.path.relpath(path)) for path in code.files] if code else []


def code_fault(name: str) -> str | None:
    """What keeps a user's file from being read as code, or a file that it imports; None where all can be read.

    Parameters
    ----------
    name : str
        See `model_files`.
    """
    own = own_class(name)
    shown = own[0] if own else name
    try:
        model_files(name)
    except SyntaxError as error:
        # Any of the files may be the one.
        file = Path(error.filename or "<unknown>").name
        where = f" ({file})" if own and file not in ("<unknown>", own[0].name) else ""
        return f"{shown} is not Python{where}: {error.msg}, line {error.lineno}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"{shown} cannot be read ({reason}); {PATHS_COUNT}"
    return None


@cache
def model_versions(name: str) -> dict[str, str]:
    """The versions of the installed package that a model comes from; none for any other model.

    Raises
    ------
    ModelError
        If the model's module is not found.
    """
    package = package_class(name)
    if package is None or package_files(package[0]) is not None:
        return {}
    first = package[0].partition(".")[0]
    try:
        # Most packages are called as what they hold is imported; to look into all of them takes half a second.
        return {first: metadata.version(first)}
    except metadata.PackageNotFoundError:
        owners = sorted(set(metadata.packages_distributions().get(first, ())))
        return {owner: metadata.version(owner) for owner in owners}


def _read_imports(path: Path) -> Imports:
    return Imports(imported_names(path.read_bytes()))


@cache
def _imported_files(path: Path, folder: Path, names: tuple[tuple[int, str], ...]) -> list[Path]:
    """The files under `folder` that a file's import statements name."""
    found = []
    for level, name in names:
        # A leading dot counts from the file's own folder, each further one from the folder above.
        found += _files_of(name, path.parents[level - 1] if level else folder)
    return list(dict.fromkeys(found))


@cache
def _files_of(name: str, folder: Path) -> list[Path]:
    """See `imported_files`; most names are imported by many files."""
    return imported_files(name, [folder])
