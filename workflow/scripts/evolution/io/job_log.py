"""A job's log file: everything that the job says, and how it ends on an error."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evolution.errors import UserError
from evolution.io.whole_files import unwritable


@contextmanager
def job_log(path: str | Path) -> Iterator[None]:
    """Send the job's logging, output and errors to its log file.

    A `UserError` ends the job with its message alone; any other exception keeps its traceback, since it is a fault
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


def _flush() -> None:
    """Write out what was printed, as far as there is room."""
    for output in (sys.stdout, sys.stderr):
        with suppress(OSError):
            output.flush()
