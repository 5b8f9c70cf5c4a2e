"""What is said of jobs that SLURM ended, from texts that SLURM 22.05 and later wrote."""

import pytest

from evolution.planning.slurm_limits import advice, limits_exceeded

JOB = """
SNAKEMAKE
=========
  Command: snakemake --target-jobs RULE:run=a,span=0000 --allowed-rules RULE --cores all --attempt 2 --no-hooks
Job 0: Training run a, epochs 0000.
Reason: Forced execution
"""
FAILED = """[Mon Nov 23 15:18:47 2026]
    message: Error in group g
    jobs:
        rule other:
            jobid: 0
    [Mon Nov 23 15:18:47 2026]
    Error in rule other:
        message: None
"""
POLLED = """slurmstepd-n1: error: StepId=1.0 exceeded memory limit (6473391104 > 6291456000), being killed
slurmstepd-n1: error: Exceeded job memory limit
srun: error: n1: task 0: Killed
"""
CGROUP = """slurmstepd: error: Detected 1 oom_kill event in StepId=17.0. Some of the step tasks have been OOM Killed.
srun: error: n1: task 0: Out Of Memory
"""
TIME = """slurmstepd-n1: error: *** STEP 3.0 ON n1 CANCELLED AT 2026-11-23T15:20:01 DUE TO TIME LIMIT ***
slurmstepd-n1: error: *** JOB 3 ON n1 CANCELLED AT 2026-11-23T15:20:01 DUE TO TIME LIMIT ***
"""
CANCELLED = "slurmstepd-n1: error: *** STEP 3.0 ON n1 CANCELLED AT 2026-11-23T15:20:01 ***\n"


@pytest.mark.parametrize("slurm", [POLLED, CGROUP], ids=["polled", "cgroup"])
def test_memory(slurm):
    message = advice(JOB.replace("RULE", "train") + slurm + FAILED)
    assert "rule train ran out of memory in attempt 2" in message
    assert "--set-resources train:mem_mb=MB" in message


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("train", "training.epochs_per_job"),
        ("snapshot_2", "snapshots_per_job"),
        ("embed", "snapshots_per_job"),
        # Of a module.
        ("plain_measure", "snapshots_per_job"),
        ("mine_snapshot_2", "snapshots_per_job"),
        ("measure_collapse", None),
        ("plot_grid", None),
    ],
)
def test_time(rule, key):
    message = advice(JOB.replace("RULE", rule) + TIME + FAILED)
    assert f"rule {rule} ran out of time in attempt 2" in message
    assert f"--set-resources {rule}:runtime=MINUTES" in message
    assert ("in the config" in message) == (key is not None)
    assert key is None or key in message


@pytest.mark.parametrize("slurm", ["", CANCELLED, "MemoryError\n"])
def test_other_ends_have_no_limit_to_raise(slurm):
    assert advice(JOB.replace("RULE", "train") + slurm + FAILED) is None


def test_group_names_members_that_had_not_finished():
    log = JOB.replace("rules RULE", "rules collect summary plot_grid") + "Finished jobid: 3 (Rule: collect)\n"
    message = advice(log + POLLED + FAILED)
    assert "rule plot_grid or summary ran out" in message
    assert message.endswith("--set-resources plot_grid:mem_mb=MB summary:mem_mb=MB.")


def test_ended_before_snakemake_began():
    assert "runtime" in advice(TIME)


def test_logs_are_found_through_snakemakes_own(tmp_path):
    folder = tmp_path / "a b" / "slurm_logs"
    folder.mkdir(parents=True)
    ends = {"1": POLLED, "2": POLLED, "3": TIME, "4": CANCELLED}
    lines = []
    for number, end in ends.items():
        (folder / f"{number}.log").write_text(JOB.replace("RULE", "train") + end + FAILED)
        lines.append(f"    log: results/x.log, {folder}/{number}.log (check log file(s) for error details)\n")
    lines.append(f"    log: {folder}/gone.log (check log file(s) for error details)\n")
    (tmp_path / "snakemake.log").write_text("Error in rule train:\n".join(lines))
    memory, time = limits_exceeded(tmp_path / "snakemake.log")
    assert "memory" in memory and memory.endswith(f"{folder}/1.log")
    assert "time" in time and time.endswith(f"{folder}/3.log")
