"""A job's log file: it takes all output of the job, and the error that the job ends with."""

import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evolution.errors import UserError
from evolution.io.job_record import save_record
from evolution.io.whole_files import unwritable


@contextmanager
def job_log(path: str | Path) -> Iterator[None]:
    """Send the job's logging, output and errors to its log file, and note what the job took when it has succeeded.

    A `UserError` of any class ends the job with its message alone; any other exception keeps its traceback, since it is
    a fault of the workflow and not of its user. If the log has no room for the message, the message goes to where the
    job's errors went before.

    Parameters
    ----------
    path : path
        Written from its start; its folder is made where it does not exist.

    Raises
    ------
    SystemExit
        With code 1, if the block ends with an exception, or with a message, if the log cannot be opened.
    """
    terminal = os.dup(2)
    # On a full disk, a line that has no room in the log is left out; the artifact that has no room ends the job.
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
            save_record(path)
        except Exception as error:
            text = f"Error: {error}\n" if isinstance(error, UserError) else traceback.format_exc()
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


def log_warnings(warnings: Iterable[str]) -> None:
    """Write warnings to the log, marked as such."""
    for warning in warnings:
        logging.getLogger("evolution").warning("Warning: %s", warning)


def _flush() -> None:
    """Write out what Python holds back of the output, as far as there is room."""
    for output in (sys.stdout, sys.stderr):
        with suppress(OSError):
            output.flush()
