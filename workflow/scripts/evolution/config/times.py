"""Each run's times, as far as the config is sound: of the training, or of what lies on disk."""

from evolution.config.checks import CheckedConfig
from evolution.errors import ConfigError
from evolution.planning.run_times import RunTimes, checkpoint_times, recording_times, trained_times


def run_times(checked: CheckedConfig) -> tuple[dict[str, RunTimes], list[str]]:
    """The times of each run.

    Parameters
    ----------
    checked : CheckedConfig

    Returns
    -------
    times : dict
        Run to `RunTimes`. A run with a fault in what decides its times is left out.
    faults : list of str
        A line each, none twice.
    """
    times, faults = {}, {}
    config = checked.config
    trained = None
    if checked.sound("training.epochs", "training.epochs_per_job", "snapshots", "snapshots_per_job"):
        trained = trained_times(config)
    for name, run in checked.runs("checkpoints", "recording"):
        if run["recording"] is not None:
            found, wrong = _recorded(name, checked)
            times |= {} if found is None else {name: found}
            faults |= dict.fromkeys(wrong)
            continue
        if run["checkpoints"] is None:
            if trained is not None:
                times[name] = trained
            continue
        if run["checkpoints"]["path"] is None:
            where = checked.written_key(name, "checkpoints")
            faults[f"{where}.path: is missing; must be a folder of checkpoints, a glob, or a pattern with {{epoch}} "
                   "or {step}"] = None  # fmt: skip
            continue
        if run["model"]["weights"] is not None:
            where = checked.written_key(name, "model.weights")
            faults[f"{where}: is not read where `checkpoints` gives the weights; leave one of the two out"] = None
        try:
            times[name] = checkpoint_times(name, run["checkpoints"], per_job=config["snapshots_per_job"])
        except ConfigError as error:
            where = checked.written_key(name, f"checkpoints.{error.key}")
            faults[f"{where}: {error.problem}"] = None
    return times, list(faults)


def _recorded(name: str, checked: CheckedConfig) -> tuple[RunTimes | None, list[str]]:
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
        )
        return times, []
    except ConfigError as error:
        return None, [f"{checked.written_key(name, f'recording.{error.key}')}: {error.problem}"]
