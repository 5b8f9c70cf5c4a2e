"""That one process at a time records into a folder."""

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK = ".lock"

# The open files by which this process holds its locks. They stay open: the lock ends with the process, however it ends.
_HELD: dict[Path, int] = {}


def take(folder: Path) -> bool:
    """Lock a folder for this process, until it ends.

    Parameters
    ----------
    folder : Path
        It gets a file `.lock`.

    Returns
    -------
    bool
        False if another process has it. True also where the file system has no locks.

    Raises
    ------
    OSError
        If the file cannot be made.
    """
    if holds(folder):
        return True
    path = folder.resolve() / LOCK
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if fcntl is not None:
            # Not lockf: that lock is lost once the process closes any file of this name, as a copy of the folder does.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(file)
        return False
    except OSError:
        pass
    if path in _HELD:
        os.close(_HELD[path])
    _HELD[path] = file
    return True


def holds(folder: Path) -> bool:
    """Whether this process has locked the folder, and it is still the same folder.

    A folder that was deleted and made again has another lock file, and belongs to whoever made it.
    """
    path = folder.resolve() / LOCK
    try:
        return path in _HELD and os.path.samestat(os.fstat(_HELD[path]), path.stat())
    except OSError:
        return False


def _forget() -> None:
    """In a process that was forked the locks are its parent's."""
    for file in _HELD.values():
        os.close(file)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
