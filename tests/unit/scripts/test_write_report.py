"""How Snakemake is called for its report, where that cannot be tried: with conda."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from write_report import write_report

# Stands for the interpreter that has Snakemake: notes its arguments and the config, and writes the page.
PYTHON = """\
#!{python}
import json, pathlib, sys
given, page = (sys.argv[sys.argv.index(name) + 1] for name in ("--configfile", "--report"))
config = pathlib.Path(given).read_text(encoding="utf-8")
pathlib.Path({note!r}).write_text(json.dumps([sys.argv[1:], config]), encoding="utf-8")
pathlib.Path(page).write_text("whole", encoding="utf-8")
sys.exit({code})
"""


@pytest.fixture
def python(tmp_path):
    """Writes an interpreter that ends with a code; where it is, and where it notes what it was given."""

    def write(code=0):
        path, note = tmp_path / "python", tmp_path / "note.json"
        path.write_text(PYTHON.format(python=sys.executable, note=str(note), code=code), encoding="utf-8")
        path.chmod(0o755)
        return path, note

    return write


def report(python, folder, conda=False):
    arguments = arguments_of(python, folder)
    write_report(**arguments, conda=conda)
    return Path(arguments["output"])


def arguments_of(python, folder):
    output = folder / "out" / "report.html"
    output.parent.mkdir(exist_ok=True)
    return {
        "config": {"seed": 3},
        "python": str(python),
        "snakefile": "Snakefile",
        "targets": ["a.png", "b.png"],
        "output": str(output),
    }


@pytest.fixture(autouse=True)
def working_directory(tmp_path, monkeypatch):
    """The report's config lies there while the report is written."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("conda", [False, True])
def test_the_report_is_written_by_the_snakemake_that_is_at_work(tmp_path, monkeypatch, python, conda):
    path, note = python()
    monkeypatch.setattr(sys, "executable", "python of an environment without Snakemake")
    output = report(path, tmp_path, conda)
    command, config = json.loads(note.read_text(encoding="utf-8"))
    assert command[:4] == ["-m", "snakemake", "a.png", "b.png"] and yaml.safe_load(config) == {"seed": 3}
    assert command[command.index("--snakefile") + 1] == "Snakefile"
    assert (command[-2:] == ["--software-deployment-method", "conda"]) == conda
    assert output.read_text() == "whole" and list(output.parent.iterdir()) == [output]
    assert not list(tmp_path.glob(".report-*"))


def test_where_snakemake_fails_there_is_no_report(tmp_path, python):
    path, _ = python(code=1)
    with pytest.raises(subprocess.CalledProcessError):
        report(path, tmp_path)
    assert not list((tmp_path / "out").iterdir())


def test_what_a_killed_job_leaves_is_removed_by_the_next(tmp_path, python):
    stalled, whole = tmp_path / "stalled", python()[0]
    stalled.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    stalled.chmod(0o755)
    code = f"import sys; sys.path[:0] = {sys.path!r}; from write_report import write_report; write_report"
    code += f"(**{arguments_of(stalled, tmp_path)!r})"
    job = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        end = time.monotonic() + 30
        while not any(path.stat().st_size for path in tmp_path.glob(".report-*")):
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.1)
    finally:
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
    assert list(tmp_path.glob(".report-*"))
    assert report(whole, tmp_path).read_text() == "whole"
    assert not list(tmp_path.glob(".report-*"))
