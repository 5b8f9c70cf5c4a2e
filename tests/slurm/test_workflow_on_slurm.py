"""The workflow itself on a real SLURM, through its profile: one run that meets a cancelled and a requeued training."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.cluster import Cluster
from support.project import TINY, Project, changed, differing
from support.slurm_run import SlurmRun, start_snakemake

pytestmark = pytest.mark.slurm

# It asks for a GPU and for two cores in a training. It has one layer and the raw inputs, and spans as in the profile.
SMALL = changed(changed(changed(TINY, "training.gpus", 1), "training.threads", 2), "training.device", "cpu")
SMALL = changed(changed(SMALL, "layers", ["fc1"]), "snapshots_per_job", 50)
PROFILE = ("--workflow-profile", "slurm")


@dataclass
class WholeRun:
    """The experiment, built on the cluster from nothing.

    Attributes
    ----------
    project : Project
    log : str
        What Snakemake printed.
    jobs : list of dict
        Its submissions (see Cluster.jobs), oldest first; the requeued one twice, with one JobID.
    artifacts, local : dict
        Every file by path: of the run on the cluster, and of a run without it.
    workers : list of Path
        What workers that fork jobs (evolution/startup) had in the folder while a training ran.
    cancelled, requeued : str
        The JobID of the training that was cancelled, and of the one that was put back into the queue.
    """

    project: Project
    log: str
    jobs: list[dict[str, str]]
    artifacts: dict[str, bytes]
    local: dict[str, bytes]
    workers: list[Path]
    cancelled: str
    requeued: str

    def of(self, name: str) -> list[dict[str, str]]:
        """The submissions of a rule or group."""
        return [job for job in self.jobs if job["Comment"].startswith(f"rule_{name}_")]


@pytest.fixture(scope="session")
def whole_run(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    folder = tmp_path_factory.mktemp("workflow")
    project = Project(folder / "cluster", SMALL)
    local = Project(folder / "local", SMALL)
    run = start_snakemake(cluster, project.folder, folder / "snakemake.log", *PROFILE)
    try:
        with ThreadPoolExecutor() as pool:
            local_run = pool.submit(local.run)  # meanwhile, without the profile
            cancelled = wait_for_training(run, "0001-0002")
            cluster.run("scancel", cancelled)
            requeued = wait_for_training(run, "0003-0004")
            workers = workers_of(project)
            cluster.run("scontrol", "requeue", requeued)
            local_run.result()
        assert run.succeeded(), run.log
    finally:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
            cluster.run("scancel", "--user=root")
    return WholeRun(project, run.log, run.jobs(), project.artifacts(), local.artifacts(), workers, cancelled, requeued)


def wait_for_training(run: SlurmRun, span: str, seconds: float = 300) -> str:
    """Wait until the job of a training span runs; it runs for some seconds, most of which are imports."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert run.process.poll() is None, run.log
        running = run.cluster.run("squeue", "--noheader", "--states=RUNNING", "--format=%i %k").stdout
        for line in running.splitlines():
            job, comment = line.split(maxsplit=1)
            if comment.startswith("rule_train_") and span in comment:
                return job
        time.sleep(0.2)
    raise AssertionError(f"no training of {span} after {seconds} s\n{run.log}")


def workers_of(project: Project) -> list[Path]:
    """The folders of workers that fork jobs, see evolution/startup/worker.py."""
    return sorted((project.folder / ".snakemake").glob("worker-*"))


def allocated(job: dict[str, str]) -> dict[str, str]:
    return dict(part.split("=") for part in job["AllocTRES"].split(","))


def test_artifacts_are_those_of_a_local_run(whole_run):
    assert len(whole_run.local) > 20
    assert differing(whole_run.artifacts, whole_run.local) == []


def test_all_work_is_done_by_jobs_of_slurm(whole_run):
    names = ("images", "train", "snapshot", "measure", "embed", "similarity", "figures")
    counts = {name: len({job["JobID"] for job in whole_run.of(name)}) for name in names}
    # 3 spans of training and the one that was cancelled; 2 of snapshots; the layer in both, the raw inputs in one.
    cells = {"snapshot": 2, "measure": 3, "embed": 3}
    assert counts == {"images": 1, "train": 3 + 1, "similarity": 1, "figures": 1} | cells
    assert sum(counts.values()) == len({job["JobID"] for job in whole_run.jobs})
    last = {job["JobID"]: job["State"] for job in whole_run.jobs}
    assert {state for job, state in last.items() if job != whole_run.cancelled} == {"COMPLETED"}


def test_jobs_on_nodes_start_by_themselves(whole_run):
    """Neither the Snakemake that submits nor one on a node starts a worker, which would serve a single job."""
    assert whole_run.workers == []


