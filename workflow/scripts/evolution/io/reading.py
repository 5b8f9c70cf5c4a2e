"""Errors while an artifact is read, turned into messages that say what to do."""

import errno
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evolution.errors import UserError, first_line


def damaged(path: str | Path, problem: object) -> UserError:
    """The error for an artifact that is damaged; it names the command that removes it."""
    path = Path(path).as_posix()
    return UserError(
        f"{path} is damaged or not what this workflow wrote ({problem}). Remove it (rm {shlex.quote(path)}), and give "
        "the same command again: it makes the file and what follows from it."
    )


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn any error while the block reads an artifact into a message, which says to remove only a damaged file.

    Raises
    ------
    UserError
        If there is too little memory, if the system refuses to read the file, or if the file is damaged.
    """
    try:
        yield
    except MemoryError as error:
        raise UserError(
            f"There is too little memory to read {path} ({first_line(error)}). Give the job more. Where it asks for "
            "far more than the file could hold, it is damaged: remove it, and run the same command again to rebuild it."
        ) from error
    except OSError as error:
        # No number: the reader's own error. EINVAL: damaged bytes made the reader seek to before the file's start.
        if error.errno in (None, errno.ENOENT, errno.EINVAL):
            raise damaged(path, error) from error
        raise UserError(
            f"{path} cannot be read ({os.strerror(error.errno)}). It may be whole: mend what keeps it from being read "
            "(permissions, the disk, the network), and run the same command again."
        ) from error
    except Exception as error:  # Damaged bytes make readers raise anything.
        raise damaged(path, error) from error
