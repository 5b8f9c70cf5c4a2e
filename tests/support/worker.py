"""A worker of its own for a test, started by a program that stands for Snakemake."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.own_process import SCRIPTS

# A library that no script here imports: where it is loaded, the worker has loaded it.
MARK = "colorsys"

PROGRAM = """
import sys
from pathlib import Path
from evolution.startup.worker import start_worker
libraries = {"analysis": sys.argv[1:], "torch": []}
print(start_worker(Path("scripts"), "/bin/bash", libraries), flush=True)
sys.stdin.read()
"""


class Worker:
    """A program that has started a worker for the scripts of a folder; a context that ends it.

    Parameters
    ----------
    folder : Path
        Its folder `scripts` takes a file for each script, `.snakemake/scripts` the copy that is run.
    scripts : dict of str to str
        Code by the script's name.
    libraries : sequence of str
        Modules that the worker imports; they may lie in `folder`.
    """

    def __init__(self, folder: Path, scripts: dict[str, str], libraries: tuple[str, ...] = (MARK,)):
        self.folder = folder
        for path in (folder / "scripts", folder / ".snakemake" / "scripts"):
            path.mkdir(parents=True)
        for name, code in scripts.items():
            (folder / "scripts" / f"{name}.py").touch()
            original = (folder / "scripts" / f"{name}.py").resolve()
            copy = f"{code}\n# As Snakemake says of its copies: __file__ = {str(original)!r}\n"
            (folder / ".snakemake" / "scripts" / f"tmp1.{name}.py").write_text(copy, encoding="utf-8")
        # pytest writes into the environment which test runs.
        self.environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        self.environment |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(SCRIPTS), str(folder)])}
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *libraries],
            cwd=folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.launcher = self.program.stdout.readline().strip()
        assert self.launcher

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.program.communicate(timeout=60)

    @staticmethod
    def command(name: str) -> str:
        """What Snakemake runs a script with."""
        return f"set -euo pipefail;  {sys.executable} .snakemake/scripts/tmp1.{name}.py"

    def start(self, command: str, *, launcher: str | None = None, **environment: str) -> subprocess.Popen:
        """Start a command as Snakemake does."""
        return subprocess.Popen(
            command,
            shell=True,
            executable=launcher or self.launcher,
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str, *, given: str = "", **more: str) -> tuple[int, str, str]:
        """Run a command to its end; its exit code, output and errors."""
        process = self.start(command, **more)
        output, errors = process.communicate(given, timeout=60)
        return process.returncode, output, errors


def is_alive(process: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def gone(process: int, seconds: float = 20) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + seconds
    while is_alive(process) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_alive(process)


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