def test_jobs_get_cores_memory_and_gpu(whole_run):
    trainings = {job["JobID"]: job for job in whole_run.of("train")}
    comments = [job["Comment"] for job in trainings.values()]
    assert len([comment for comment in comments if "0000" in comment]) == 1
    for index, job in enumerate(trainings.values()):
        assert allocated(job)["cpu"] == "2"
        # Twice the memory in the attempt after the cancelled one.
        assert allocated(job)["mem"] == ("12000M" if job["Comment"] in comments[:index] else "6000M")
        # Epoch 0 is the initial weights: no GPU. The cluster's GPU is on n1.
        if "0000" in job["Comment"]:
            assert "gres/gpu" not in allocated(job)
        else:
            assert (allocated(job)["gres/gpu"], job["NodeList"]) == ("1", "n1")
    for job in whole_run.of("measure") + whole_run.of("embed"):
        assert allocated(job).items() >= {"cpu": "1", "mem": "1000M"}.items()
        assert "gres/gpu" not in allocated(job)
        assert job["Timelimit"] == "00:30:00"


def test_cancelled_training_is_submitted_again_and_goes_on(whole_run):
    [comment] = [job["Comment"] for job in whole_run.jobs if job["JobID"] == whole_run.cancelled]
    states = [job["State"] for job in whole_run.of("train") if job["Comment"] == comment]
    assert states == ["CANCELLED", "COMPLETED"]
    # The span before it is not trained again.
    assert [job["State"] for job in whole_run.of("train") if "0000" in job["Comment"]] == ["COMPLETED"]


def test_requeued_training_ends_well_without_a_new_submission(whole_run):
    [comment] = {job["Comment"] for job in whole_run.jobs if job["JobID"] == whole_run.requeued}
    before, after = (job for job in whole_run.of("train") if job["Comment"] == comment)
    assert before["JobID"] == after["JobID"] == whole_run.requeued
    assert (before["State"], after["State"]) == ("REQUEUED", "COMPLETED")


def test_nothing_is_submitted_again(whole_run):
    assert whole_run.project.plan(*PROFILE) == {}


def test_plots_key_submits_plots_alone(whole_run, snakemake):
    project = whole_run.project
    project.configure(changed(SMALL, "plots.animation.fps", 3))
    run = snakemake(project.folder, *PROFILE)
    assert run.succeeded(), run.log
    assert [job["Comment"] for job in run.jobs()] == ["rule_figures_plot_animation"]
    new = project.artifacts()
    assert [path for path in new if new[path] != whole_run.artifacts[path]] == [
        "tiny/figures/animation.gif",
        "tiny/figures/animation.mp4",
    ]


def test_training_out_of_memory_names_what_to_raise(whole_run, snakemake):
    project = whole_run.project
    project.configure(changed(SMALL, "training.learning_rate", 1e-3))
    # Importing torch takes more than this, and the Snakemake inside of the submission less.
    run = snakemake(
        project.folder,
        "results/tiny/checkpoints/0000.pt",
        *PROFILE,
        "--retries",
        0,
        "--set-resources",
        "train:mem_mb=250",
    )
    assert not run.succeeded(), run.log
    assert [job["State"] for job in run.jobs()] == ["FAILED"]
    assert "A job of rule train ran out of memory in attempt 1. Raise mem_mb" in run.log
    assert "--set-resources train:mem_mb=" in run.log


def test_a_run_within_one_allocation_goes_on_after_it_is_requeued(whole_run, cluster, tmp_path):
    """docs/clusters.md offers it for a single run: one submission, and its jobs start as on any machine."""
    project = Project(tmp_path / "allocation", SMALL)
    log = project.folder / "slurm.log"
    command = ["sbatch", "--parsable", "--requeue", "--cpus-per-task=4", "--mem=12000", f"--output={log}"]
    command += ["--open-mode=append", "--wrap", "snakemake --cores 4 --resources gpu=1"]
    job = cluster.run(*command, cwd=project.folder).stdout.strip()
    trained, in_training = project.path("checkpoints/0001-0002.pt"), project.path("logs/train/0003-0004.log")
    end = time.monotonic() + 300
    while not in_training.exists():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)
    assert workers_of(project)
    before = trained.stat().st_mtime_ns
    cluster.run("scontrol", "requeue", job)
    cluster.wait_for_state(job, "PENDING")
    assert cluster.wait_for_state(job, "COMPLETED", "FAILED", seconds=300) == "COMPLETED", log.read_text()
    assert trained.stat().st_mtime_ns == before
    assert differing(project.artifacts(), whole_run.local) == []
