"""Listings of a user's own folders, without hidden files, with messages that can be acted on. Loads no NumPy."""

import os
from collections.abc import Iterator
from pathlib import Path

from evolution.data.contents import unusable


def subfolders(folder: Path | str) -> list[str]:
    """The names of the folders within a folder, sorted.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    return sorted(entry.name for entry in entries(folder) if entry.is_dir())


def entries(folder: Path | str) -> Iterator[os.DirEntry]:
    """The entries of a folder, without hidden ones such as .DS_Store and .ipynb_checkpoints.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            yield from (entry for entry in found if not entry.name.startswith("."))
    except OSError as error:
        raise unusable(f"{folder} cannot be read ({error.strerror}); make it readable, or remove it") from error


def files_below(part: Path | str, class_name: str) -> Iterator[os.DirEntry]:
    """A class's files, in its folder and in those within, in no order; the files themselves are not looked at.

    The entries' paths begin with that of `part`.

    Raises
    ------
    DataError
        If a folder cannot be read, or a link leads to a folder that it lies in.
    """
    # Not part / class_name, which would lose a part that is written as a dot.
    folder = os.path.join(part, class_name)
    pending = [(folder, (os.path.realpath(folder),))]
    while pending:
        path, above = pending.pop()
        for entry in entries(path):
            if entry.is_dir():
                real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(above[-1], entry.name)
                if real in above or f"{above[-1]}{os.sep}".startswith(f"{real}{os.sep}"):
                    raise unusable(f"{entry.path} is a link to a folder that it lies in; remove the link")
                pending.append((entry.path, (*above, real)))
            else:
                yield entry
