"""The code that a job runs is among its inputs, or among those of the settings file that it reads."""

import json
from pathlib import Path

import pytest
import torch

from evolution.planning.code_files import code_files
from support.project import TINY, Project
from support.recordings import write_recording

DATA = """
import numpy as np


def evaluation():
    return np.random.default_rng(0).random((60, 1, 8, 8), np.float32), np.arange(60) % 10
"""

# Snakemake's own account of the jobs: each job's script and inputs, written when a dry run ends.
PROBE = """
include: "Snakefile"

import atexit, json

def described(job):
    # Rules may name their script by a param.
    script = (job.rule.script or "").format(params=job.params)
    return {"script": script, "input": list(job.input), "output": list(job.output)}

def write_jobs():
    with open("jobs.json", "w") as stream:
        json.dump([described(job) for job in workflow.dag.jobs], stream)

atexit.register(write_jobs)
"""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """The jobs of two runs with all targets, in a folder of their own."""
    elsewhere = {"dataset": {"name": "data.py:evaluation"}, "checkpoints": {"path": "checkpoints"}}
    recorded = {"recording": {"path": "recorded", "unit": "epoch"}, "layers": "auto"}
    ending = {"training": {"stop": {"patience": 1}}}
    runs = {"a": {}, "b": {"seed": 4}, "elsewhere": elsewhere, "recorded": recorded, "ending": ending}
    project = Project(tmp_path_factory.mktemp("project"), TINY | {"runs": runs})
    (project.folder / "data.py").write_text(DATA)
    (project.folder / "checkpoints").mkdir()
    for epoch in range(5):
        # Of planning alone: nothing reads the weights.
        torch.save({"a": torch.full((1,), epoch)}, project.folder / "checkpoints" / f"epoch_{epoch}.pt")
    write_recording(project.folder / "recorded", times=range(5))
    (project.folder / "probe.smk").write_text(PROBE)
    project.snakemake("--snakefile", "probe.smk", "--dry-run", "all", "report", "layers")
    planned = json.loads((project.folder / "jobs.json").read_text())
    # What is measured against attributes needs runs that have them.
    (project.folder / "recorded" / "attributes.csv").write_text("writer\n" + "ann\nbob\n" * 30)
    project.configure(TINY | {"metrics": {"measure_by": ["writer"]}, "runs": {"recorded": recorded}})
    project.snakemake("--snakefile", "probe.smk", "--dry-run", "all")
    return project.folder, planned + json.loads((project.folder / "jobs.json").read_text())


def test_the_code_of_each_job_is_among_its_inputs(jobs):
    folder, planned = jobs
    inputs = {output: set(job["input"]) for job in planned for output in job["output"]}
    scripts = folder / "workflow" / "scripts"
    for job in planned:
        if job["script"]:
            # A settings file changes with its own inputs, and carries the change.
            settings = [inputs[path] for path in job["input"] if "/settings/" in path]
            known = {(folder / path).resolve() for path in set(job["input"]).union(*settings)}
            code = {path.resolve() for path in code_files(scripts / Path(job["script"]).name)}
            assert code <= known, (job["script"], job["output"])


def test_each_script_is_run_by_a_job(jobs):
    folder, planned = jobs
    run = {Path(job["script"]).name for job in planned if job["script"]}
    assert run == {path.name for path in (folder / "workflow" / "scripts").glob("*.py")}
