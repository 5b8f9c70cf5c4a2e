"""What a job notes of its time and memory, next to what the system says of a process that is known."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from evolution.io.job_record import record_path

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


def record_of(tmp_path, body):
    """The record of a job with this body, in a process of its own, and its exit code."""
    code = f"from evolution.io.job_log import job_log\nwith job_log('results/a/logs/b/c.log'):\n    {body}"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(SCRIPTS)})
    path = tmp_path / "results" / "a" / "benchmarks" / "b" / "c.tsv"
    if not path.exists():
        return None, done.returncode
    with open(path, encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    return {name: float(value) for name, value in row.items()}, done.returncode


@pytest.mark.parametrize(
    ("log", "record"),
    [
        ("results/run/logs/measure/0001/fc1.log", "results/run/benchmarks/measure/0001/fc1.tsv"),
        ("results/logs/logs/summary.log", "results/logs/benchmarks/summary.tsv"),
        ("results/run/logs/measure/0001/layer.1.log", "results/run/benchmarks/measure/0001/layer.1.tsv"),
        ("somewhere/else.log", None),
        ("logs", None),
    ],
)
def test_the_record_stands_to_benchmarks_as_the_log_to_logs(log, record):
    assert record_path(log) == (record and Path(record))


def test_seconds_and_memory(tmp_path):
    spins = "import time; end = time.process_time() + 0.5\n    while time.process_time() < end: pass\n"
    record, _ = record_of(tmp_path, spins + "    time.sleep(0.5); held = b'x' * 300 * 2**20")
    assert 0.5 <= record["cpu_time"] <= record["s"] + 0.1
    assert 1 <= record["s"] < 60
    assert 300 < record["max_rss"] < 400


def test_a_child_counts(tmp_path):
    child = "held = b'x' * 300 * 2**20\nimport time\nwhile time.process_time() < 0.6: pass"
    record, _ = record_of(tmp_path, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    assert record["cpu_time"] >= 0.6
    assert 300 < record["max_rss"] < 400


def test_a_failed_job_leaves_none(tmp_path):
    assert record_of(tmp_path, "raise ValueError") == (None, 1)


def test_a_record_without_room_is_left_out(tmp_path):
    (tmp_path / "results" / "a").mkdir(parents=True)
    (tmp_path / "results" / "a" / "benchmarks").write_text("in the way", encoding="utf-8")
    assert record_of(tmp_path, "pass") == (None, 0)
