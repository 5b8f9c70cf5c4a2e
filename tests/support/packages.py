"""Debian's packages for tests, installed where something is missing."""

import os
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock


def apt_install(*packages: str) -> subprocess.CompletedProcess:
    """Install packages; two test processes that do so at the same time wait for each other.

    Returns
    -------
    CompletedProcess
        Of the command that failed, or of the last one; output and errors together, as bytes.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *packages]
    with FileLock(Path(tempfile.gettempdir()) / "evolution-tests-apt.lock"):
        for command in (["apt-get", "update", "-qq"], install):
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            if done.returncode:
                break
    return done
