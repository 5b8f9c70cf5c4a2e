"""Whose results a folder holds: Snakemake's records of them lie in the `.snakemake` of one working directory.

Without its records Snakemake takes each file as up to date, whatever the config says. So the working directory has an
id, a random one: a path would say where somebody works, and change when the folder is moved. The results have a digest
of it and of their path as the config spells it, by which Snakemake finds the records. Each run draws another id: of two
copies of a working directory that share results, the one that did not run last has records that are out of date.
"""

import hashlib
import shlex
import uuid
from contextlib import suppress
from pathlib import Path

from evolution.io.whole_files import whole_file

# A file for each folder of results, named by a digest of its path.
OWN = Path(".snakemake/records")
NAME = ".records_id"


def other_owner(results: Path) -> str | None:
    """What is said where results were made from another working directory.

    Parameters
    ----------
    results : Path
        The folder with results; it need not exist. Where it has no id, or nothing else, it is anyone's.

    Returns
    -------
    str or None
        A sentence with the remedies; None where the results belong to the folder that Snakemake runs in.
    """
    theirs = _owner(results)
    if theirs is None or theirs in [_digest(own, results) for own in _read(_own_file(results))]:
        return None
    return (
        f"{results}/ was made from another folder than this one, or under another path. Snakemake's records here say "
        "nothing of it, and without records results count as up to date, whatever has changed. Give the command in the "
        "folder that it was made from; or give `results` in the config another path. If the records are gone, this "
        f"takes the results as they are: rm {shlex.quote(str(results / NAME))}"
    )


def claim(results: Path) -> None:
    """Note that results belong to the folder that Snakemake runs in, where they are not another's.

    Raises
    ------
    evolution.errors.UserError
        If an id cannot be written.
    """
    if other_owner(results):
        return
    file, own = _own_file(results), uuid.uuid4().hex
    # The former id stays until the results have the new one: this process may be killed in between.
    _write(file, own, *_read(file)[:1])
    _write(results / NAME, _digest(own, results))


def _owner(results: Path) -> str | None:
    """What results have of their owner; None where nobody has claimed them, or none is left."""
    with suppress(OSError):
        if any(not path.name.startswith(".") for path in results.iterdir()):
            return next(iter(_read(results / NAME)), None)
    return None


def _own_file(results: Path) -> Path:
    """Where the working directory keeps its ids for these results: the last, and the one before."""
    return OWN / hashlib.sha256(str(results).encode()).hexdigest()[:16]


def _digest(own: str, results: Path) -> str:
    """What results have that are made at a path from the working directory with an id."""
    return hashlib.sha256(f"{own} {results}".encode()).hexdigest()


def _read(path: Path) -> list[str]:
    """The ids in a file; none where there is no such file, or it cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").split()
    return []


def _write(path: Path, *ids: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text("".join(f"{each}\n" for each in ids), encoding="utf-8")
