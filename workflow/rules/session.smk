# Around a run of Snakemake: a lock on the project, a look at the clock, and closing words.
import atexit
import gc
import shlex
import time

from evolution.errors import UserError
from evolution.io.warnings_file import load_warnings
from evolution.io.whole_files import unwritable
from evolution.planning import results_owner
from evolution.planning.closing_warnings import warning_lines
from evolution.planning.former_figures import former_figure_lines
from evolution.planning.job_errors import error_lines
from evolution.planning.programs import torch_finds_gpu
from evolution.planning.slurm_limits import limits_exceeded
from evolution.sources.sentences import few
from evolution.startup.worker import no_worker_because, put_worker_in_place
from filelock import FileLock, Timeout
from snakemake.settings.types import RerunTrigger

# Snakemake's own lock outlives a Snakemake that is killed, and must then be removed by hand. The profiles turn it off.
# The operating system's lock on this file takes its place: it ends with the process that holds it, however that ends.
# All modules of a Snakefile that use this workflow hold the same one.
PROJECT_LOCK = FileLock(".snakemake/running.lock", timeout=0, is_singleton=True)
# Results may lie where another working directory finds them too.
RESULTS_LOCK = FileLock(os.path.realpath(Path(RESULTS, ".running.lock")), timeout=0, is_singleton=True)


def check_owner():
    """Refuse results whose records are not here: Snakemake would see no change, and take each file for up to date."""
    if fault := results_owner.other_owner(Path(RESULTS)):
        raise WorkflowError(fault)


def module_notes():
    """That a workflow that uses this one as a module does not call its handlers, where its Snakefile does not."""
    snakefile = Path(workflow.main_snakefile)
    if MODULE and snakefile.is_file() and f"{MODULE}.onstart(" not in snakefile.read_text(encoding="utf-8"):
        yield (
            f"Module {MODULE}: {workflow.main_snakefile} does not call {MODULE}.onstart(), as far as its text shows. So "
            "jobs start more slowly, and nothing stops a run that would lose what was taken of files that are gone "
            "(docs/as-a-module.md)."
        )


# A plan is millions of objects that live until Snakemake ends. With its own thresholds Python's garbage collector walks
# through all of them again and again and finds nothing, and when the process ends it takes them apart one by one: of
# the planning of 20,000 cells a tenth and another fifth. So it looks less often, and not at the end.
gc.set_threshold(50_000, 10, 10)
atexit.register(gc.freeze)

if workflow.is_main_process:
    check_owner()
    # The rules are all there, and so is what their scripts import.
    CODE_NOTES.save()
    for note in not_said_before(module_notes()):
        logger.info(note)


def lock_project():
    """Keep a second Snakemake from working in this folder, or on its results, at the same time."""
    for lock, place in ((PROJECT_LOCK, "in this folder"), (RESULTS_LOCK, f"on {RESULTS}/")):
        try:
            Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise WorkflowError(
                f"Another Snakemake is at work {place}. Wait until it ends, or stop it; "
                "then give the same command again."
            ) from None
        except OSError as error:
            raise WorkflowError(str(unwritable(Path(lock.lock_file), error))) from None
    # Another one may have made results since this one was planned.
    check_owner()
    try:
        results_owner.claim(Path(RESULTS))
    except UserError as error:
        raise WorkflowError(str(error)) from None


def check_triggers():
    """Say that a trigger is on that profiles/default leaves out: a module comes without that profile."""
    note = (
        "Snakemake's rerun trigger `code` is on, so that a fresh clone of this workflow runs all jobs again. It is not "
        "needed, because code is among the jobs' inputs: give --rerun-triggers mtime params input software-env, or "
        "write rerun-triggers: [mtime, params, input, software-env] into your profile."
    )
    if RerunTrigger.CODE in workflow.rerun_triggers:
        for new in not_said_before([note]):
            logger.info(new)


