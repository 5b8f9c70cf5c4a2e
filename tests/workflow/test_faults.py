"""A run is killed, damaged or asked for the impossible: nothing is lost, and the message says what to do."""

import os
import random
import re
import signal
import subprocess
import time

import pytest

from support.project import TINY, Project, changed, differing

KILLS = 10


def test_killed_at_any_moment_a_run_resumes_with_the_same_command(finished, tmp_path):
    """SIGKILL to the whole process group, ten times; the artifacts end up as an undisturbed run's."""
    project = Project(tmp_path / "checkout")
    command = project.command("--cores", "2")
    # The kills are spread over the run. The seed is fixed, so that a failure can be repeated as far as timing allows.
    delays = random.Random(20).choices([1.5, 2.5, 3.5, 4.5, 5.5], k=KILLS)
    killed = 0
    for delay in delays:
        process = subprocess.Popen(
            command,
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(delay)
        killed += process.poll() is None
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert killed >= KILLS // 2
    project.run()
    assert project.plan() == {}
    assert differing(project.artifacts(), finished.artifacts()) == []


def test_a_second_snakemake_is_kept_out(project):
    project.configure(changed(TINY, "seed", 9))
    first = subprocess.Popen(
        project.command("--cores", "1"),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        for line in first.stdout:
            if line.startswith("["):  # A job has ended, and others go on.
                break
        output = project.run(cores=1, check=False)
        assert project.returncode != 0
        assert "Another Snakemake is at work in this folder" in output
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()


@pytest.mark.parametrize(
    ("artifact", "damage"),
    [
        ("checkpoints/0001-0002.pt", "truncated"),
        ("activations/0002/fc1.npy", "truncated"),
        ("activations/0002/fc1.npy", "foreign"),
        ("metrics/0002/fc1.parquet", "truncated"),
        ("embeddings/0002/fc1.npy", "foreign"),
    ],
)
def test_a_damaged_artifact_is_named_and_nothing_is_drawn_from_it(project, artifact, damage):
    path = project.path(artifact)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"not what it says it is")
    # Its readers must run again.
    readers = {
        "checkpoints": ["activations/0002/fc1.npy", "metrics/0002/fc1.parquet", "embeddings/0002/fc1.npy"],
        "activations": ["metrics/0002/fc1.parquet"],
        "metrics": ["tables/metrics.parquet"],
        "embeddings": ["figures/grid.png", "figures/animation.gif"],
    }[artifact.split("/")[0]]
    for reader in readers:
        project.path(reader).unlink()
    project.path("figures/raw_inputs.png").unlink()
    output = project.run(check=False)
    assert project.returncode != 0
    name = f"results/tiny/{artifact}"
    assert f"{name} is damaged" in output
    assert f"Remove it (rm {name}), and give the same command again" in output
    assert "Traceback (most recent call last)" not in output
    assert not project.path(readers[-1]).exists()
    # Other jobs went on.
    assert project.path("figures/raw_inputs.png").exists()


def test_the_named_commands_mend_a_damaged_artifact(project, finished):
    """The message says: remove it, and give the same command again."""
    name = "activations/0002/fc1.npy"
    project.path(name).write_bytes(b"damaged")
    project.path("metrics/0002/fc1.parquet").unlink()
    assert "is damaged" in project.run(check=False)
    project.path(name).unlink()
    project.run()
    assert differing(project.artifacts(), finished.artifacts()) == []


def test_a_diverging_training_stops_its_own_run_only(tmp_path):
    config = changed(TINY, "runs", {"tiny": {}, "wild": {"training": {"optimizer": "sgd", "learning_rate": 1e30}}})
    project = Project(tmp_path / "checkout", config)
    output = project.run(check=False)
    assert project.returncode != 0
    assert "The training diverged: at epoch" in output
    assert "learning_rate 1e+30" in output
    # Once where the job failed, and once more at the end, after all that the other run's jobs said.
    *_, last_job = (line for line in output.splitlines() if line.startswith("["))
    failed, end = output.split(last_job)
    assert re.search(r"results/wild/logs/train/\S+ says:\n(        .*\n)*        Error: The training diverged", failed)
    assert "Error: The training diverged" in end and "(log: results/wild/logs/train/" in end
    assert re.search(r"1 of \d+ jobs failed, \d+ are done, and \d+ did not run\.\n$", end)
    assert project.path("figures/animation.gif").exists()
    # What the run had made before is kept and usable.
    assert (project.folder / "results/wild/metrics/0000/fc1.parquet").exists()


def test_epochs_before_a_divergence_stay_usable(tmp_path):
    """The message's remedy: draw the epochs before the divergence, without training them again."""
    config = changed(TINY, "training", {"epochs": 4, "epochs_per_job": 1, "optimizer": "sgd", "learning_rate": 1e5})
    config = changed(config, "model.name", "mlp") | {"layers": ["fc1"], "snapshots": {"every": 1}}
    project = Project(tmp_path / "checkout", changed(config, "plots.grid_times", None))
    output = project.run(check=False)
    assert project.returncode != 0
    (epoch, kept) = re.search(r"at epoch (\d+) the loss is .* set training.epochs to (\d+)\.", output).groups()
    assert int(kept) == int(epoch) - 1 >= 1
    before = project.path("checkpoints/0001.pt").stat().st_mtime_ns
    project.configure(changed(project.config, "training.epochs", int(kept)))
    project.run()
    assert project.path("figures/grid.png").exists() and project.path("figures/animation.gif").exists()
    assert project.path("checkpoints/0001.pt").stat().st_mtime_ns == before
