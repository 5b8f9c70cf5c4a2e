"""What goes wrong while an artifact is read, as a message that says what to do."""

import errno
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evolution.errors import UserError, first_line


def damaged(path: str | Path, problem: object) -> UserError:
    """The error for an artifact that cannot be read, naming the commands that rebuild it."""
    path = Path(path).as_posix()
    return UserError(
        f"{path} is damaged or not what this workflow wrote ({problem}). Remove it, and run the same command again to "
        f"rebuild it and what follows from it: rm {shlex.quote(path)} && snakemake --cores 2"
    )


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong while an artifact is read into a message, which says to remove it only if it is damaged."""
    try:
        yield
    except MemoryError as error:
        raise UserError(
            f"There is too little memory to read {path} ({first_line(error)}). Give the job more. Where it asks for "
            "far more than the file could hold, it is damaged: remove it, and run the same command again to rebuild it."
        ) from error
    except OSError as error:
        # EINVAL: bytes that send the reader to before the file's start.
        if error.errno in (None, errno.ENOENT, errno.EINVAL):
            raise damaged(path, error) from error
        raise UserError(
            f"{path} cannot be read ({os.strerror(error.errno)}). It may be whole: mend what keeps it from being read "
            "(permissions, the disk, the network), and run the same command again."
        ) from error
    except Exception as error:  # Damaged bytes make readers raise anything.
        raise damaged(path, error) from error