def check_clock():
    """Refuse results from the future: what is made now would look older than the files that it is made from.

    Snakemake finds that out at the end of each job, and deletes the job's results.
    """
    # Network file systems and this machine may differ by seconds.
    latest = time.time() + 60
    # The first such file of each folder.
    found = {}
    for folder in (*RUNS, "comparison"):
        for path in Path(RESULTS, folder).rglob("*"):
            if path.is_file() and path.stat().st_mtime > latest:
                found[f"{RESULTS}/{folder}"] = path
                break
    if found:
        path = next(iter(found.values()))
        raise WorkflowError(
            f"{path} is from {time.ctime(path.stat().st_mtime)}, which is yet to come: the clock was set back. "
            "Set it right; or take the results as they are, giving all of them one time that has passed: "
            f"find {shlex.join(found)} -exec touch --no-create --reference={shlex.quote(workflow.main_snakefile)} {{}} +"
        )


def start_jobs_at_once():
    """Have a worker start the jobs of this machine; where it cannot, each job starts a Python of its own."""
    deployed = workflow.deployment_settings.deployment_method
    because = no_worker_because(
        submitted=not workflow.local_exec,
        in_conda=DeploymentMethod.CONDA in deployed,
        in_containers=DeploymentMethod.APPTAINER in deployed and any(rule.container_img for rule in workflow.rules),
    )
    try:
        if because is None:
            put_worker_in_place(SCRIPTS)
    except OSError as error:
        because = str(error)
    for note in not_said_before(
        [f"Each job starts a Python of its own, without the worker: {because}."] if because else []
    ):
        logger.info(note)


def jobs_that_write(
    folder,
):
    """The jobs that run in this invocation and write into a folder of a run.

    What they write tells them from each other: a module's rules have other names, and there is a rule `snapshot` for
    each set of layers. Jobs of a workflow that uses this one may have any wildcards.
    """
    # A dry run finishes its jobs too.
    for job in workflow.dag.needrun_jobs(exclude_finished=False):
        start = f"{RESULTS}/{job.wildcards.get('run')}/{folder}/"
        if job.wildcards.get("run") in RUNS and any(path.startswith(start) for path in job.output):
            yield job


def check_sources():
    """Refuse to take the snapshot of a file that is gone, before anything runs.

    Snakemake removes a job's results before the job begins: the job would fail, and what was taken of the file be lost.
    """
    gone = {}
    for job in jobs_that_write("predictions"):
        if SOURCE[job.wildcards.run] == "train":
            continue
        for time_of_span in span_times(job.wildcards):
            path = TIMES[job.wildcards.run].stored[time_of_span].path
            if not os.path.exists(path):
                gone.setdefault(job.wildcards.run, {})[time_of_span] = path
    for run, paths in gone.items():
        left_out = sorted({*RUNS[run][SOURCE[run]]["choose"]["leave_out"], *paths})
        raise WorkflowError(
            f"{few(paths[time] for time in sorted(paths))} {'are' if len(paths) > 1 else 'is'} gone, and needed to take "
            "a snapshot again. What was taken before is still there, and nothing ran. Give the config again that it was "
            "taken with; or put the files back; or leave these times out with "
            f"{SOURCE[run]}.choose.leave_out: {left_out}."
        )


def check_gpu():
    """Refuse jobs that must have a GPU where there is none: Snakemake would remove their results before they fail."""
    if not workflow.local_exec or DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method:
        return
    # The folder of a run that only such a job writes into, and the device that the config gives the job.
    devices = {
        "metrics.device": ("metrics", lambda job: measuring_device(job.wildcards)),
        "activations.device": ("predictions", lambda job: experiment["activations"]["device"]),
        "training.device": ("timing", lambda job: RUNS[job.wildcards.run]["training"]["device"]),
    }
    wanted = [
        key
        for key, (folder, device_of) in devices.items()
        if any(
            device_of(job) == "cuda" and (folder != "predictions" or SOURCE[job.wildcards.run] != "recording")
            for job in jobs_that_write(folder)
        )
    ]
    if wanted and not torch_finds_gpu():
        raise WorkflowError(
            f"{' and '.join(wanted)}: cuda was asked for, and torch finds no usable GPU here. Set it to auto or cpu, or "
            "run where a GPU is (nvidia-smi shows it). Nothing ran, and what was there is still there."
        )


