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

from evolution.errors import ConfigError
from evolution.sources.file_names import glob_of
from evolution.sources.records import load_records

# The last two words of each key that names a file or folder of the user's.
KEYS = {
    *(("dataset", "name"), ("dataset", "root"), ("model", "name"), ("model", "weights"), ("kwargs", "config")),
    *(("checkpoints", "path"), ("checkpoints", "history"), ("recording", "path"), ("recording", "history")),
    ("training", "recipe"),
}

# The path within a name: npz:FILE, image_folder:FOLDER, FILE.py:CLASS. Other names are of what is built in.
NAMED = re.compile(r"(?P<before>(npz|image_folder):)(?P<path>.+)|(?P<file>.+\.py)(?P<after>:\w+)")

# The words of a key, such as ("runs", "mine", "model", "weights").
Key = tuple[str, ...]


def counted_from_files(
    config: dict, files: Sequence[str | Path], *, part: bool = False, results: str | Path = "results"
) -> tuple[dict, list[str]]:
    """A config whose paths count from the folder that Snakemake runs in.

    Parameters
    ----------
    config : dict
        As it is written, checked or not.
    files : sequence of paths
        The config files, in the order in which they were laid over each other. A value that none of them states under
        its key is from the command line.
    part : bool
        Whether the config is a part of what the files hold, as that of a module is. Its keys are then looked for at
        the end of the files' keys.
    results : path
        The folder with results, which say of deleted checkpoints and recordings where they were.

    Returns
    -------
    dict
        The config itself where no file lies in another folder.
    list of str
        A sentence for each path that names one file next to its config and another one where Snakemake runs.

    Raises
    ------
    ConfigError
        If a part may be from files of different folders.
    """
    stated = _Stated(files, part, Path(results))
    return (stated.counted(config), stated.notes) if stated.elsewhere else (config, [])


class _Stated:
    """What config files state.

    Attributes
    ----------
    folders : dict
        Text to keys to the folder of the last file that states the text under that key.
    elsewhere : bool
        Whether any of the files lies in another folder than the one that Snakemake runs in.
    notes : list of str
        See `counted_from_files`; grows with what is counted.
    """

    def __init__(self, files: Sequence[str | Path], part: bool, results: Path):
        self.part, self.results, self.notes = part, results, []
        self.folders: dict[str, dict[Key, str]] = {}
        for path in files:
            folder = os.path.relpath(os.path.dirname(path) or ".")
            with suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
                for key, text in _texts(yaml.safe_load(Path(path).read_text(encoding="utf-8"))):
                    self.folders.setdefault(text, {})[key] = folder
        self.elsewhere = any(folder != "." for keys in self.folders.values() for folder in keys.values())

    def counted(self, value: object, key: Key = ()) -> object:
        """A part of a config, under its key, with paths that count from the folder that Snakemake runs in."""
        if isinstance(value, dict):
            return {name: self.counted(inner, _below(key, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.counted(inner, key) for inner in value]
        if not isinstance(value, str) or key[-2:] not in KEYS:
            return value
        folder = self._folder(key, value)
        if folder == ".":
            return value
        if key[-1] == "name" or key[-1] == "recipe":
            match = NAMED.fullmatch(value)
            if match is None:
                return value
            path = self._from_folder(key, match["path"] or match["file"], folder)
            return f"{match['before'] or ''}{path}{match['after'] or ''}"
        return self._from_folder(key, value, folder)

    def _folder(self, key: Key, text: str) -> str:
        """The folder of the file that states a text under a key; that of Snakemake where none does."""
        keys = self.folders.get(text, {})
        if not self.part:
            return keys.get(key, ".")
        common = {stated: _common_ending(stated, key) for stated in keys}
        longest = max(common.values(), default=0)
        if not longest:
            return "."
        places = {folder: stated for stated, folder in keys.items() if common[stated] == longest}
        if len(places) > 1:
            found = " and ".join(f"{'.'.join(stated)} of a file in {folder}" for folder, stated in places.items())
            raise ConfigError(
                f"{'.'.join(key)}: {text} may be {found}, and a path counts from its file's folder; write the files' "
                "folders in front of the paths, so that they differ, or keep both files in one folder"
            )
        return next(iter(places))

    def _from_folder(self, key: Key, path: str, folder: str) -> str:
        """A path from a folder; as it is where there is, or was, something only as it is."""
        if path.startswith("~") or os.path.isabs(path):
            return path
        from_folder = os.path.normpath(os.path.join(folder, path))
        there, here = _is_there(folder, path), _is_there(".", path)
        if there and here and not _is_same(from_folder, path):
            self.notes.append(
                f"{'.'.join(key)}: {path} is {from_folder}, next to the config file; {path} of the folder that "
                "Snakemake runs in is not read."
            )
        # What is downloaded to dataset.root need not be there yet.
        return path if not there and (here or key[-1] == "root" or self._was_taken(key, path)) else from_folder

    def _was_taken(self, key: Key, path: str) -> bool:
        """Whether results were made of checkpoints or a recording at a path that may be gone."""
        if key[-2:] not in (("checkpoints", "path"), ("recording", "path")):
            return False
        return any(load_records(folder, pattern=path) for folder in self.results.glob(f"*/{key[-2]}"))


def _texts(content: object, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """All texts among the values of a file, each under its key; an item of a list has the list's."""
    if isinstance(content, str):
        yield key, content
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _texts(value, _below(key, name))
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value, key)


def _below(key: Key, name: object) -> Key:
    """The key of an entry. A key of `grid` is dotted."""
    return (*key, *str(name).split("."))


def _common_ending(one: Key, other: Key) -> int:
    """How many words two keys have in common at their ends."""
    length = 0
    for first, second in zip(reversed(one), reversed(other)):
        if first != second:
            break
        length += 1
    return length


def _is_there(folder: str, path: str) -> bool:
    """Whether there is something at a path from a folder.

    Of a pattern the folder counts that it fixes, so that the path means the same when the files in it are deleted, and
    no tree is searched.
    """
    with suppress(ValueError):
        if os.path.exists(os.path.join(folder, path)):
            return True
        pattern = glob_of(path)
        if not glob.has_magic(pattern):
            return False
        fixed = os.path.dirname(re.split(r"[*?[]", pattern)[0])
        if set(fixed.split("/")) - {"", ".", ".."}:
            return os.path.isdir(os.path.join(folder, fixed))
        return any(glob.iglob(os.path.join(glob.escape(folder), pattern), recursive=True))
    return False


def _is_same(one: str, other: str) -> bool:
    """Whether two paths, which may be patterns, lead to one place, as a link does."""
    with suppress(OSError):
        return os.path.realpath(one) == os.path.realpath(other)
    return False
