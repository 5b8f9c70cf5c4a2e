"""A job's log: its output, its errors, and no room for them."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


def run_job(tmp_path, body):
    """Run code inside job_log in a process of its own; what the process printed, its exit code, and its log."""
    code = (
        "import logging, sys\nfrom evolution.errors import *\nfrom evolution.io.job_log import job_log\n"
        f"with job_log('logs/job.log'):\n    {body}"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True
    )
    return process.stdout + process.stderr, process.returncode, (tmp_path / "logs" / "job.log").read_text()


def test_a_jobs_output_goes_to_its_log(tmp_path):
    body = (
        "logging.getLogger('evolution').info('Epoch %d', 3); print('printed'); print('warned', file=sys.stderr);"
        "import os; os.system('echo from a child')"
    )
    printed, code, log = run_job(tmp_path, body)
    assert (printed, code) == ("", 0)
    assert sorted(log.splitlines()) == ["Epoch 3", "from a child", "printed", "warned"]


@pytest.mark.parametrize("error", ["UserError", "ConfigError", "DataError", "ModelError", "LayerError"])
def test_an_error_of_the_user_is_its_message_alone(tmp_path, error):
    assert run_job(tmp_path, f"raise {error}('Set it to auto.')") == ("", 1, "Error: Set it to auto.\n")


def test_the_message_begins_with_the_key_of_the_config(tmp_path):
    _, code, log = run_job(tmp_path, "raise DataError('a.npz is damaged', key='dataset.name')")
    assert (code, log) == (1, "Error: dataset.name: a.npz is damaged\n")


def test_any_other_error_keeps_its_traceback(tmp_path):
    printed, code, log = run_job(tmp_path, "print('before'); 1 / 0")
    assert (printed, code) == ("", 1)
    assert "before\n" in log and "Traceback" in log and log.endswith("ZeroDivisionError: division by zero\n")


def test_a_log_starts_empty(tmp_path):
    run_job(tmp_path, "print('first')")
    assert run_job(tmp_path, "print('second')")[2] == "second\n"


@pytest.mark.parametrize(("fault", "said"), [("UserError", "Error: what is wrong"), ("KeyError", "Traceback")])
def test_a_log_without_room_loses_no_message(tmp_path, fault, said):
    code = (
        "import logging, resource, signal\nfrom evolution.errors import UserError\n"
        "from evolution.io.job_log import job_log\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))\n"
        f"with job_log({str(tmp_path / 'job.log')!r}):\n"
        f"    logging.getLogger('evolution').info('working'); raise {fault}('what is wrong')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert done.returncode == 1
    assert said in done.stderr and "what is wrong" in done.stderr
    assert ("Traceback" in done.stderr) == (fault == "KeyError")


def test_a_log_that_cannot_be_opened(tmp_path):
    (tmp_path / "file").touch()
    code = (
        f"from evolution.io.job_log import job_log\nwith job_log({str(tmp_path / 'file' / 'job.log')!r}): print('ran')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {tmp_path / 'file' / 'job.log'} cannot be written (")
