"""Starts the worker, which has libraries loaded and forks a child for each job.

A cell's own work takes half a second; an interpreter that imports scikit-learn and pyarrow takes two seconds, torch
two and a half, and a fork of a process that has imported them a hundredth.

Snakemake runs a job's script by a shell command. For as long as the worker lives, a small program stands for the shell
(`client.py`): a command that does nothing but run a script with Snakemake's own Python goes to the worker
(`server.py`), and all others to the shell. So conda environments, containers and environment modules work as before.

Only documented parts of Snakemake are used, and `EVOLUTION_NO_WORKER=1` in the environment switches the worker off.
"""

import atexit
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from evolution.startup.libraries import LIBRARIES, kinds_of_jobs
from evolution.startup.server import THREADS

# Set this environment variable to 1, and each job starts a Python of its own.
OFF_SWITCH = "EVOLUTION_NO_WORKER"

# Jobs that may wait for the worker at once; more start without it.
WAITING = 1024


def worker_wanted() -> bool:
    """Whether the off switch is not set, and the system is one where processes with libraries loaded may be forked."""
    return os.environ.get(OFF_SWITCH, "") in ("", "0") and sys.platform == "linux"


def start_worker(scripts: Path, shell: str) -> str:
    """Start the worker; it ends with this process, however that ends.

    Parameters
    ----------
    scripts : Path
        The folder with the scripts that jobs run.
    shell : path
        The shell that runs other commands.

    Returns
    -------
    path
        A program to run commands with in the shell's place. It has the shell's name, which Snakemake goes by.

    Raises
    ------
    OSError, subprocess.SubprocessError
        If the worker cannot be started here.
    """
    folder = Path(tempfile.mkdtemp(prefix="evolution-"))
    kinds = kinds_of_jobs(scripts)
    listeners = []
    for kind in LIBRARIES:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / f"{kind}.socket"))
        listener.listen(WAITING)
        listeners.append((listener, kind))
    for script, kind in kinds.items():
        (folder / script).symlink_to(f"{kind}.socket")
    launcher = folder / Path(shell).name
    client = [sys.executable, "-I", "-S", str(Path(__file__).with_name("client.py")), str(folder)]
    words = shlex.join([*client, sys.executable, shell])
    launcher.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    launcher.chmod(0o700)
    worker = subprocess.Popen(
        [
            sys.executable,
            str(Path(__file__).with_name("server.py")),
            str(folder),
            json.dumps([(listener.fileno(), LIBRARIES[kind]) for listener, kind in listeners]),
        ],
        stdin=subprocess.PIPE,
        pass_fds=[listener.fileno() for listener, _ in listeners],
        env={**os.environ, **dict.fromkeys(THREADS, "1")},
    )
    atexit.register(_end, worker)
    for listener, _ in listeners:
        listener.close()
    # Temporary files may lie where nothing can be executed.
    subprocess.run([launcher, "-c", ":"], check=True)
    return str(launcher)


def _end(worker: subprocess.Popen) -> None:
    """Close the line to the worker, and wait until it is gone."""
    worker.stdin.close()
    worker.wait()
