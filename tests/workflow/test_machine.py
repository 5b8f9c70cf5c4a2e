"""The machine fails: a full disk, a read-only folder, a wrong clock. Nothing is lost, and the stated remedy works."""

import os
import re
import shutil
import subprocess
import time

import pytest

from support.project import TINY, Project, changed, differing

# Files that are deleted, so that a few jobs of every kind have to write.
WANTED = (
    "activations/0002/conv2.npy",
    "metrics/0002/conv2.parquet",
    "metrics/0002/fc1.parquet",
    "embeddings/0004/fc1.npy",
    "figures/grid.png",
    "figures/animation.gif",
)


def run_as_root(*command):
    """Run a command that needs root. Without root the test is skipped, or fails where REQUIRE_ALL is 1."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = f"{' '.join(command)}: {done.stderr.strip()}"
        (pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip)(reason)


@pytest.fixture
def disk(tmp_path):
    """A file system of 8 MB in memory, mounted where the test says."""
    mounted = []

    def mount(folder):
        folder.mkdir(parents=True, exist_ok=True)
        run_as_root("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder))
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder, spare):
    """Leave no more than `spare` bytes on the folder's disk."""
    free = shutil.disk_usage(folder).free
    (folder / "ballast").write_bytes(bytes(free - spare))
    return folder / "ballast"


def copied(project, folder):
    """A copy of a project with its times, without the files in `WANTED`."""
    copy = project.copy_to(folder)
    for name in WANTED:
        copy.path(name).unlink()
    return copy


def assert_nothing_half_written(project, finished):
    """Assert that each artifact is whole and right, and that no temporary file is left."""
    whole = finished.artifacts()
    for name, content in project.artifacts().items():
        if "ballast" not in name:
            assert content == whole[name], name


@pytest.mark.parametrize("spare", [0, 4096, 60_000])
def test_a_disk_that_is_full(finished, tmp_path, disk, spare):
    """The disk fills up during a write: there is room for nothing, for the log alone, or for some artifacts."""
    disk(tmp_path / "checkout" / "results")
    project = copied(finished, tmp_path / "checkout")
    ballast = fill(project.folder / "results", spare)
    output = project.run(check=False)
    assert project.returncode != 0
    assert "No space left on device" in output
    if spare:
        assert "cannot be written (" in output and "Make room on its disk, then give the same command again" in output
    assert "Traceback (most recent call last)" not in output
    assert_nothing_half_written(project, finished)
    ballast.unlink()
    project.run()
    assert differing(project.artifacts(), finished.artifacts()) == []
    assert project.plan() == {}


def test_a_disk_that_is_full_for_snakemakes_records_too(finished, tmp_path, disk):
    disk(tmp_path / "disk")
    project = copied(finished, tmp_path / "disk" / "checkout")
    ballast = fill(tmp_path / "disk", 100_000)
    output = project.run(check=False)
    assert project.returncode != 0
    assert "No space left on device" in output
    assert_nothing_half_written(project, finished)
    ballast.unlink()
    project.run()
    assert differing(project.artifacts(), finished.artifacts()) == []


def test_a_results_folder_that_is_read_only(finished, tmp_path, disk):
    results = tmp_path / "checkout" / "results"
    disk(results)
    project = copied(finished, tmp_path / "checkout")
    run_as_root("mount", "-o", "remount,ro", str(results))
    output = project.run(check=False)
    assert project.returncode != 0
    # Snakemake looks before it starts, and names the files of the first job that it looks at.
    assert "Write-protected output files" in output
    assert re.search(r"affected files:\n +results/tiny/\S+", output)
    assert "Traceback (most recent call last)" not in output
    assert_nothing_half_written(project, finished)
    run_as_root("mount", "-o", "remount,rw", str(results))
    project.run()
    assert differing(project.artifacts(), finished.artifacts()) == []


def test_a_clock_that_was_set_back(project, finished):
    """Results are from the future: new files would look older than their inputs, so no job is started."""
    tomorrow = time.time() + 86_400
    for path in (project.folder / "results").rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    assert project.plan() == {}
    project.path("metrics/0002/fc1.parquet").unlink()
    project.path("embeddings/0004/fc1.npy").unlink()
    left = project.artifacts()
    output = project.run(check=False)
    assert project.returncode != 0
    assert "which is yet to come: the clock was set back" in output
    assert differing(project.artifacts(), left) == []
    # The remedy, as the message states it.
    (command,) = re.findall(r"find results/tiny .*\+", output)
    subprocess.run(command, shell=True, cwd=project.folder, check=True)
    project.run()
    assert differing(project.artifacts(), finished.artifacts()) == []
    assert project.plan() == {}


def test_a_temporary_folder_that_is_missing(project, finished, tmp_path):
    project.path("metrics/0002/fc1.parquet").unlink()
    project.path("figures/animation.gif").unlink()
    project.run(env={"TMPDIR": str(tmp_path / "missing")})
    assert differing(project.artifacts(), finished.artifacts()) == []


def test_the_same_bytes_in_a_folder_with_a_strange_name_after_another_config_with_one_core(finished, tmp_path):
    """Spaces, umlauts and a shell's special characters; and nothing of the other config is left in use."""
    project = Project(tmp_path / "Schöne Läufe; $(touch pwned) 'zwei'", changed(TINY, "seed", 5))
    project.run("--until", "prepare_data", "raw_inputs")
    other = project.path("dataset.npz").read_bytes()
    project.configure(TINY)
    project.run(cores=1)
    assert project.path("dataset.npz").read_bytes() != other
    assert differing(project.artifacts(), finished.artifacts()) == []
    assert not list(tmp_path.rglob("pwned"))
