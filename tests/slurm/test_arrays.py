"""Why the profile uses no job arrays: what docs/clusters.md says of version 2.8 of the executor.

A test here that fails after an upgrade says that the page, and perhaps the profile, can be changed.
"""

import subprocess

import pytest

pytestmark = pytest.mark.slurm

CELLS = """
rule all:
    input: expand("{cell}.txt", cell=range(4))
rule cell:
    output: "{cell}.txt"
    resources: mem_mb=400, runtime=5
    shell: "test $SLURM_ARRAY_TASK_ID != 3; echo result > {output}"
"""


def test_one_failed_cell_takes_good_ones_of_its_array_with_it(tmp_path, snakemake):
    """Each task but the first runs within the first job's Snakemake; if it fails, that deletes the first job's results.

    The other three cells succeed. What the array leaves of them depends on which task ends first.
    """
    (tmp_path / "Snakefile").write_text(CELLS)
    options = ["--executor", "slurm", "--jobs", 10, "--slurm-status-command", "squeue", "--latency-wait", 2]
    run = snakemake(tmp_path, *options, "--slurm-array-jobs", "cell", "--keep-going")
    assert not run.succeeded(seconds=180)
    assert len({job["JobID"].split("_")[0] for job in run.jobs()}) == 1
    assert len(list(tmp_path.glob("*.txt"))) < 3


def test_ready_jobs_that_are_more_than_may_run_at_once_are_dropped(tmp_path, snakemake):
    """The executor waits for all ready jobs of a rule to come at once, and Snakemake counts those as running."""
    (tmp_path / "Snakefile").write_text(CELLS)
    options = ["--executor", "slurm", "--jobs", 1, "--slurm-status-command", "squeue"]
    run = snakemake(tmp_path, *options, "--slurm-array-jobs", "cell")
    with pytest.raises(subprocess.TimeoutExpired):
        run.succeeded(seconds=25)
    assert "Execute 1 jobs" in run.log
    assert run.jobs() == []
