"""Stands for Snakemake's shell: has the worker run a job's script, and becomes the shell for any other command.

    LAUNCHER -c COMMAND

The launcher (`worker.py`) calls `main`. Snakemake starts it in place of a job, waits for it and takes its exit code, so
it lives as long as the job, passes signals on to it and ends as it ends. Should it be killed, the worker kills the job.
It imports Python's own modules alone, and of these few: each job pays for them.
"""

import json
import os
import shlex
import signal
import socket
import sys
import time
from contextlib import suppress

# What Snakemake puts before each command for bash.
PREFIX = "set -euo pipefail; "

# Signals that are sent to a job alone. A terminal sends others to all processes in front of it, the job too.
PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)

# Python ignores these, and a process that takes its place would too.
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)

# The link to the folder of the scripts; no script has this name.
SCRIPTS_LINK = ".scripts"

# Seconds that a killed job may take to be gone.
PATIENCE = 10


def script_of(command: str, python: str) -> str | None:
    """The script in a command that does nothing but run it with this Python; None for any other command.

    With a conda environment, a container or environment modules, Snakemake's command is longer.
    """
    command = command.removeprefix(PREFIX).strip()
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    # Words that the shell would change are the shell's. Snakemake quotes some names that need no quotes.
    if len(words) == 2 and words[0] == python and words[1].endswith(".py"):
        return words[1] if command in (shlex.join(words), f"{python} '{words[1]}'") else None
    return None


def run_in_worker(folder: str, script: str) -> int | None:
    """Have the worker run a script, and wait for its end.

    Parameters
    ----------
    folder : path of the worker's folder
        It has a socket for each script that the worker runs, named after it, and a link to the folder of these scripts.
    script : path
        Snakemake's copy of the script, .snakemake/scripts/tmpabc.NAME.py.

    Returns
    -------
    int or None
        Its exit code, below 0 the signal that ended it; None if the worker does not run it, or has died.
    """
    try:
        # The link's own name may be too long for a socket's.
        path = os.path.join(folder, os.readlink(os.path.join(folder, _name_of(script))))
        if not _is_copy_of(script, os.readlink(os.path.join(folder, SCRIPTS_LINK))):
            return None
    except OSError:
        return None  # No script of the worker's, or the folder has been deleted.
    if None in (sys.stdin, sys.stdout, sys.stderr):
        return None  # One of the three is closed.
    snakemake, interrupt = os.getppid(), signal.getsignal(signal.SIGINT)
    job = None
    with socket.socket(socket.AF_UNIX) as worker, suppress(OSError, ValueError):
        worker.connect(path)
        request = json.dumps({"script": script, "folder": os.getcwd(), "environment": dict(os.environ)})
        socket.send_fds(worker, [b"\n"], [0, 1, 2])
        worker.sendall(request.encode() + b"\n")
        with worker.makefile() as answers:
            job = int(answers.readline())
            if job:
                # From now on a terminal's interrupt ends the job, and before it ended this process.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                _pass_signals_on(job)
                return int(answers.readline())
    signal.signal(signal.SIGINT, interrupt)
    if job == 0:
        return None
    if job:
        _make_sure_it_ended(job)
    if os.getppid() != snakemake:
        return 1  # The worker ended because Snakemake did.
    # The first client to notice that the worker has died says so.
    with suppress(OSError):
        os.unlink(path)
        print("The worker that starts jobs has ended; jobs now start without it.", file=sys.stderr, flush=True)
    return None


def _is_copy_of(script: str, folder: str) -> bool:
    """Whether Snakemake has copied a script from a folder: a workflow that uses this one may have one of its name."""
    original = os.path.join(folder, f"{_name_of(script)}.py")
    with open(script, "rb") as stream:
        # What Snakemake writes before the script's own lines.
        return f"__file__ = {original!r}".encode(errors="surrogateescape") in stream.read()


def _name_of(script: str) -> str:
    """The name of the script that Snakemake has copied: measure for .snakemake/scripts/tmpabc.measure.py."""
    return os.path.basename(script).split(".", 1)[1].removesuffix(".py")


def _pass_signals_on(job: int) -> None:
    for number in PASSED_ON:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: _send(job, number))


def _send(job: int, number: int) -> bool:
    """Send a signal to the job; whether the job was still there."""
    try:
        os.kill(job, number)
    except ProcessLookupError:
        return False
    return True


def _make_sure_it_ended(job: int) -> None:
    """Kill a job whose worker has died: it runs again without the worker, and two must not write the same files."""
    end = time.monotonic() + PATIENCE
    while _send(job, signal.SIGKILL) and time.monotonic() < end:
        time.sleep(0.01)


def end_as(status: int) -> None:
    """End this process as the job ended: with its exit code, or by the same signal."""
    if status < 0:
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def main(folder: str, python: str, shell: str, *arguments: str) -> None:
    """Run a job's script in the worker, or become the shell."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own would print a traceback.
    script = script_of(arguments[1], python) if len(arguments) == 2 and arguments[0] == "-c" else None
    status = None if script is None else run_in_worker(folder, script)
    if status is not None:
        end_as(status)
    for number in IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    os.execv(shell, [shell, *arguments])
