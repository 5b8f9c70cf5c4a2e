"""Each run's times, as far as the config is sound: of the training, or of the checkpoints on disk."""

from evolution.config.checks import CheckedConfig
from evolution.errors import ConfigError
from evolution.planning.run_times import RunTimes, checkpoint_times, trained_times


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
    for name, run in checked.runs("checkpoints"):
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
