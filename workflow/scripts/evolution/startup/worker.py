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
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from evolution.startup.client import SCRIPTS_LINK
from evolution.startup.libraries import LIBRARIES, kinds_of_jobs
from evolution.startup.server import THREADS

# Set this environment variable to 1, and each job starts a Python of its own.
OFF_SWITCH = "EVOLUTION_NO_WORKER"

# Bytes that the path of a socket may have on Linux.
LONGEST_SOCKET = 107

# Jobs that may wait for the worker at once; more wait until they may.
WAITING = 1024

# The program that Snakemake starts. Python is named in its first line, because a shell there would drop variables that
# it has no name for, such as functions that bash exports. Without the packages that are installed it starts in a
# hundredth of a second.
LAUNCHER = """#!{python} -IS
import sys
sys.path.append({code!r})
from client import main
main({folder!r}, {python!r}, {program!r}, *sys.argv[1:])
"""


def no_worker_because(*, submitted: bool, in_conda: bool, in_containers: bool) -> str | None:
    """Why the worker cannot start the jobs, or is not to; None where it starts them.

    Parameters
    ----------
    submitted : bool
        Whether Snakemake has others run the jobs, as on a cluster.
    in_conda : bool
        Whether jobs run in conda environments.
    in_containers : bool
        Whether jobs run in containers.
    """
    reasons = {
        f"{OFF_SWITCH} is set": os.environ.get(OFF_SWITCH, "") not in ("", "0"),
        "this system is not Linux": sys.platform != "linux",
        "Snakemake submits the jobs": submitted,
        "jobs run in conda environments": in_conda,
        "jobs run in containers": in_containers,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def put_worker_in_place(scripts: Path) -> None:
    """Start the worker, and have Snakemake run commands by it; see `start_worker`.

    It is started once, however many modules of a Snakefile use this workflow, and however they spell its path.
    """
    _put_in_place(scripts.resolve())


@cache
def _put_in_place(scripts: Path) -> None:
    from snakemake.shell import shell

    shell.executable(start_worker(scripts, shell.get_executable()))


def start_worker(scripts: Path, shell: str, libraries: Mapping[str, Sequence[str]] = LIBRARIES) -> str:
    """Start the worker; it ends with this process, however that ends.

    Parameters
    ----------
    scripts : Path
        The folder with the scripts that jobs run.
    shell : path
        The shell that runs other commands.
    libraries : mapping of str to sequence of str
        Modules to import, see `evolution.startup.libraries.LIBRARIES`.

    Returns
    -------
    path
        A program to run commands with in the shell's place. It has the shell's name, which Snakemake goes by. It lies
        in `.snakemake`: without it no job starts at all, and temporary files of long runs may be deleted.

    Raises
    ------
    OSError
        If the worker cannot be started here.
    """
    folder = _socket_folder(libraries)
    listeners, folders = {}, [folder]
    try:
        for kind in libraries:
            listeners[kind] = socket.socket(socket.AF_UNIX)
            listeners[kind].bind(str(folder / f"{kind}.socket"))
            listeners[kind].listen(WAITING)
        for script, kind in kinds_of_jobs(scripts).items():
            (folder / script).symlink_to(f"{kind}.socket")
        # As Snakemake writes it into its copies.
        (folder / SCRIPTS_LINK).symlink_to(scripts.resolve())
        own = Path(".snakemake").resolve()
        own.mkdir(exist_ok=True)
        folders.append(Path(tempfile.mkdtemp(prefix="worker-", dir=own)))
        launcher = _write_launcher(folders[-1], folder, shell)
        # It may lie where nothing can be executed.
        if subprocess.run([launcher, "-c", ":"]).returncode:
            raise OSError(f"{launcher} does not start {shell}")
        served = [(listener.fileno(), libraries[kind]) for kind, listener in listeners.items()]
        arguments = [json.dumps([str(each) for each in folders]), json.dumps(served), str(os.getpgrp())]
        worker = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py")), *arguments],
            stdin=subprocess.PIPE,
            pass_fds=[number for number, _ in served],
            env={**os.environ, **dict.fromkeys(THREADS, "1")},
            # What a terminal sends, and a kill of Snakemake's group, does not reach it: it ends last, and tidies up.
            process_group=0,
        )
    except BaseException:
        for each in folders:
            shutil.rmtree(each)
        raise
    finally:
        for listener in listeners.values():
            listener.close()
    atexit.register(_end, worker, folders)
    return str(launcher)


def _socket_folder(kinds: Iterable[str]) -> Path:
    """A new folder for the sockets, in /tmp where a socket's path in the folder for temporary files is too long."""
    longest = max(len(f"/evolution-12345678/{kind}.socket") for kind in kinds)
    too_long = len(os.fsencode(tempfile.gettempdir())) + longest > LONGEST_SOCKET
    return Path(tempfile.mkdtemp(prefix="evolution-", dir="/tmp" if too_long else None))


def _write_launcher(place: Path, folder: Path, shell: str) -> Path:
    """A program that has `client.py` run a command, with the worker's folder."""
    launcher = place / Path(shell).name
    code = str(Path(__file__).parent)
    text = LAUNCHER.format(python=sys.executable, code=code, folder=str(folder), program=shell)
    launcher.write_text(text, encoding="utf-8", errors="surrogateescape")
    launcher.chmod(0o700)
    return launcher


def _end(worker: subprocess.Popen, folders: list[Path]) -> None:
    """Close the line to the worker, and wait until it is gone; remove its folders, where it was killed before."""
    worker.stdin.close()
    worker.wait()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
