"""The words of what is printed: what of Snakemake's own is left out, and how a failure, an error and an end are put."""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

# What Snakemake says in each run, and what is no news: the starts of its messages.
NO_NEWS = (
    *("Assuming unrestricted shared filesystem usage", "Building DAG of jobs", "Config file ", "Using shell: "),
    *("Conda environments: ignored", "Singularity containers: ignored", "Group jobs: inactive", "Select jobs to"),
    *("Shutting down, this might take some time", "Exiting because a job execution failed", "Removing output files of"),
)

# What Snakemake says when a person stops it.
STOPPED = (
    "Terminating processes on user request",
    "Will exit after finishing currently running jobs",
    "Cancelling snakemake on user request",
)

# What Snakemake says of a job's script that failed, by the script's copy.
SCRIPT_ENDED = re.compile(r"/\.snakemake/scripts/tmp\w+\.([^/']+)' (died with .+|returned non-zero .+)")

# What Snakemake ends with after failures.
JOBS_FAILED = "At least one job did not complete successfully."

# Jobs that are named where a run stopped, at most.
MOST_NAMED = 4


def is_news(message: str) -> bool:
    """Whether a message of Snakemake's is not one that each run has, or each job that is submitted to SLURM."""
    return not message.startswith(NO_NEWS) and not re.match(r"Job \S+ has been submitted with SLURM jobid", message)


def says_stopped(message: str, exception: str = "") -> bool:
    """Whether a message, or the text of an exception of that class, says that a person has stopped Snakemake."""
    # An interrupt in the midst of Snakemake's own code ends in other exceptions.
    in_snakemake = exception not in ("", "RuleException", "WorkflowError")
    return message.startswith(STOPPED) or (in_snakemake and "KeyboardInterrupt" in message)


def may_be_stopped(message: str) -> bool:
    """Whether a job ended by an interrupt: a person may have stopped Snakemake, which takes notice later."""
    return "died with <Signals.SIGINT" in message


def seconds_in_words(seconds: float) -> str:
    """A time as a person says it: 0.4 s, 12 s, 3 min, 2 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def plan_in_words(counts: dict[str, int]) -> str:
    """The number of jobs of each rule, in the order of the plan."""
    jobs = sum(counts.values())
    # No line ends between a number and its rule: textwrap breaks lines at plain spaces alone.
    rules = ", ".join(rule if count == 1 else f"{count}\u00a0{rule}" for rule, count in counts.items())
    lines = textwrap.fill(f"{jobs} job{'s' * (jobs != 1)}: {rules}", width=100, subsequent_indent="  ")
    return lines.replace("\u00a0", " ")


def error_in_words(message: str, exception: str) -> str | None:
    """An error that Snakemake reports, as far as it helps the person who reads it.

    Parameters
    ----------
    message : str
        As Snakemake formats it.
    exception : str
        The class of the exception.

    Returns
    -------
    str or None
        None where Snakemake says once more that a job has failed.
    """
    if exception == "RuleException" and (failed := SCRIPT_ENDED.search(message)):
        # A job that returned has said why. One that died by a signal could not.
        return f"{failed[1]} {failed[2]}" if failed[2].startswith("died") else None
    missing = re.search(r"No such file or directory: '(.+)'\s*$", message)
    if exception == "FileNotFoundError" and missing and "load_configfile" in message:
        return (
            f"There is no config file {missing[1]}. --configfile takes all words that follow it: if this is a target, "
            "write it before --configfile."
        )
    if exception != "WorkflowError":
        return message
    lines = [line for line in message.splitlines() if not re.fullmatch(r'  File ".+", line \d+, in .+', line)]
    if lines and re.fullmatch(r"WorkflowError( in (file|rule) .+)?:", lines[0]):
        del lines[0]
    text = "\n".join(lines)
    return None if text == JOBS_FAILED else text


def failure_in_words(text: str, seconds: str, said: Iterable[str], logs: Iterable[str]) -> str:
    """A job that failed, with the whole of its logs.

    Parameters
    ----------
    text : str
        What the job did.
    seconds : str
        How long it took.
    said : iterable of str
        What Snakemake has to say about the failure.
    logs : iterable of paths
        A log that is not there is named.
    """
    lines = [f"Failed: {text} ({seconds})", *(f"    {line}" for line in said)]
    for path in logs:
        content = log_of(path)
        lines.append(
            f"    {path} {'has nothing.' if content == '' else 'is not there.' if content is None else 'says:'}"
        )
        lines += [f"        {line}" for line in (content or "").splitlines()]
    return "\n".join(lines)


def failures_in_words(done: int, failed: int, total: int) -> str:
    """How far a run came in which jobs failed."""
    rest = total - done - failed
    waiting = f", and {rest} did not run" if rest else ""
    return f"{failed} of {total} jobs failed, {done} {'is' if done == 1 else 'are'} done{waiting}."


def log_of(path: str) -> str | None:
    """A log's text, without empty lines at its end; None where there is no such file."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").rstrip()
    except OSError:
        return None


def end_in_words(done: int, total: int, running: Iterable[str]) -> str:
    """Where a run stopped that a person has stopped."""
    if not total:
        return "Stopped before any job ran. The same command begins again."
    running = list(running)
    named = "; ".join(running[:MOST_NAMED]) + (
        f"; and {len(running) - MOST_NAMED} more" if running[MOST_NAMED:] else ""
    )
    middle = f", in the middle of: {named}" if running else ""
    return f"Stopped after {done} of {total} jobs{middle}. The same command goes on from there."
