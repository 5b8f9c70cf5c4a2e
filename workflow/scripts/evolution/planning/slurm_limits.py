"""Which limit to raise after SLURM ended a job at its memory or time limit, as the logs of both show."""

import re
from pathlib import Path

from evolution.planning.job_errors import logs_of_failed_jobs

# What slurmstepd and srun write where memory is polled, and where cgroups limit it (older and newer versions).
MEMORY_EXCEEDED = re.compile(r"exceeded memory limit|Exceeded job memory limit|oom[-_]kill|: Out Of Memory", re.I)

TIME_EXCEEDED = "DUE TO TIME LIMIT"

# The command of the Snakemake within the SLURM job names its rules (a group of jobs has several) and the attempt,
# which its announcements of jobs do not.
RULES = re.compile(r"--allowed-rules ([\w ]+?) --")

ATTEMPT = re.compile(r"--attempt (\d+)")

FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)", flags=re.M)

UNITS = {"runtime": "MINUTES", "mem_mb": "MB"}

# For a rule, the key of the config that makes its jobs shorter.
SHORTER = {
    "train": "training.epochs_per_job",
    "snapshot": "snapshots_per_job",
    "measure": "snapshots_per_job",
    "embed": "snapshots_per_job",
}

# The kind of a rule: there may be several, snapshot, snapshot_2, ..., and a module's have other words in front.
KIND = re.compile(rf"(?:^|_)({'|'.join(SHORTER)})(?:_\d+)?$")


def advice(slurm_log: str) -> str | None:
    """Say what to raise after SLURM ended a job at a limit.

    Parameters
    ----------
    slurm_log : str
        The text of the job's log: the output of the Snakemake within it, and SLURM's own messages.

    Returns
    -------
    str or None
        A sentence or two; None if the job did not end at a limit.
    """
    if TIME_EXCEEDED in slurm_log:
        resource, what = "runtime", "time"
    elif MEMORY_EXCEEDED.search(slurm_log):
        resource, what = "mem_mb", "memory"
    else:
        return None
    started = RULES.search(slurm_log)
    if not started:
        return f"A job ran out of {what} before its work began. Raise its {resource} in the profile's set-resources."
    rules = sorted(set(started[1].split()) - set(FINISHED.findall(slurm_log)))
    attempt = ATTEMPT.search(slurm_log)
    sentence = f"A job of rule {' or '.join(rules)} ran out of {what}"
    sentence += f" in attempt {attempt[1]}" if attempt else ""
    sentence += f". Raise {resource} in the profile (set-resources), or with --set-resources"
    sentence += "".join(f" {rule}:{resource}={UNITS[resource]}" for rule in rules)
    kinds = {match[1] for rule in rules if (match := KIND.search(rule))}
    shorter = sorted({SHORTER[kind] for kind in kinds}) if resource == "runtime" else []
    if shorter:
        sentence += f"; or make the jobs shorter with a smaller {' or '.join(shorter)} in the config"
    return sentence + "."


def limits_exceeded(snakemake_log: str | Path) -> list[str]:
    """Say what to raise for each kind of job that SLURM ended at a limit in one run of Snakemake.

    Parameters
    ----------
    snakemake_log : path
        Snakemake's own log, which names the SLURM log of each job that failed.

    Returns
    -------
    list of str
        A message for each, with the path of one SLURM log.
    """
    messages = {}
    for path in logs_of_failed_jobs(snakemake_log):
        if "/slurm_logs/" in path and Path(path).is_file():
            message = advice(Path(path).read_text(encoding="utf-8", errors="replace"))
            if message:
                messages.setdefault(message, f"{message} Its log: {path}")
    return list(messages.values())
