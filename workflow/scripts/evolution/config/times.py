"""Each run's times, as far as the config is sound: of the training, or of what lies on disk."""

from pathlib import Path

from evolution.config.checks import MOST_JOBS, CheckedConfig
from evolution.config.spans import counted_spans
from evolution.errors import ConfigError
from evolution.planning.run_times import RunTimes, checkpoint_times, epoch_length, recording_times, trained_times


def run_times(checked: CheckedConfig, *, results: Path = Path("results")) -> tuple[dict[str, RunTimes], list[str]]:
    """The times of each run.

    Parameters
    ----------
    checked : CheckedConfig
    results : Path
        The folder with the results.

    Returns
    -------
    times : dict
        Run to `RunTimes`. A run with a fault in what decides its times is left out.
    faults : list of str
        A line each, none twice.
    """
    times, faults = {}, []
    for name, run in checked.runs("checkpoints", "recording"):
        if run["recording"] is not None:
            found, wrong = _recorded(name, checked, results)
        elif run["checkpoints"] is not None:
            found, wrong = _of_checkpoints(name, checked, results)
        else:
            found, wrong = _trained(name, checked, results), []
        if found is not None:
            times[name] = found
        faults += wrong
    # A fault that several runs share is said once.
    return times, list(dict.fromkeys(faults))


def _trained(name: str, checked: CheckedConfig, results: Path) -> RunTimes | None:
    """The times of a run that is trained here; None where a fault is in what decides them."""
    config = checked.config
    if not checked.times_known(name):
        return None
    run = config["runs"][name]
    if max(counted_spans(config, epoch_length(run, config))) > MOST_JOBS:
        return None  # evolution.config.checks says so.
    return trained_times(name, run, config, results=results)


def _of_checkpoints(name: str, checked: CheckedConfig, results: Path) -> tuple[RunTimes | None, list[str]]:
    """The times of a run whose checkpoints are on disk, and what is wrong."""
    run = checked.config["runs"][name]
    where = checked.written_key(name, "checkpoints")
    if run["checkpoints"]["path"] is None:
        return None, [
            f"{where}.path: is missing; must be a folder of checkpoints, a glob, or a pattern with {{epoch}} or "
            "{step}"
        ]
    faults = []
    if run["model"]["weights"] is not None:
        weights = checked.written_key(name, "model.weights")
        faults.append(f"{weights}: is not read where `checkpoints` gives the weights; leave one of the two out")
    try:
        per_job = checked.config["snapshots_per_job"]
        return checkpoint_times(name, run["checkpoints"], per_job=per_job, results=results), faults
    except ConfigError as error:
        return None, [*faults, f"{checked.written_key(name, f'checkpoints.{error.key}')}: {error.problem}"]


def _recorded(name: str, checked: CheckedConfig, results: Path) -> tuple[RunTimes | None, list[str]]:
    """The times of a run whose activations are on disk, or what is wrong."""
    run = checked.config["runs"][name]
    where = checked.written_key(name, "recording")
    if run["checkpoints"] is not None:
        return None, [
            f"{where}: is set together with {checked.written_key(name, 'checkpoints')}; a run has one source: leave "
            "one out, or set it to null in the run"
        ]
    if run["recording"]["path"] is None:
        return None, [f"{where}.path: is missing; must be the folder of a recording (docs/your-own-activations.md)"]
    try:
        times = recording_times(
            name,
            run["recording"],
            layers=run["layers"],
            activations=checked.config["activations"],
            per_job=checked.config["snapshots_per_job"],
            results=results,
        )
        return times, []
    except ConfigError as error:
        return None, [f"{checked.written_key(name, f'recording.{error.key}')}: {error.problem}"]
