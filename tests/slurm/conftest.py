"""A SLURM for the tests of this folder, and Snakemake on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.cluster import Cluster, running_cluster
from support.slurm_run import SlurmRun, require_slurm, start_snakemake


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running SLURM with two idle nodes."""
    require_slurm()
    with running_cluster() as running:
        yield running


@pytest.fixture
def snakemake(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., SlurmRun]]:
    """A function that starts Snakemake in a folder; what still runs at the test's end is ended."""
    runs: list[SlurmRun] = []

    def start(folder: Path, *arguments: str | Path | int) -> SlurmRun:
        runs.append(start_snakemake(cluster, folder, tmp_path / f"snakemake.{len(runs)}.log", *arguments))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
            cluster.run("scancel", "--user=root")
