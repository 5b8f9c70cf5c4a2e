"""Files that appear whole or not at all, even if a job is killed while it writes."""

import errno
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evolution.errors import UserError


def unwritable(path: Path, error: OSError) -> UserError:
    """The error for a file that cannot be written: the disk is full, the folder is read-only, ..."""
    remedy = "Make its folder writable" if error.errno in (errno.EROFS, errno.EACCES) else "Make room on its disk"
    # NumPy's error on a full disk has no error number; it only counts the items that were written.
    reason = os.strerror(error.errno) if error.errno else f"{os.strerror(errno.ENOSPC)}, {error}"
    with suppress(OSError):
        reason += f"; {shutil.disk_usage(path.parent).free / 1e6:.1f} MB are free"
    return UserError(
        f"{path} cannot be written ({reason}). Nothing half-written is left, and what was written before stays "
        f"as it is. {remedy}, then give the same command again."
    )


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path next to `path`; move it to `path` when the block ends well, remove it otherwise.

    A job that is killed while it writes cannot remove its temporary file. The next job on the same machine that writes
    `path` removes it.

    Parameters
    ----------
    path : path
        Its folder is made where it does not exist.

    Yields
    ------
    Path
        With the suffix of `path`. The block writes the file there.

    Raises
    ------
    UserError
        If the block, or the move, ends with an OSError.
    """
    path = Path(path)
    begin, end = f".{path.name}.{platform.node()}.", path.suffix
    temporary = path.with_name(f"{begin}{os.getpid()}{end}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # An error while cleaning up is no reason not to write.
        with suppress(OSError):
            for other in path.parent.iterdir():
                match = re.fullmatch(rf"{re.escape(begin)}(\d+){re.escape(end)}", other.name)
                if match and not _process_runs(int(match[1])):
                    other.unlink(missing_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _process_runs(process: int) -> bool:
    """Whether a process of this machine runs; one that has ended keeps its number until its parent asks for its end."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    with suppress(OSError):
        # The state stands after the program's name, which is in parentheses and may hold anything. Z is a process that
        # has ended; see proc(5).
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    return True
