"""The files and folders that `checkpoints.path` stands for: a file, a folder, a glob, or a pattern with numbers."""

import glob
import os
import re
from pathlib import Path

from evolution.errors import PATHS_COUNT
from evolution.sources.checkpoint_file import FOLDER_WEIGHTS, SUFFIXES, is_checkpoint_folder
from evolution.sources.file_names import FIELD, glob_of
from evolution.sources.sentences import few

# Files next to weights that are no weights.
OTHER_FILES = re.compile(r"(optimizer|scheduler|scaler|rng_state.*|training_args)\.(pt|pth|bin)")


def is_pattern(path: str) -> bool:
    """Whether `checkpoints.path` stands for several files."""
    return bool(FIELD.search(path)) or glob.has_magic(path)


def matching_paths(pattern: str) -> list[str]:
    """The files and folders of a pattern, a folder or a file, as paths with /, sorted."""
    expanded = os.path.expanduser(pattern)
    if is_pattern(pattern):
        names = glob.glob(glob_of(expanded), recursive=True)
        names = [name for name in names if FIELD.search(pattern) or _may_be_checkpoint(Path(name))]
    elif within := _checkpoint_folders_in(expanded):
        # A Trainer's folder may hold the last model as well, next to its checkpoints.
        names = within
    elif Path(expanded).is_dir() and not is_checkpoint_folder(Path(expanded)):
        names = _in_folder(expanded)
        # Lightning's folder of a version, and others, keep them one folder below.
        if not names and Path(expanded, "checkpoints").is_dir():
            names = _in_folder(os.path.join(expanded, "checkpoints"))
    else:
        names = [expanded] if os.path.exists(expanded) else []
    return sorted(os.path.normpath(name) for name in names if not os.path.basename(name).startswith("."))


def _checkpoint_folders_in(folder: str) -> list[str]:
    """The folders of a Trainer's checkpoints within a folder."""
    if not os.path.isdir(folder) or not is_checkpoint_folder(Path(folder)):
        return []
    return [entry.path for entry in os.scandir(folder) if entry.is_dir() and is_checkpoint_folder(Path(entry.path))]


def _in_folder(folder: str) -> list[str]:
    """What lies in a folder and looks like a checkpoint."""
    names = [os.path.join(folder, name) for name in os.listdir(folder)]
    return [name for name in names if _may_be_checkpoint(Path(name))]


def _may_be_checkpoint(path: Path) -> bool:
    """Whether a file or folder looks like a checkpoint by its name, or by what a folder holds."""
    if path.is_dir():
        return is_checkpoint_folder(path)
    return path.suffix in SUFFIXES and not OTHER_FILES.fullmatch(path.name)


def nearby(pattern: str) -> str:
    """What there is where no file matches."""
    folder = Path(os.path.expanduser(glob_of(pattern)))
    while glob.has_magic(str(folder)) or not folder.is_dir():
        if folder == folder.parent:
            break
        folder = folder.parent
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        return f"{folder} cannot be read ({error.strerror or error})"
    kinds = f"{', '.join(SUFFIXES)}, or folders with {FOLDER_WEIGHTS[0]}"
    if str(folder) == "." and not glob.has_magic(pattern):
        return PATHS_COUNT
    return f"{folder} holds {few(names) if names else 'nothing'}; checkpoints are {kinds}"
