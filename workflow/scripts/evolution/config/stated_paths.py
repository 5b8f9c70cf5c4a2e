"""Paths of the user's files in a config: they count from the folder of the config file that states them.

So a config can lie next to what it names, and be used from any folder. Where there is nothing, they count from the
folder that Snakemake runs in, as paths on the command line do.
"""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import yaml

from evolution.sources.file_names import glob_of

# The last two words of each key that names a file or folder of the user's.
KEYS = {
    *(("dataset", "name"), ("dataset", "root"), ("model", "name"), ("model", "weights"), ("kwargs", "config")),
    *(("checkpoints", "path"), ("checkpoints", "history"), ("recording", "path"), ("recording", "history")),
    ("training", "recipe"),
}

# The path within a name: npz:FILE, image_folder:FOLDER, FILE.py:CLASS. Other names are of what is built in.
NAMED = re.compile(r"(?P<before>(npz|image_folder):)(?P<path>.+)|(?P<file>.+\.py)(?P<after>:\w+)")


def counted_from_files(config: dict, files: Sequence[str | Path]) -> dict:
    """A config whose paths count from the folder that Snakemake runs in.

    Parameters
    ----------
    config : dict
        As it is written, checked or not.
    files : sequence of paths
        The config files, in the order in which they were laid over each other. A value that none of them holds is from
        the command line.

    Returns
    -------
    dict
        The config itself where no file lies in another folder.
    """
    stated = {}
    for path in files:
        folder = os.path.relpath(os.path.dirname(path) or ".")
        with suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            # The file that is laid over the others comes last.
            stated |= dict.fromkeys(_texts(content), folder)
    return _counted(config, (), {text: folder for text, folder in stated.items() if folder != "."})


def _texts(content: object) -> Iterator[str]:
    """All texts among the values of a file."""
    if isinstance(content, str):
        yield content
    for value in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from _texts(value)


def _counted(value: object, key: tuple[str, ...], stated: dict[str, str]) -> object:
    """A part of a config, under its key's words, with paths that count from the folder that Snakemake runs in."""
    if not stated:
        return value
    if isinstance(value, dict):
        # A key of `grid` is dotted.
        return {name: _counted(inner, (*key, *str(name).split(".")), stated) for name, inner in value.items()}
    if isinstance(value, list):
        return [_counted(inner, key, stated) for inner in value]
    if not isinstance(value, str) or value not in stated or key[-2:] not in KEYS:
        return value
    if key[-1] == "name" or key[-1] == "recipe":
        match = NAMED.fullmatch(value)
        if match is None:
            return value
        path = match["path"] or match["file"]
        return f"{match['before'] or ''}{_from_folder(path, stated[value])}{match['after'] or ''}"
    # What is downloaded to dataset.root need not be there yet.
    return _from_folder(value, stated[value], made_here=key[-1] == "root")


def _from_folder(path: str, folder: str, *, made_here: bool = False) -> str:
    """A path from a folder; as it is where there is something only as it is, or else where it is `made_here`."""
    if path.startswith("~") or os.path.isabs(path):
        return path
    from_folder = os.path.normpath(os.path.join(folder, path))
    return path if not _exists(from_folder) and (made_here or _exists(path)) else from_folder


def _exists(path: str) -> bool:
    """Whether there is something at a path, or anything that a pattern stands for."""
    with suppress(ValueError):
        return os.path.exists(path) or any(glob.iglob(glob_of(path), recursive=True))
    return False
