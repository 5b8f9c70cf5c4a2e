# Where this workflow changes Snakemake's own objects, each with its reason. It does so for Snakemake 9, for which they
# were written; EVOLUTION_NO_WORKAROUNDS=1 in the environment leaves Snakemake as it is.
import os
from importlib import metadata

WORKAROUNDS = metadata.version("snakemake").startswith("9.") and not os.environ.get("EVOLUTION_NO_WORKAROUNDS")


def lift_rate_limit():
    """Take off Snakemake's own limit of 100 job starts a second; a limit that the user gives stays.

    While the limit is there, each look at the queue sets a timer for another look, so that each job that ends adds one
    look a second for the rest of the run (https://github.com/snakemake/snakemake/pull/3744 is about the same loop).
    Measured with Snakemake 9.27 and 600 jobs that sleep for a second, two at a time: Snakemake itself takes 33 s of
    processor time with the limit and 5 s without, and that is taken from the jobs. It grows with the square of the
    number of jobs.
    """
    limiter = workflow.scheduler.job_rate_limiter
    if WORKAROUNDS and limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