def trained_again():
    """The sentence on runs whose training is on disk and is made again, as with another seed; none without such runs."""
    again = {job.wildcards.run for job in jobs_that_write("timing") if os.path.exists(job.output.checkpoint)}
    if again:
        yield (
            f"Trained again, in place of what {RESULTS}/ holds: {few(sorted(again))}. Another time, to keep both, give the "
            "run another name; or to compare seeds, list them all: docs/a-sweep.md."
        )


def say_what_is_trained_again():
    """Say it before anything runs."""
    for note in trained_again():
        logger.info(note)


@atexit.register
def say_what_the_command_does_not_show():
    """Say at the end what Snakemake gives no other place for: a dry run, or one without a job, calls no handler."""
    if not workflow.is_main_process or workflow.dag is None:
        return
    for note in trained_again() if workflow.dryrun else ():
        print(note)
    train = rules.train.rule.name
    if train in workflow.dag_settings.until:
        print(
            f"--until {train} ends after the first job of a training's chain. To train to the last epoch and stop there, "
            "give the target `training` in its place."
        )


# Closing words go through Snakemake's logger: a logger plugin prints from a thread of its own, and a plain print would
# come between its last lines.

# At the end no more summaries than this are printed, no longer comparison of runs, and no more warnings without them.
MOST_SUMMARIES, MOST_LINES = 8, 60


def print_summaries():
    """Print each run's summary, and how the runs compare, at the end of an invocation that was asked for them.

    Summaries begin with the run's warnings. Where there are too many summaries to print, the warnings are printed.
    """
    asked = {str(path) for job in workflow.dag.jobs for path in job.output}
    written = [path for path in (f"{RESULTS}/{run}/summary.md" for run in RUNS) if path in asked]
    if len(written) > MOST_SUMMARIES:
        logger.info(f"The summaries of {len(written)} runs: {written[0]}, ...")
        warnings = {Path(path).parent.name: load_warnings(Path(path).with_name("warnings.json")) for path in written}
        for line in warning_lines(warnings, most=MOST_LINES, results=RESULTS):
            logger.info(line)
        written = []
    crossings = CROSSINGS.replace("<results>", RESULTS)
    for path in written + [crossings] * (crossings in asked):
        text = Path(path).read_text(encoding="utf-8")
        logger.info(text if text.count("\n") <= MOST_LINES else f"How the runs compare: {path}")


def print_data_warnings():
    """Print what is odd in the samples of each run that was asked for no summary, whose first lines would say it."""
    from evolution.data.dataset_warnings import dataset_warnings  # It loads NumPy, which planning does without.

    asked = {str(path) for job in workflow.dag.jobs for path in job.output}
    paths = {run: f"{RESULTS}/{run}/dataset.npz" for run in RUNS if f"{RESULTS}/{run}/summary.md" not in asked}
    warnings = {run: dataset_warnings(path) for run, path in paths.items() if path in asked and Path(path).is_file()}
    for line in warning_lines(warnings, most=MOST_LINES, results=RESULTS):
        logger.info(line)


def print_former_figures():
    """Name the figures of an earlier run that this one has not drawn again, because their format is not asked for."""
    asked = {str(path) for job in workflow.dag.jobs for path in job.output}
    figures = [path.replace("<results>", RESULTS) for path in FIGURE_FILES + COMPARISON_FILES]
    for line in former_figure_lines([path for path in figures if path in asked], FORMATS):
        logger.info(line)


def print_job_errors(logs):
    """Say once more what the failed jobs ended with: Snakemake's messages on them are long, and other jobs went on."""
    for path in logs:
        for line in error_lines(path, results=RESULTS):
            logger.error(line)


def print_limits_exceeded(logs):
    """Say what to raise for jobs that SLURM ended at their memory or time limit, also if a later attempt succeeded."""
    for path in logs:
        for message in limits_exceeded(path):
            logger.warning(message)
