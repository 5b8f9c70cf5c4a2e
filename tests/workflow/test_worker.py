"""Jobs that the worker forks, in whole runs: the same bytes as without it, and an end with Snakemake's."""

import csv
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from support.project import TINY, Project, changed, differing
from support.worker import gone

OFF = {"EVOLUTION_NO_WORKER": "1"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the worker is used on Linux alone")


def test_results_have_the_same_bytes_without_the_worker(finished, tmp_path):
    project = Project(tmp_path / "checkout")
    project.run(env=OFF)
    assert differing(project.artifacts(), finished.artifacts()) == []
    # Each job has left a record, either way.
    ours, theirs = (sorted(of.path("benchmarks").rglob("*.tsv")) for of in (project, finished))
    assert [path.relative_to(project.folder) for path in ours] == [path.relative_to(finished.folder) for path in theirs]


def test_every_record_says_what_the_job_took(finished):
    records = sorted(finished.path("benchmarks").rglob("*.tsv"))
    logs = sorted(finished.path("logs").rglob("*.log"))
    assert [path.relative_to(finished.path("benchmarks")).with_suffix("") for path in records] == [
        path.relative_to(finished.path("logs")).with_suffix("") for path in logs
    ]
    for path in records:
        with open(path, encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file, delimiter="\t")
        assert 0 < float(row["s"]) < 600
        assert 0 <= float(row["cpu_time"]) < 600
        assert 10 < float(row["max_rss"]) < 4000


def jobs_of(snakemake: int, name: str) -> list[psutil.Process]:
    """The processes that the worker of a Snakemake has forked for a script: their name is the script's."""
    found = []
    for each in psutil.Process(snakemake).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found += [each] * (each.name() == name)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_is_left_however_snakemake_ends(tmp_path, heeded_signals, number):
    # Jobs long enough to be seen.
    project = Project(tmp_path / "checkout", changed(TINY, "metrics.n_init", 5000))
    command = project.command("--cores", "2", "metrics")
    process = subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + 500
    while not (found := jobs_of(process.pid, "measure.py")) and time.monotonic() < end:
        time.sleep(0.1)
    assert found
    descendants = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    if number == signal.SIGINT:
        # A terminal sends it to all; from elsewhere, Snakemake waits for its jobs.
        for job in found:
            job.send_signal(number)
    process.wait(timeout=300)
    assert all(gone(each.pid) for each in descendants)
