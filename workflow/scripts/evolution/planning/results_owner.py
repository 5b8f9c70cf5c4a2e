"""Whose results a folder holds: Snakemake's records of them lie in the `.snakemake` of one working directory.

Without its records Snakemake takes each file as up to date, whatever the config says. So a folder of results and the
working directory that it is made from have the same id, a random one: a path would say where somebody works, and change
when the folder is moved.
"""

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
        The folder with results; it need not exist. Where it has no id it is anyone's.

    Returns
    -------
    str or None
        A sentence with the remedies; None where the results belong to the folder that Snakemake runs in.
    """
    theirs = _read(results / NAME)
    if theirs is None or theirs == _read(OWN):
        return None
    return (
        f"{results}/ was made with another .snakemake than that of this folder. It holds Snakemake's records, without "
        "which results count as up to date, whatever has changed. Give the command in the folder that it was made "
        "from; or give `results` in the config another folder. If that .snakemake is gone, this takes the results as "
        f"they are: rm {shlex.quote(str(results / NAME))}"
    )


def claim(results: Path) -> None:
    """Give results and the folder that Snakemake runs in the same id, where the results have none.

    Raises
    ------
    evolution.errors.UserError
        If an id cannot be written.
    """
    if _read(results / NAME) is not None:
        return
    own = _read(OWN)
    if own is None:
        own = uuid.uuid4().hex
        _write(OWN, own)
    _write(results / NAME, own)


def _read(path: Path) -> str | None:
    """The id in a file; None where there is none."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip() or None
    return None


def _write(path: Path, identity: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(f"{identity}\n", encoding="utf-8")
