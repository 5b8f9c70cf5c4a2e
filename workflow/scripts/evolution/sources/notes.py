"""The planner's notes of the user's own files: what is known of a file that is as it was need not be read again."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol, TypeVar

from evolution.io.whole_files import whole_file

# Next to Snakemake's own records. It can be deleted; the files are then read again.
FOLDER = Path(".snakemake/evolution")

# To be raised when a fact's meaning changes. Another name of one is seen by itself.
VERSION = 1


class Noted(Protocol):
    """A dataclass of facts on a file; only those on a whole file are noted."""

    is_whole: bool


Facts = TypeVar("Facts", bound=Noted)


class Notes:
    """The notes on files of one kind.

    Parameters
    ----------
    name : str
        Of the file with the notes, such as "checkpoints".
    kind : class
        The dataclass of what is noted.
    """

    def __init__(self, name: str, kind: type[Facts]):
        self._path, self._kind = FOLDER / f"{name}.json", kind
        self._known = _loaded(self._path, kind)
        self._changed = False

    def facts(self, path: Path, read: Callable[[Path], Facts]) -> Facts:
        """What is known of a file or folder: from the notes where it is as it was, or else read, and noted.

        Parameters
        ----------
        path : Path
        read : callable
            Reads the facts on the file.

        Raises
        ------
        OSError, ValueError
            As `read` raises them; OSError also if there is no such file.
        """
        place, stamp = os.path.abspath(path), _stamp(path)
        if place in self._known and self._known[place][0] == stamp:
            return self._known[place][1]
        facts = read(path)
        if facts.is_whole:
            self._known[place] = (stamp, facts)
            self._changed = True
        return facts

    def save(self) -> None:
        """Write the notes where there is something new, without those on files that are gone."""
        if not self._changed:
            return
        self._known = {place: noted for place, noted in self._known.items() if os.path.exists(place)}
        files = {place: {"stamp": stamp, "facts": asdict(facts)} for place, (stamp, facts) in self._known.items()}
        # Notes that cannot be written are made again next time.
        with suppress(Exception), whole_file(self._path) as temporary:
            temporary.write_text(json.dumps({"version": VERSION, "files": files}), encoding="utf-8")
        self._changed = False


def _loaded(path: Path, kind: type[Facts]) -> dict[str, tuple[list, Facts]]:
    """Each noted file's stamp and facts; none where the notes are of another form, as of another version."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            return {}
        return {place: (entry["stamp"], kind(**entry["facts"])) for place, entry in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _stamp(path: Path) -> list:
    """What changes when a file is written again: its size and times, or those of the files of a folder.

    A copy may keep the time of its content (mtime), but not that of its entry in the file system (ctime).
    """
    files = [file for file in sorted(path.iterdir()) if file.is_file()] if path.is_dir() else [path]
    known = [(file.name, file.stat()) for file in files]
    return [[name, status.st_size, status.st_mtime_ns, status.st_ctime_ns] for name, status in known]
