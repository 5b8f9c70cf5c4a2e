"""The errors of failed jobs, from texts as Snakemake and the jobs write them."""

import pytest

from evolution.planning.job_errors import closing_error, error_lines

FAILED = """[Fri Nov 27 22:39:15 2026]
Error in rule train:
    jobid: 1
    output: out.pt
    log: {} (check log file(s) for error details)
Logfile {}:
"""
TRACEBACK = """Epoch 1
Traceback (most recent call last):
  File "train.py", line 3, in train
KeyError: 'x'
"""


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("Epoch 1\nError: model.name: no.\n", "Error: model.name: no."),
        ("Error: one:\n- two\n- three\n", "Error: one:\n- two\n- three"),
        ("Error: first\nEpoch 1\nError: last\n", "Error: last"),
        (TRACEBACK, "KeyError: 'x'"),
        ("Epoch 1\nEpoch 2\n", None),
        ("", None),
    ],
)
def test_what_a_log_ends_with(log, error):
    assert closing_error(log) == error


@pytest.fixture
def snakemake_log(tmp_path):
    """Writes Snakemake's log of jobs that failed with these logs, a list of paths each."""

    def write(*jobs):
        text = "".join(FAILED.format(", ".join(map(str, logs)), logs[0]) for logs in jobs)
        (tmp_path / "snakemake.log").write_text(text, encoding="utf-8")
        return tmp_path / "snakemake.log"

    return write


def job_log(folder, name, text):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_each_error_once_with_its_log(tmp_path, snakemake_log):
    one, two, three = (job_log(tmp_path, f"{n}.log", f"Epoch 1\nError: {n % 2}\n") for n in (1, 2, 3))
    killed, lost = job_log(tmp_path, "killed.log", "Epoch 1\n"), tmp_path / "lost.log"
    # A job that was tried twice is named once.
    path = snakemake_log([one], [one], [two], [killed], [lost], [three])
    assert error_lines(path) == [f"Error: 1 (log: {one}, and 1 more)", f"Error: 0 (log: {two})"]
    assert error_lines(path, most=1) == [f"Error: 1 (log: {one}, and 1 more)", "1 more errors: results/*/logs/"]


def test_the_log_of_slurm_is_left_out(tmp_path, snakemake_log):
    own = job_log(tmp_path, "own.log", "Error: no\n")
    slurm = job_log(tmp_path / "slurm_logs", "1.log", "Error in rule train\nError: no\nShutting down\n")
    assert error_lines(snakemake_log([own, slurm])) == [f"Error: no (log: {own})"]


def test_without_failed_jobs_there_are_no_lines(snakemake_log):
    assert error_lines(snakemake_log()) == []
