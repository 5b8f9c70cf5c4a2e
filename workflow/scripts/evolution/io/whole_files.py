"""Files that appear whole or not at all, also where a job is killed while it writes."""

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
    """The error for an artifact that cannot be written: a full disk, a folder that is read-only, ..."""
    remedy = "Make its folder writable" if error.errno in (errno.EROFS, errno.EACCES) else "Make room on its disk"
    # NumPy reports a full disk by numbers of items alone.
    reason = os.strerror(error.errno) if error.errno else f"{os.strerror(errno.ENOSPC)}, {error}"
    with suppress(OSError):
        reason += f"; {shutil.disk_usage(path.parent).free / 1e6:.1f} MB are free"
    return UserError(
        f"{path} cannot be written ({reason}). Nothing half-written is left, and what was written before stays "
        f"as it is. {remedy}, then give the same command again."
    )


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block ends well, remove it otherwise.

    A job that was killed as it wrote could not remove its own: the next on the same machine that writes `path` does.

    Raises
    ------
    UserError
        If the block, or the moving, ends with an error of the system.
    """
    path = Path(path)
    begin, end = f".{path.name}.{platform.node()}.", path.suffix
    temporary = path.with_name(f"{begin}{os.getpid()}{end}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # At best: what is in the way of cleaning up need not be in the way of writing.
        with suppress(OSError):
            for other in path.parent.iterdir():
                match = re.fullmatch(rf"{re.escape(begin)}(\d+){re.escape(end)}", other.name)
                if match and not _runs(int(match[1])):
                    other.unlink(missing_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    """Whether a process of this machine runs; one that has ended keeps its number until its parent asks for it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    with suppress(OSError):
        # After the program's name, which is in parentheses and may hold anything: Z for one that has ended, proc(5).
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    return True
