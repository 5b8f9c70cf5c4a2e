"""The training's own losses and scores, from the logs that training code leaves next to its checkpoints."""

import csv
import json
import logging
import math
import re
from collections.abc import Iterable, Mapping
from itertools import chain, pairwise
from pathlib import Path

from evolution.data.kinds import CLASSES, SCORES
from evolution.errors import DataError

log = logging.getLogger("evolution")

# What is read, by the names that training code gives it. The first of them that a log has counts.
COLUMNS = {
    "train_loss": ("train_loss", "train_loss_epoch", "training_loss", "train/loss", "loss", "train_loss_step"),
    "train_accuracy": ("train_accuracy", "train_acc", "train_acc_epoch", "train/acc", "training_accuracy"),
    "train_r2": ("train_r2", "train_r2_score", "train_r2_epoch", "train/r2", "training_r2"),
    "train_average_precision": ("train_average_precision", "train_ap", "train_map", "train/ap", "train/map"),
}

# How messages call the scores; and those that logs may have in percent.
SAID = {"train_accuracy": "accuracy", "train_r2": "R²", "train_average_precision": "average precision"}
IN_PERCENT = ("train_accuracy", "train_average_precision")

# All that is read of a log.
READ = {"epoch", "step", *chain(*COLUMNS.values())}

# Columns that tell apart rows of several trainings, or of several parts of the data.
OTHER_SERIES = re.compile(
    r"run|run_?(name|id)|fold|seed|trial|experiment|version|phase|split|stage|mode|set|subset|part(ition)?|data(set)?"
    r"|model|name",
    re.IGNORECASE,
)

# A log of Hugging Face's Trainer, in each of its folders, and of Lightning's CSVLogger, in the folder of its version.
TRAINER_STATE, METRICS = "trainer_state.json", "metrics.csv"


def find_logs(checkpoints: Iterable[str]) -> list[str]:
    """The logs near checkpoints: of the last folder of a Trainer, or else a metrics.csv.

    A metrics.csv lies next to the checkpoints, or as Lightning has it next to their folder `checkpoints`.

    Parameters
    ----------
    checkpoints : iterable of str
        Their paths, in the order of their times.

    Returns
    -------
    list of str
        One path, or none.
    """
    for checkpoint in reversed(list(checkpoints)):
        path = Path(checkpoint)
        if (path / TRAINER_STATE).is_file():
            return [str(path / TRAINER_STATE)]
        near = [path.parent / METRICS]
        if path.parent.name == "checkpoints":
            near.append(path.parent.parent / METRICS)
        if path.exists():
            return [str(file) for file in near if file.is_file()][:1]
    return []


def read_losses(path: str, *, unit: str, asked: bool, target: str = CLASSES) -> dict[int, dict[str, float]]:
    """Read the training's losses, and its scores by the kind of target.

    Parameters
    ----------
    path : str
        trainer_state.json, or a CSV file with a column epoch or step.
    unit : {"epoch", "step"}
        What the run's times are counted in.
    asked : bool
        Whether the config names the file. A file that was only found near the checkpoints may be about something else:
        it gives nothing where it cannot be read.
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Returns
    -------
    dict
        Time to value by measure, `train_loss` and train_SCORE (`evolution.data.kinds.SCORES`), ascending. An epoch has
        the mean of what was logged within it. Accuracies and average precisions in percent are taken as shares.

    Raises
    ------
    DataError
        If a file that the config names cannot be read, or has no such columns.
    """
    try:
        rows = _trainer_rows(path) if path.endswith(".json") else _csv_rows(path)
        return _by_time(rows, unit, path, ["train_loss", *([f"train_{SCORES[target]}"] if target in SCORES else [])])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DataError) as error:
        if not asked:
            log.info("%s is not read: %s", path, error)
            return {}
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read ({reason}).", "checkpoints.history") from error


def loss_next_to_weights(content: object) -> float | None:
    """The training's loss that a checkpoint holds next to its weights, if it holds one.

    An accuracy is not taken: of a single one nobody knows whether it is a share or in percent.

    Parameters
    ----------
    content : object
        All that the file holds.
    """
    for name in COLUMNS["train_loss"] if isinstance(content, Mapping) else ():
        value = content.get(name)
        # A loss may be a tensor of one number.
        value = value.item() if getattr(value, "shape", None) == () else value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def _trainer_rows(path: str) -> list[dict[str, object]]:
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["log_history"]
    # At its end the Trainer logs the mean over the whole training as train_loss.
    return [{name: value for name, value in row.items() if name != "train_loss"} for row in rows]


