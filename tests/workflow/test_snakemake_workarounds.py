"""What the workflow changes of Snakemake's own objects: that it is needed, and that it can be switched off."""

import subprocess
import sys

import pytest

from support.project import ROOT, Project

OFF = {"EVOLUTION_NO_WORKAROUNDS": "1"}
# A workflow of one job, which says whether the number of job starts is limited.
ONE_JOB = """
include: "{folder}/snakemake_workarounds.smk"

onstart:
    lift_rate_limit()
    limiter = workflow.scheduler.job_rate_limiter
    print("limit:", limiter and (limiter.max_jobs, limiter.timespan))

rule all:
    output:
        touch("done"),
"""


@pytest.mark.parametrize(
    ("arguments", "env", "limit"),
    [
        ([], {}, "None"),
        ([], OFF, "(100, 1.0)"),
        (["--max-jobs-per-timespan", "7/2s"], {}, "(7, 2.0)"),
    ],
    ids=["lifted", "switched off", "the user's own"],
)
def test_the_limit_of_job_starts_is_lifted(tmp_path, arguments, env, limit):
    (tmp_path / "Snakefile").write_text(ONE_JOB.format(folder=ROOT / "workflow" / "rules"), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    environment = Project.environment() | env
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert f"limit: {limit}\n" in done.stdout


def test_another_version_of_snakemake_is_left_as_it_is(tmp_path):
    """The switch is also off for a Snakemake that these changes were not written for."""
    text = (ROOT / "workflow" / "rules" / "snakemake_workarounds.smk").read_text(encoding="utf-8")
    assert text.count('metadata.version("snakemake")') == 1
    (tmp_path / "snakemake_workarounds.smk").write_text(text.replace('metadata.version("snakemake")', '"10.0.0"'))
    (tmp_path / "Snakefile").write_text(ONE_JOB.format(folder=tmp_path), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    done = subprocess.run(command, cwd=tmp_path, env=Project.environment(), capture_output=True, text=True, check=True)
    assert "limit: (100, 1.0)\n" in done.stdout
