"""Reading and writing artifacts: whole or not at all, the same bytes for the same content, no pickle."""

import errno
import logging
import os
import platform
import re
import shlex
import shutil
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np

log = logging.getLogger("evolution")


class JobError(Exception):
    """A fault that the user can mend: its message names what is wrong and the remedy, and needs no traceback."""


def damaged(path: str | Path, problem: object) -> JobError:
    """The error for an artifact that cannot be read, naming the commands that rebuild it."""
    path = Path(path).as_posix()
    return JobError(
        f"{path} is damaged or not what this workflow wrote ({problem}). Remove it, and run the same command again to "
        f"rebuild it and what follows from it: rm {shlex.quote(path)} && snakemake --cores 2"
    )


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong while an artifact is read into a message, which says to remove it only if it is damaged."""
    try:
        yield
    except MemoryError as error:
        raise JobError(
            f"There is too little memory to read {path} ({reason(error)}). Give the job more. Where it asks for far "
            "more than the file could hold, it is damaged: remove it, and run the same command again to rebuild it."
        ) from error
    except OSError as error:
        # EINVAL: bytes that send the reader to before the file's start.
        if error.errno in (None, errno.ENOENT, errno.EINVAL):
            raise damaged(path, error) from error
        raise JobError(
            f"{path} cannot be read ({os.strerror(error.errno)}). It may be whole: mend what keeps it from being read "
            "(permissions, the disk, the network), and run the same command again."
        ) from error
    except Exception as error:  # Damaged bytes make readers raise anything.
        raise damaged(path, error) from error


def reason(error: BaseException) -> str:
    """The first line of what an exception says, or where it says nothing its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def unwritable(path: Path, error: OSError) -> JobError:
    """The error for an artifact that cannot be written: a full disk, a folder that is read-only, ..."""
    remedy = "Make its folder writable" if error.errno in (errno.EROFS, errno.EACCES) else "Make room on its disk"
    # NumPy reports a full disk by numbers of items alone.
    reason = os.strerror(error.errno) if error.errno else f"{os.strerror(errno.ENOSPC)}, {error}"
    with suppress(OSError):
        reason += f"; {shutil.disk_usage(path.parent).free / 1e6:.1f} MB are free"
    return JobError(
        f"{path} cannot be written ({reason}). Nothing half-written is left, and what was written before stays "
        f"as it is. {remedy}, then give the same command again."
    )


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there when the block ends well, remove it otherwise.

    A job that was killed as it wrote could not remove its own: the next on the same machine that writes `path` does.

    Raises
    ------
    JobError
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


@contextmanager
def job_log(path: str | Path) -> Iterator[None]:
    """Send the job's logging, output and errors to its log file.

    A `JobError` ends the job with its message alone; any other exception keeps its traceback, since it is a fault
    of the workflow and not of its user. Where the log has no room for the message, it goes to where the job's errors
    went before.
    """
    terminal = os.dup(2)
    # A log on a full disk is no reason to fail before an artifact does.
    logging.raiseExceptions = False
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        stream = open(path, "w", buffering=1, encoding="utf-8")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        sys.exit(f"Error: {unwritable(Path(path), error)}")
    with stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s", force=True)
        try:
            yield
        except Exception as error:
            text = f"Error: {error}\n" if isinstance(error, JobError) else traceback.format_exc()
            message = text.encode(errors="backslashreplace")
            _flush()
            try:
                written = os.write(2, message)
            except OSError:
                written = 0
            if written < len(message):
                os.write(terminal, message)
            sys.exit(1)
        finally:
            _flush()


def _flush() -> None:
    """Write out what was printed, as far as there is room."""
    for output in (sys.stdout, sys.stderr):
        with suppress(OSError):
            output.flush()


def save_npy(path: str | Path, array: np.ndarray) -> None:
    """Write one array as .npy."""
    with whole_file(path) as temporary:
        np.save(temporary, np.ascontiguousarray(array), allow_pickle=False)


class NpyWriter:
    """An .npy written one entry at a time, so that a file may be larger than memory; whole or not at all.

    Parameters
    ----------
    path : path
    entries : int
        Length of the first axis; the first entry put in decides the other axes.
    """

    def __init__(self, path: str | Path, entries: int):
        self._entries, self._stack = entries, ExitStack()
        self._temporary = self._stack.enter_context(whole_file(path))
        # Plain writes and no memory map: on a full disk the latter ends the process without a word.
        self._stream = self._stack.enter_context(self._temporary.open("wb"))
        self._start = 0

    def __enter__(self) -> "NpyWriter":
        return self

    def put(self, place: int, entry: np.ndarray) -> None:
        """Write one entry."""
        if not self._start:
            header = np.lib.format.header_data_from_array_1_0(entry) | {"shape": (self._entries, *entry.shape)}
            np.lib.format.write_array_header_1_0(self._stream, header | {"fortran_order": False})
            self._start = self._stream.tell()
        self._stream.seek(self._start + place * entry.nbytes)
        self._stream.write(np.ascontiguousarray(entry).data)

    def __exit__(self, *error) -> None:
        self._stack.__exit__(*error)


def load_npy(path: str | Path, shape: tuple[int | None, ...]) -> np.ndarray:
    """Map an .npy file into memory.

    Parameters
    ----------
    path : path
    shape : tuple
        The expected shape; None where any size will do.

    Raises
    ------
    JobError
        If the file cannot be read, or has another shape.
    """
    with reading(path):
        array = np.lib.format.open_memmap(path, mode="r")
    fits = len(array.shape) == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape))
    if not fits:
        raise damaged(path, f"shape {array.shape}, expected {shape}")
    return array


def save_npz(path: str | Path, **arrays: np.ndarray) -> None:
    """Write named arrays as one compressed .npz."""
    with whole_file(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def load_npz(path: str | Path, *names: str) -> list[np.ndarray]:
    """Read the named arrays of an .npz, and only those."""
    with reading(path), np.load(path, allow_pickle=False) as archive:
        return [archive[name] for name in names]


def save_table(path: str | Path, columns: dict[str, object], metadata: dict[str, str] | None = None) -> None:
    """Write columns (name to values) as a Parquet table, with `metadata` (key to value) in its schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole_file(path) as temporary:
        pq.write_table(pa.table(columns, metadata=metadata), temporary, compression="zstd")


def load_table(path: str | Path, *columns: str):
    """Read a Parquet table with at least the named columns.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    JobError
        If the file cannot be read, or lacks a column.
    """
    import pyarrow.parquet as pq

    # read_table would import pandas, in a quarter of a second.
    with reading(path), pq.ParquetFile(path) as file:
        table = file.read()
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise damaged(path, f"no column {', '.join(missing)}")
    return table
