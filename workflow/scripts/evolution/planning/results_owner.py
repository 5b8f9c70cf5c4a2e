"""Whose results a folder holds: Snakemake's records of them lie in the `.snakemake` of one working directory.

Without its records Snakemake takes each file as up to date, whatever the config says. So the working directory has an
id, a random one: a path would say where somebody works, and change when the folder is moved. The results have a digest
of it and of their path as the config spells it, by which Snakemake finds the records.
"""

import hashlib
import shlex
import uuid
from contextlib import suppress
from pathlib import Path

from evolution.io.whole_files import whole_file

OWN = Path(".snakemake/records_id")
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
    theirs, own = _owner(results), _read(OWN)
    if theirs is None or (own is not None and theirs == _digest(own, results)):
        return None
    return (
        f"{results}/ was made from another folder than this one, or under another path. So Snakemake has no records of "
        "it here, without which results count as up to date, whatever has changed. Give the command in the folder "
        "that it was made from; or give `results` in the config another path. If the records are gone, this takes the "
        f"results as they are: rm {shlex.quote(str(results / NAME))}"
    )


def claim(results: Path) -> None:
    """Note that results belong to the folder that Snakemake runs in, where nothing says whose they are.

    Raises
    ------
    evolution.errors.UserError
        If an id cannot be written.
    """
    if _owner(results) is not None:
        return
    own = _read(OWN)
    if own is None:
        own = uuid.uuid4().hex
        _write(OWN, own)
    _write(results / NAME, _digest(own, results))


def _owner(results: Path) -> str | None:
    """What results have of their owner; None where nobody has claimed them, or none is left."""
    with suppress(OSError):
        if any(not path.name.startswith(".") for path in results.iterdir()):
            return _read(results / NAME)
    return None


def _digest(own: str, results: Path) -> str:
    """What results have that are made at a path from the working directory with an id."""
    return hashlib.sha256(f"{own} {results}".encode()).hexdigest()


def _read(path: Path) -> str | None:
    """The id in a file; None where there is none."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip() or None
    return None


def _write(path: Path, identity: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(f"{identity}\n", encoding="utf-8")
