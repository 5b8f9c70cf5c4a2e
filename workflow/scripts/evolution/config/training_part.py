"""How many training samples are drawn for a run that was trained elsewhere: they only say what to normalise by."""

from evolution.config.checks import CheckedConfig
from evolution.data.catalogue import class_sizes
from evolution.data.class_balance import most_to_train_on
from evolution.errors import DataError


def cap_training_parts(checked: CheckedConfig) -> None:
    """Lower dataset.train_size of runs of checkpoints to the samples that there are next to those to follow.

    A person who has checkpoints and evaluation data would else have to find a size for a training that does not happen.
    Of data that cannot be used nothing changes, nor of data without any sample left: the checks say why.
    """
    for _, run in checked.runs("dataset"):
        left = _left(run)
        if left is not None and run["dataset"]["train_size"] > left:
            run["dataset"] = run["dataset"] | {"train_size": left}


def training_part_notes(config: dict) -> list[str]:
    """What was capped, a sentence for each data set.

    Parameters
    ----------
    config : dict
        As `evolution.config.resolve.resolve` returns it.
    """
    found = {}
    for name, run in config["runs"].items():
        dataset, asked = run["dataset"], config["dataset"]["train_size"]
        if dataset["train_size"] < asked and dataset["train_size"] == _left(run):
            used = (
                "they decide what samples are normalised by"
                if dataset["normalize"] == "auto"
                else "they are not used, as dataset.normalize is not auto"
            )
            found.setdefault(
                (dataset["name"], dataset["eval_size"]),
                f"Of run {name} {dataset['train_size']} training samples are drawn in place of dataset.train_size "
                f"{asked}, as {dataset['name']} has no more next to the {dataset['eval_size']} to follow; {used}.",
            )
    return list(found.values())


def _left(run: dict) -> int | None:
    """The most training samples of a run of checkpoints; None of other runs, and where none are left or known."""
    if run["checkpoints"] is None:
        return None
    dataset = run["dataset"]
    try:
        sizes = class_sizes(dataset["name"], kind=dataset["kind"], target=dataset["target"])
    except DataError:
        return None
    return None if sizes is None else most_to_train_on(*sizes, dataset["eval_size"]) or None
