"""The training's own losses, from the logs that training code leaves next to its checkpoints."""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from evolution.errors import DataError

# What is read, by the names that training code gives it. The first of them that a log has counts.
COLUMNS = {
    "train_loss": ("train_loss", "train_loss_epoch", "training_loss", "train/loss", "loss", "train_loss_step"),
    "train_accuracy": ("train_accuracy", "train_acc", "train_acc_epoch", "train/acc", "training_accuracy"),
}

# A log of Hugging Face's Trainer, in each of its folders, and of Lightning's CSVLogger, in the folder of its version.
TRAINER_STATE, METRICS = "trainer_state.json", "metrics.csv"


def find_logs(checkpoints: Iterable[str]) -> list[str]:
    """The logs near checkpoints: of the last folder of a Trainer, or else a metrics.csv up to two folders above.

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
        path = Path(checkpoint).expanduser()
        if (path / TRAINER_STATE).is_file():
            return [str(path / TRAINER_STATE)]
        near = [folder / METRICS for folder in (path.parent, path.parent.parent)]
        if path.exists():
            return [str(file) for file in near if file.is_file()][:1]
    return []


def read_losses(path: str, *, unit: str, asked: bool) -> dict[int, dict[str, float]]:
    """Read the training's losses and accuracies.

    Parameters
    ----------
    path : str
        trainer_state.json, or a CSV file with a column epoch or step.
    unit : {"epoch", "step"}
        What the run's times are counted in.
    asked : bool
        Whether the config names the file. A file that was only found near the checkpoints may be about something else:
        it gives nothing where it cannot be read.

    Returns
    -------
    dict
        Time to value by measure, `train_loss` and `train_accuracy`, ascending. Where a log counts in fractions of an
        epoch, an epoch has the mean of what was logged within it.

    Raises
    ------
    DataError
        If a file that the config names cannot be read, or has no such columns.
    """
    try:
        rows = _trainer_rows(path) if path.endswith(".json") else _csv_rows(path)
        return _by_time(rows, unit, path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DataError) as error:
        if not asked:
            return {}
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read ({reason}).", "checkpoints.history") from error


def losses_next_to_weights(content: object) -> dict[str, float]:
    """The losses and accuracies of the training that a checkpoint holds next to its weights.

    Parameters
    ----------
    content : object
        All that the file holds.

    Returns
    -------
    dict
        Value by measure, `train_loss` and `train_accuracy`, as far as they are there.
    """
    found = {}
    for measure, names in COLUMNS.items():
        for name in names:
            value = content.get(name) if isinstance(content, Mapping) else None
            # A loss may be a tensor of one number.
            value = value.item() if getattr(value, "shape", None) == () else value
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found[measure] = float(value)
                break
    return found


def _trainer_rows(path: str) -> list[dict[str, object]]:
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["log_history"]
    # At its end the Trainer logs the mean over the whole training as train_loss.
    return [{name: value for name, value in row.items() if name != "train_loss"} for row in rows]


def _csv_rows(path: str) -> list[dict[str, object]]:
    with open(path, encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, skipinitialspace=True))
    return [{(name or "").strip(): value for name, value in row.items()} for row in rows]


def _by_time(rows: list[dict[str, object]], unit: str, path: str) -> dict[int, dict[str, float]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = {measure: [name for name in known if name in names] for measure, known in COLUMNS.items()}
    if unit not in names or not any(found.values()):
        raise DataError(
            f"{path} has the columns {', '.join(map(str, names)) or 'none'}; it must have {unit}, and train_loss or "
            "train_accuracy.",
            "checkpoints.history",
        )
    # One column of each sort: numbers of two columns do not mix.
    chosen = {
        measure: next((name for name in columns if any(row.get(name) not in (None, "") for row in rows)), None)
        for measure, columns in found.items()
    }
    # Where a training went on from a checkpoint, a time may be there twice: the last one counts.
    exact: dict[str, dict[float, float]] = {measure: {} for measure in chosen}
    for number, row in enumerate(rows, start=2):
        if row.get(unit) in (None, ""):
            continue
        time = _number(row[unit], path, number, unit)
        for measure, column in chosen.items():
            if column is not None and row.get(column) not in (None, ""):
                exact[measure][time] = _number(row[column], path, number, measure)
    values: dict[int, dict[str, list[float]]] = {}
    for measure, of_measure in exact.items():
        for time, value in of_measure.items():
            # An epoch of 2.5 is within the third.
            values.setdefault(math.ceil(time - 1e-6), {}).setdefault(measure, []).append(value)
    return {
        time: {measure: sum(each) / len(each) for measure, each in measures.items()}
        for time, measures in sorted(values.items())
    }


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
