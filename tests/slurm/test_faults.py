"""Jobs that lose their node, by the settings of the SLURM profile: what the user reads, and how the run ends."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from support.project import ROOT
from support.slurm_run import SlurmRun

pytestmark = pytest.mark.slurm

# What the profile says of faults and of the executor; its groups and resources are of rules that are not here.
OF_THE_WORKFLOW = ("config", "groups", "group-components", "resources", "set-resource-scopes", "default-resources")

# A job that lasts until it is interrupted, and the next time ends at once; and one that never meets a fault.
SNAKEFILE = """
rule all:
    input: "hit.txt", "spared.txt"
rule hit:
    output: "hit.txt"
    log: "hit.log"
    resources: mem_mb=400, runtime=5
    shell:
        "echo $SLURM_JOB_ID $SLURMD_NODENAME >> started.txt; "
        "test -e slept || (touch slept; sleep 300); echo result > {output}"
rule spared:
    output: "spared.txt"
    resources: mem_mb=400, runtime=5
    shell: "echo result > {output}"
"""


@pytest.fixture
def start(tmp_path, snakemake) -> Callable[..., SlurmRun]:
    """A function that starts the two jobs with the profile's settings."""
    profile = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
    folder = tmp_path / "profiles" / "slurm"
    folder.mkdir(parents=True)
    kept = {key: value for key, value in profile.items() if key not in OF_THE_WORKFLOW}
    (folder / "config.yaml").write_text(yaml.safe_dump(kept))
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    return lambda *arguments: snakemake(tmp_path, "--workflow-profile", "slurm", *arguments)


def wait_until(true: Callable[[], bool], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def first_start(folder: Path, run: SlurmRun) -> tuple[str, str]:
    """Wait until the job that will be hit runs: its SLURM job and node."""
    started = folder / "started.txt"
    wait_until(lambda: started.exists() and started.read_text().count("\n") > 0, f"no start\n{run.log}")
    wait_until((folder / "slept").exists, run.log)
    job, node = started.read_text().splitlines()[0].split()
    return job, node


def take_all_nodes(run: SlurmRun) -> None:
    """Submit an urgent job that needs both nodes whole for a second."""
    run.cluster.run(
        "sbatch", "--parsable", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"
    )


def results(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in ("hit.txt", "spared.txt")]


def starts(folder: Path) -> list[str]:
    """The SLURM job of each start of the job that is hit."""
    return [line.split()[0] for line in (folder / "started.txt").read_text().splitlines()]


def test_a_job_whose_node_goes_down_runs_again(tmp_path, start):
    run = start()
    job, node = first_start(tmp_path, run)
    # Its slurmd lives, so the node comes back by itself: ReturnToService of the test cluster.
    run.cluster.run("scontrol", "update", f"nodename={node}", "state=down", "reason=on purpose")
    assert run.succeeded(seconds=180), run.log
    assert starts(tmp_path) == [job, job]
    assert results(tmp_path) == ["result\n", "result\n"]


def test_a_preempted_job_that_goes_back_to_the_queue_runs_again(tmp_path, start):
    run = start("--default-resources", "slurm_partition=preempted_requeue")
    job, _ = first_start(tmp_path, run)
    take_all_nodes(run)
    assert run.succeeded(seconds=180), run.log
    assert starts(tmp_path) == [job, job]
    assert results(tmp_path) == ["result\n", "result\n"]


def test_a_preempted_job_that_is_cancelled_is_waited_for_until_the_run_is_stopped(tmp_path, heeded_signals, start):
    """What docs/clusters.md says of version 2.8 of the executor. If this fails after an upgrade, change the page."""
    cancels = ("--default-resources", "slurm_partition=preempted_cancel")
    run = start(*cancels)
    job, _ = first_start(tmp_path, run)
    take_all_nodes(run)
    run.cluster.wait_for_state(job, "PREEMPTED")
    wait_until(lambda: "A Job preemption" in run.log, run.log)
    time.sleep(30)  # The next look at the jobs is after 20 seconds at most.
    assert run.process.poll() is None
    assert "Error in rule" not in run.log
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) != 0
    assert starts(tmp_path) == [job]
    again = start(*cancels)
    assert again.succeeded(seconds=180), again.log
    assert results(tmp_path) == ["result\n", "result\n"]
