"""The test cluster itself: jobs of Snakemake's SLURM executor run in it and get what they ask for, and it ends."""

import os
import time
from pathlib import Path

import pytest

from support import cluster as cluster_module
from support.cluster import ACCOUNT, CPUS_PER_NODE, NoSlurm, install, running_cluster
from support.slurm_run import require_slurm

pytestmark = pytest.mark.slurm

TWO_RULES = """
rule count:
    input: "trained.txt"
    output: "counted.txt"
    threads: 2
    resources: mem_mb=400, runtime=4
    shell: "echo $SLURM_JOB_ID $SLURMD_NODENAME ${{CUDA_VISIBLE_DEVICES:-}} > {output}"

rule train:
    output: "trained.txt"
    threads: 3
    resources: mem_mb=500, runtime=7, gpu=1
    shell: "echo $SLURM_JOB_ID $SLURMD_NODENAME ${{CUDA_VISIBLE_DEVICES:-}} > {output}"
"""

MORE_EACH_ATTEMPT = """
rule greedy:
    output: "greedy.txt"
    resources: mem_mb=lambda wildcards, attempt: 400 * attempt, runtime=5
    shell:
        "echo $SLURM_JOB_ID > started.txt; "
        "python -c 'import time; x = bytearray(MEGABYTES << 20); time.sleep({resources.mem_mb} < 800 and 60)'; "
        "echo $SLURM_JOB_ID > {output}"
"""


def allocated(job: dict[str, str]) -> dict[str, str]:
    return dict(part.split("=") for part in job["AllocTRES"].split(","))


def wait_for_file(path: Path, seconds: float = 60) -> str:
    end = time.monotonic() + seconds
    while not path.exists() or not path.read_text().strip():
        assert time.monotonic() < end, f"no {path}"
        time.sleep(0.2)
    return path.read_text().strip()


def processes_that_mention(text: str) -> list[str]:
    """Command lines of the processes with a text in their command line or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if text.encode() in command + (process / "environ").read_bytes():
                found.append(command.replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_jobs_get_what_they_ask_for(tmp_path, snakemake):
    (tmp_path / "Snakefile").write_text(TWO_RULES)
    run = snakemake(tmp_path, "--executor", "slurm", "--jobs", 5, "--slurm-status-command", "sacct")
    assert run.succeeded(seconds=180), run.log
    [train], [count] = run.jobs("train"), run.jobs("count")
    assert [job["State"] for job in run.jobs()] == ["COMPLETED", "COMPLETED"]
    assert allocated(train).items() >= {"cpu": "3", "mem": "500M", "gres/gpu": "1"}.items()
    assert allocated(count).items() >= {"cpu": "2", "mem": "400M"}.items()
    assert "gres/gpu" not in allocated(count)
    assert (train["Timelimit"], count["Timelimit"]) == ("00:07:00", "00:04:00")
    # They ran where sacct says: the shell commands noted job, node, GPU.
    assert (tmp_path / "trained.txt").read_text().split() == [train["JobID"], "n1", "0"]
    assert (tmp_path / "counted.txt").read_text().split() == [count["JobID"], count["NodeList"]]


@pytest.mark.parametrize("end", ["cancelled", "out of memory"])
def test_job_that_ends_early_is_submitted_again_with_more(tmp_path, snakemake, end):
    megabytes = {"cancelled": 10, "out of memory": 500}[end]
    (tmp_path / "Snakefile").write_text(MORE_EACH_ATTEMPT.replace("MEGABYTES", str(megabytes)))
    # Asked by sacct, version 2.8 of the executor takes "CANCELLED by 0" for a job that still runs, and waits forever.
    squeue = ["--slurm-status-command", "squeue"]
    run = snakemake(tmp_path, "--executor", "slurm", "--jobs", 1, "--retries", 1, *squeue)
    job = wait_for_file(tmp_path / "started.txt")
    if end == "cancelled":
        run.cluster.run("scancel", job)
    assert run.succeeded(seconds=180), run.log
    first, second = run.jobs()
    assert (first["JobID"], second["State"]) == (job, "COMPLETED")
    # A step that is killed for its memory fails its job.
    assert first["State"] == {"cancelled": "CANCELLED", "out of memory": "FAILED"}[end]
    job_log = tmp_path / ".snakemake" / "slurm_logs" / "rule_greedy" / f"{job}.log"
    assert ("exceeded memory limit" in job_log.read_text()) == (end == "out of memory")
    assert (allocated(first)["mem"], allocated(second)["mem"]) == ("400M", "800M")
    assert (tmp_path / "greedy.txt").read_text().strip() == second["JobID"]


def test_requeued_job_runs_again(cluster, tmp_path):
    """What a preemption does to a job."""
    script = f"echo $SLURM_RESTART_COUNT. > {tmp_path}/started.txt; sleep $((SLURM_RESTART_COUNT ? 0 : 60))"
    job = cluster.run("sbatch", "--parsable", "--output=/dev/null", "--wrap", script).stdout.strip()
    assert wait_for_file(tmp_path / "started.txt") == "."
    cluster.run("scontrol", "requeue", job)
    cluster.wait_for_state(job, "COMPLETED")
    assert (tmp_path / "started.txt").read_text().strip() == "1."


def test_jobs_use_both_nodes(cluster):
    command = ["sbatch", "--parsable", f"--account={ACCOUNT}", f"--cpus-per-task={CPUS_PER_NODE}", "--output=/dev/null"]
    jobs = [cluster.run(*command, "--wrap", "sleep 60").stdout.strip() for _ in range(2)]
    for job in jobs:
        cluster.wait_for_state(job, "RUNNING")
    cluster.run("scancel", *jobs)
    for job in jobs:
        cluster.wait_for_state(job, "CANCELLED")
    known = {job["JobID"]: job for job in cluster.jobs()}
    assert {known[job]["NodeList"] for job in jobs} == {"n1", "n2"}
    assert {known[job]["Account"] for job in jobs} == {ACCOUNT}


def test_a_second_cluster_ends_after_a_failure_and_leaves_the_first(cluster):
    folder = None

    def fail_with_a_job_running() -> None:
        nonlocal folder
        with running_cluster() as second:
            folder = second.folder
            job = second.run("sbatch", "--parsable", "--output=/dev/null", "--wrap", "sleep 1000").stdout.strip()
            second.wait_for_state(job, "RUNNING")
            assert len(processes_that_mention(str(folder))) >= 7  # six daemons and the job
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fail_with_a_job_running()
    assert processes_that_mention(str(folder)) == []
    assert not folder.exists()
    assert "idle" in cluster.run("sinfo", "--noheader", "--format=%T").stdout


@pytest.mark.parametrize(
    ("require_all", "outcome"), [("0", pytest.skip.Exception), ("1", pytest.fail.Exception)], ids=["skips", "fails"]
)
def test_without_slurm(monkeypatch, require_all, outcome):
    monkeypatch.setenv("REQUIRE_ALL", require_all)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(outcome, match="takes root"):
        require_slurm()


def test_no_package_manager(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(cluster_module.shutil, "which", lambda program: None)
    with pytest.raises(NoSlurm, match="slurmdbd"):
        install()