def _csv_rows(path: str) -> list[dict[str, object]]:
    with open(path, encoding="utf-8-sig", newline="") as stream:
        header, *rows = [*csv.reader(stream, skipinitialspace=True)] or [[]]
    names = [name.strip() for name in header]
    for name in names:
        if names.count(name) > 1 and name in READ:
            raise _unusable(f"{path} has two columns {name}; it must have one")
    for number, row in enumerate(rows, start=2):
        if len(row) > len(names):
            raise _unusable(
                f"{path}, row {number}: there are {len(row)} values, and {len(names)} columns; write decimal points, "
                "and values with commas in quotes"
            )
    return [dict(zip(names, row)) for row in rows if row]


def _by_time(rows: list[dict[str, object]], unit: str, path: str, measures: list[str]) -> dict[int, dict[str, float]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = {
        measure: [name for name in known if name in names] for measure, known in COLUMNS.items() if measure in measures
    }
    if unit not in names or not any(found.values()):
        raise _unusable(
            f"{path} has the columns {', '.join(map(str, names)) or 'none'}; it must have {unit}, and "
            f"{' or '.join(measures)}"
        )
    # One column of each sort: numbers of two columns do not mix.
    chosen = {
        measure: next((name for name in columns if any(row.get(name) not in (None, "") for row in rows)), None)
        for measure, columns in found.items()
    }
    values: dict[int, dict[str, list[float]]] = {}
    for measure, column in chosen.items():
        told = [
            (number, row)
            for number, row in enumerate(rows, start=2)
            if column is not None and row.get(unit) not in (None, "") and row.get(column) not in (None, "")
        ]
        _check_one_series([row for _, row in told], unit, path)
        # Where a training went on from a checkpoint, a time may be there twice: the last one counts. Within an epoch
        # there may be a row a step.
        exact = {
            (
                _number(row[unit], path, number, unit),
                row.get("step") if unit == "epoch" else None,
            ): _number(row[column], path, number, measure)
            for number, row in told
        }
        for (time, _), value in exact.items():
            # An epoch of 2.5 is within the third.
            values.setdefault(math.ceil(time - 1e-6), {}).setdefault(measure, []).append(value)
    means = {
        time: {measure: sum(each) / len(each) for measure, each in measures.items()}
        for time, measures in sorted(values.items())
    }
    return _with_shares(means, path)


def _check_one_series(rows: list[dict[str, object]], unit: str, path: str) -> None:
    """Refuse rows of several trainings, or of several parts of the data: one would count, and nobody knows which."""
    for column in rows[0] if rows else ():
        different = list(dict.fromkeys(row.get(column) for row in rows))
        if OTHER_SERIES.fullmatch(str(column)) and len(different) > 1:
            raise _unusable(
                f"{path} has rows of several series: {column} is {different[0]!r} and {different[1]!r}; keep the rows "
                "of one, those of this training on its training data"
            )
    for before, after in pairwise(rows):
        if "step" not in after and before[unit] == after[unit]:
            raise _unusable(f"{path} has several rows of {unit} {after[unit]}; it must have one")
        if unit == "step" and "epoch" in after:
            steps, epochs = ([_float(row.get(name)) for row in (before, after)] for name in ("step", "epoch"))
            if steps[1] < steps[0] and epochs[1] > epochs[0]:
                raise _unusable(
                    f"{path} counts steps within an epoch: they fall from {before['step']} to {after['step']} as epoch "
                    f"{after['epoch']} begins; count them over the whole training"
                )


def _with_shares(values: dict[int, dict[str, float]], path: str) -> dict[int, dict[str, float]]:
    """Accuracies and average precisions as shares from 0 to 1, where a log has them in percent."""
    scores = next((name for each in values.values() for name in each if name in SAID), None)
    highest = max((each[scores] for each in values.values() if math.isfinite(each.get(scores, math.nan))), default=0)
    if highest <= 1:
        return values
    if highest > 100 or scores not in IN_PERCENT:
        allowed = "must be a share from 0 to 1, or in percent" if scores in IN_PERCENT else "is never above 1"
        raise _unusable(f"{path} has an {SAID[scores]} of {highest:g}; it {allowed}")
    log.info("%s: %s is in percent, up to %g; it is taken as a share", path, SAID[scores], highest)
    return {
        time: {name: value / 100 if name == scores else value for name, value in each.items()}
        for time, each in values.items()
    }


def _unusable(problem: str) -> DataError:
    return DataError(f"{problem}.", "checkpoints.history")


def _float(value: object) -> float:
    """A value as a number; NaN where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _number(value: object, path: str, row: int, column: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DataError(
            f"{path}, row {row}: {column} is {value!r}; it must be a number.", "checkpoints.history"
        ) from None
    if column in ("epoch", "step") and not (math.isfinite(number) and number >= 0):
        raise DataError(f"{path}, row {row}: {column} is {value!r}; it must be 0 or more.", "checkpoints.history")
    return number
