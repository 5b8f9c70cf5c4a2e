"""The errors that failed jobs ended with, from their logs: Snakemake's own messages bury them."""

import re
from pathlib import Path

# Logs that are named, at most.
MOST_ERRORS = 8


def logs_of_failed_jobs(snakemake_log: str | Path) -> list[str]:
    """The logs of the jobs that failed in one run of Snakemake, each once, as its own log names them."""
    text = Path(snakemake_log).read_text(encoding="utf-8", errors="replace")
    logs = re.findall(r"^ *log: (.*) \(check log file", text, flags=re.M)
    return list(dict.fromkeys(path for line in logs for path in line.split(", ")))


def closing_error(job_log: str) -> str | None:
    """The error that a job's log ends with, see `evolution.io.job_log`.

    Parameters
    ----------
    job_log : str
        Its text.

    Returns
    -------
    str or None
        The message, or the last line of a traceback; None where the log has neither, as of a job that was killed.
    """
    start = job_log.rfind("\nError: ") + 1
    if start or job_log.startswith("Error: "):
        return job_log[start:].strip()
    _, traceback, lines = job_log.rpartition("Traceback (most recent call last):")
    return lines.strip().splitlines()[-1] if traceback and lines.strip() else None


def error_lines(snakemake_log: str | Path, *, most: int = MOST_ERRORS, results: str = "results") -> list[str]:
    """Each distinct error of the jobs that failed, with the first log that ends with it.

    Parameters
    ----------
    snakemake_log : path
        Snakemake's own log, which names the log of each job that failed.
    most : int
        Errors to name; of more the last line gives the number.
    results : path
        The folder with the results.

    Returns
    -------
    list of str
    """
    logs_of: dict[str, list[str]] = {}
    for path in logs_of_failed_jobs(snakemake_log):
        # SLURM's logs hold Snakemake's messages; the job's own log is named next to them.
        if "/slurm_logs/" in path or not Path(path).is_file():
            continue
        if error := closing_error(Path(path).read_text(encoding="utf-8", errors="replace")):
            logs_of.setdefault(error, []).append(path)
    lines = []
    for error, paths in list(logs_of.items())[:most]:
        more = f", and {len(paths) - 1} more" if len(paths) > 1 else ""
        lines.append(f"{error} (log: {paths[0]}{more})")
    if len(logs_of) > most:
        lines.append(f"{len(logs_of) - most} more errors: {results}/*/logs/")
    return lines
