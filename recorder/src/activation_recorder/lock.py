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
    if fcntl is None:
        return True
    path = folder.resolve() / LOCK
    if path in _HELD and path.exists() and os.path.samestat(os.fstat(_HELD[path]), path.stat()):
        return True
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        # Not flock: this kind belongs to the process, so that a notebook may make its recorder again.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(file)
        return False
    except OSError:
        pass
    _HELD[path] = file
    return True
