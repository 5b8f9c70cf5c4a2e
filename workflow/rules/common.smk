import gc
import os
import platform
import re
import sys
import time
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from evolution import PIXELS
from evolution.config import followed_layers, spans
from evolution.data import contents, image_folder, own_source
from evolution.data.catalogue import ROOTED
from evolution.embedding import methods
from evolution.planning.code_files import code_files
from evolution.planning.digests import file_digest
from evolution.planning.slurm_limits import limits_exceeded
from filelock import FileLock, Timeout
from snakemake.common import get_function_params, overwrite_function_params
from snakemake.exceptions import WorkflowError
from snakemake.resources import Resource

# A DAG is many objects and hardly any garbage, which Python by default looks for all the time: a tenth of a dry run.
gc.set_threshold(100_000, 20, 100)

RUNS = experiment["runs"]
EPOCHS = spans.snapshot_epochs(experiment)
LAYERS = followed_layers.layers_with_pixels(experiment)
SNAPSHOT_SPANS = spans.snapshot_spans(experiment)
TRAINING_SPANS = spans.training_spans(experiment)
# Where each snapshot lies: its span, and its place in the span's files.
PLACES = {epoch: (span, place) for span, epochs in SNAPSHOT_SPANS.items() for place, epoch in enumerate(epochs)}


wildcard_constraints:
    run="|".join(map(re.escape, RUNS)),
    span=r"\d\d\d\d+(-\d\d\d\d+)?",
    layer=r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*",
    table="history|metrics|class_metrics|embedding",
    stage="measure|embed|measure_collapse|cka_layers|cka_epochs",
    kind="html|zip",


@lru_cache
def code(script):
    """A script and the modules it imports, as inputs relative to the working directory."""
    folder = Path(workflow.basedir) / "workflow" / "scripts"
    return [os.path.relpath(path) for path in code_files(folder / f"{script}.py")]


# What is printed at the end: no more summaries than this, and no longer comparison.
MOST_SUMMARIES, MOST_LINES = 8, 60


def print_summaries():
    """Print each run's summary, and how the runs compare, at the end of an invocation that was asked for them."""
    asked = {str(path) for job in workflow.dag.jobs for path in job.output}
    written = [path for path in (f"results/{run}/summary.md" for run in RUNS) if path in asked]
    if len(written) > MOST_SUMMARIES:
        print(f"The summaries of {len(written)} runs: {written[0]}, ...")
        written = []
    for path in written + [CROSSINGS] * (CROSSINGS in asked):
        text = Path(path).read_text(encoding="utf-8")
        print(text if text.count("\n") <= MOST_LINES else f"How the runs compare: {path}")


def print_limits_exceeded(logs):
    """Say what to raise for jobs that SLURM ended at their memory or time limit, also if a later attempt went well."""
    for path in logs:
        for message in limits_exceeded(path):
            print(message, file=sys.stderr)


# Snakemake's own lock outlives a killed Snakemake and must then be removed by hand. The profiles turn it off, and the
# system's lock on this file takes its place: whatever ends the process, it is gone with it.
PROJECT_LOCK = FileLock(".snakemake/running.lock", timeout=0)


def lock_project():
    """Keep a second Snakemake from working in this folder at the same time."""
    try:
        PROJECT_LOCK.acquire()
    except Timeout:
        raise WorkflowError(
            "Another Snakemake is at work in this folder. Wait until it ends, or stop it; "
            "then give the same command again."
        ) from None


def check_clock():
    """Refuse results from the future: what is made now would look older than what it is made from.

    Snakemake finds that out at the end of each job, and throws its results away.
    """
    # Network file systems and this machine may differ by seconds.
    latest = time.time() + 60
    for folder in (*RUNS, "comparison"):
        for path in Path("results", folder).rglob("*"):
            if path.is_file() and path.stat().st_mtime > latest:
                raise WorkflowError(
                    f"{path} is from {time.ctime(path.stat().st_mtime)}, which is yet to come: the clock was set back. "
                    "Set it right; or take the results as they are, giving all of them one time that has passed: "
                    "find results -exec touch --no-create --reference=Snakefile {} +"
                )


def allow_caching():
    """Make the rules that --cache names fit for Snakemake's between-workflow cache.

    Snakemake refuses to cache a rule that has a benchmark, since a result from the cache has taken no time.
    """
    for cached in workflow.rules:
        if cached.name in (workflow.workflow_settings.cache or ()):
            cached._benchmark = None


def note_parameters():
    """Note on each function that gives inputs, params or resources which parameters it has.

    Snakemake otherwise has Python look that up two or three times a function and job: a tenth of a dry run.
    """
    # Through which Snakemake calls those of resources.
    noted = [Resource.evaluate]
    for made in workflow.rules:
        # What ancient() and unpack() were given lies within.
        items = [getattr(item, "_file", item) for item in (*made.input, *made.params)]
        noted += [getattr(item, "callable", None) or item for item in items]
        noted += [resource._evaluator for resource in made.resources.values()]
    for function in filter(callable, noted):
        # Some of Snakemake's own helpers have them noted already, and not as their signature says.
        overwrite_function_params(function, get_function_params(function))


def free_scheduler():
    """Take off Snakemake's own limit of 100 job starts a second.

    With it, each look at the queue arms a timer for another look, and each job that ends adds one more that never
    stops: after some hundred jobs Snakemake 9 is busy looking, at the jobs' cost. A limit that the user gives stays.
    """
    limiter = workflow.scheduler.job_rate_limiter
    if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
