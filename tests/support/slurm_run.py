"""Snakemake on the test cluster, and what SLURM's accounting says of its jobs."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.cluster import Cluster, NoSlurm, install


@dataclass
class SlurmRun:
    """A run of Snakemake on the cluster.

    Attributes
    ----------
    process : Popen
    log_path : Path
        Where its output goes.
    cluster : Cluster
    """

    process: subprocess.Popen
    log_path: Path
    cluster: Cluster

    @property
    def log(self) -> str:
        """What it printed so far."""
        return self.log_path.read_text()

    def jobs(self, rule: str | None = None) -> list[dict[str, str]]:
        """Its jobs so far, oldest first, as sacct knows them (see Cluster.jobs); only a rule's or group's, if named."""
        run_id = re.search(r"SLURM run ID: (\S+)", self.log)
        jobs = self.cluster.jobs(run_id[1]) if run_id else []
        # The executor's comment: rule_NAME_wildcards_..., for a group rule_GROUP_RULE_RULE...
        return [job for job in jobs if rule is None or f"{job['Comment']}_".startswith(f"rule_{rule}_")]

    def succeeded(self, seconds: float = 600) -> bool:
        """Wait for its end."""
        return self.process.wait(seconds) == 0


def require_slurm() -> None:
    """Install SLURM; where that cannot be, skip the test, or with REQUIRE_ALL=1 let it fail."""
    try:
        if find_spec("snakemake_executor_plugin_slurm") is None:
            raise NoSlurm("the Python package snakemake-executor-plugin-slurm is missing")
        install()
    except NoSlurm as reason:
        give_up = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
        give_up(f"no SLURM to test with: {reason}")


def start_snakemake(cluster: Cluster, folder: Path, log_path: Path, *arguments: str | Path | int) -> SlurmRun:
    """Start Snakemake in a folder, in the cluster's environment."""
    # Should pytest be killed, Snakemake ends with it.
    command = ["setpriv", "--pdeathsig=KILL", sys.executable, "-m", "snakemake", *(str(one) for one in arguments)]
    # The default is 40. A job here takes 6, most of it two Snakemakes that start; a look that comes too early
    # makes the next one come 10 seconds later.
    command += ["--slurm-init-seconds-before-status-checks", "9"]
    environment = dict(cluster.environment) | {"PYTHONDONTWRITEBYTECODE": "1"}
    with open(log_path, "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    return SlurmRun(process, log_path, cluster)
