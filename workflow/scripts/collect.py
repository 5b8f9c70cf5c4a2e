"""Gather a run's tables of one kind into one, in long form."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from evolution.data.kinds import CLASSES, NUMBER, SCORES
from evolution.data.targets import load_targets
from evolution.errors import DataError, UserError
from evolution.io.job_log import job_log, log_warnings
from evolution.io.tables import load_metadata, load_table, load_unit, save_table
from evolution.sources.file_names import other_unit
from evolution.sources.losses import read_losses

log = logging.getLogger("evolution")

# What identifies a value in a gathered table of each kind, next to the run.
KEYS = {
    "metrics": ("layer", "time", "metric"),
    "embedding": ("layer", "time", "metric"),
    "class_metrics": ("layer", "time", "metric", "class_name"),
    "history": ("time", "metric", "class_name"),
}


def history_measures(target: str) -> tuple[list[str], list[str]]:
    """The measures of a training: those that each of its tables has, and all that may be known, in their order.

    Parameters
    ----------
    target : str
        The kind of target, which decides the score. Where there is none, the losses alone may be known.
    """
    if target not in SCORES:
        return [], ["train_loss", "eval_loss"]
    score = SCORES[target]
    # A number has no classes or labels to be scored one by one.
    of_each = [] if target == NUMBER else [f"class_{score}"]
    return [f"eval_{score}", *of_each], ["train_loss", f"train_{score}", "eval_loss", f"eval_{score}", *of_each]


def collect(
    *,
    run: str,
    kind: str,
    paths: list[str],
    class_names: list[str],
    target: str = CLASSES,
    losses: Mapping[int, Mapping[str, float]] | None = None,
    shown: Collection[int] | None = None,
    unit: str = "epoch",
) -> dict[str, object]:
    """Gather tables that have a row a time and a column a metric, with a value or one for each class.

    Parameters
    ----------
    run : str
        Its name.
    kind : str
        metrics, embedding: the metrics with one value, from tables named `.../{span}/{layer}.parquet`.
        class_metrics: the metrics with a value for each class or label, from the same tables.
        history: both sorts, of the training, see `history_measures`.
    paths : list of str
    class_names : list of str
        Of the classes or labels. Read for class_metrics and history.
    target : str
        The kind of target, for history.
    losses : mapping, optional
        Of a training that ran elsewhere, from its log: each time to its train_loss and score, for history. They
        replace those of the tables. A score counts where it is that of the target.
    shown : collection of int, optional
        The times of a history that are taken. By default all are.
    unit : {"epoch", "step"}
        For messages.

    Returns
    -------
    dict of columns
        run string, layer string, time int32, metric string, class_name string (empty for one value) and value float64,
        as far as `KEYS` has them for this kind.

    Raises
    ------
    UserError
        If a table cannot be read, or lacks a column.
    """
    required, training = history_measures(target) if kind == "history" else ([], [])
    entries = []
    for path in paths:
        table = load_table(path, "time", *required)
        known = [name for name in training if name in table.column_names]
        for row in table.to_pylist():
            time = row.pop("time")
            for metric in known if kind == "history" else row:
                per_class = isinstance(row[metric], list)
                if kind == "history" or per_class == (kind == "class_metrics"):
                    values = zip(class_names, row[metric]) if per_class else [("", row[metric])]
                    entries += [(Path(path).stem, time, metric, name, value) for name, value in values]
    if losses:
        # A log says more than the checkpoints do.
        told = {name for of_time in losses.values() for name in of_time}.intersection(training)
        entries = [entry for entry in entries if entry[2] not in told]
        entries += [
            ("", time, name, "", value)
            for time, of_time in losses.items()
            for name, value in of_time.items()
            if name in told
        ]
    if kind == "history":
        entries = in_order([entry for entry in entries if shown is None or entry[1] in shown], unit)
    layers, times, metrics, names, values = zip(*entries) if entries else [()] * 5
    columns = {
        "run": text_column([run] * len(entries)),
        "layer": text_column(layers),
        "time": np.array(times, np.int32),
        "metric": text_column(metrics),
        "class_name": text_column(names),
        "value": np.array(values, float),
    }
    return {name: columns[name] for name in ("run", *KEYS[kind], "value")}


def text_column(values: Sequence[str]) -> Sequence[str]:
    """A column of text, which keeps its type without a row: of a run without labels the training may not be known."""
    return list(values) or np.array([], str)


def in_order(entries: list[tuple], unit: str) -> list[tuple]:
    """The entries of a history by time, each once: two jobs may have trained through the same time.

    Parameters
    ----------
    entries : list of (layer, time, metric, class name, value)
    unit : {"epoch", "step"}
        For messages.

    Raises
    ------
    UserError
        If the two found different values.
    """
    known: dict[tuple, object] = {}
    for _, time, metric, name, value in sorted(entries, key=lambda entry: entry[1]):
        before = known.setdefault((time, metric, name), value)
        if before != value and not (before != before and value != value):
            raise UserError(
                f"Two jobs trained through {unit} {time}, and found a different {metric}: {before} and {value}. The "
                "training does not repeat, as on some GPUs. Delete the run's folders checkpoints and kept, and give "
                "the same command again: all snapshots are then of one training."
            )
    return [("", *key, value) for key, value in known.items()]


def equal_times(histories: list[Mapping[str, str]], paths: Mapping[int, str], unit: str) -> list[str]:
    """Warnings on times that are the same as another one: some trainings are published with the last weights again.

    Parameters
    ----------
    histories : list of mappings
        The metadata of `history/{span}.parquet` of a training that ran elsewhere: a digest of each time (digests), and
        how messages call what lies on disk (digests_of) and its key of the config (source).
    paths : mapping of int to str
        Time to its file or folder.
    unit : {"epoch", "step"}
    """
    by_digest: dict[str, list[int]] = {}
    for metadata in histories:
        for time, digest in json.loads(metadata.get("digests", "{}")).items():
            by_digest.setdefault(digest, []).append(int(time))
    said = histories[0]
    return [
        f"The {said['digests_of']} of {unit} {' and '.join(map(str, times[:4]))} hold the same numbers "
        f"({', '.join(paths.get(time, '?') for time in times[:4])}). If one of them is there by mistake, leave it out: "
        f"{said['source']}: {{choose: {{leave_out: [{times[0]}]}}}}."
        for times in by_digest.values()
        if len(times) > 1
    ]


def weights_not_taken(histories: list[Mapping[str, str]], paths: Mapping[int, str]) -> list[str]:
    """Warnings on names that only the checkpoints or only the model have, one for checkpoints with the same names.

    Parameters
    ----------
    histories, paths
        See `equal_times`.
    """
    by_note: dict[str, list[int]] = {}
    for metadata in histories:
        for time, notes in json.loads(metadata.get("not_taken", "{}")).items():
            for note in notes:
                by_note.setdefault(note, []).append(int(time))
    return [
        f"{paths.get(times[0], '?')}{f' and {len(times) - 1} more checkpoints' if len(times) > 1 else ''}: {note}"
        for note, times in by_note.items()
    ]


def with_other_unit(table: dict[str, object], other_times: Mapping[int, float], name: str) -> dict[str, object]:
    """A table with each row's time in the other unit too, as far as it is known.

    Parameters
    ----------
    table : dict of columns
    other_times : mapping of int to int or float
        Time to time in the other unit. The column is int32, or float64 where steps lie within an epoch.
    name : str
        The other unit.
    """
    import pyarrow as pa

    if not other_times:
        return table
    kind = pa.int32() if all(float(other).is_integer() for other in other_times.values()) else pa.float64()
    column = pa.array([other_times.get(int(time)) for time in table["time"]], kind)
    begin = {key: values for key, values in table.items() if key in ("run", "layer", "time")}
    return begin | {name: column} | {key: values for key, values in table.items() if key not in begin}


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        kind, paths = snakemake.wildcards.table, list(snakemake.input.tables)
        targets = load_targets(snakemake.input.dataset) if snakemake.input.get("dataset") else None
        unit, losses = load_unit(paths[0]), {}
        # Of a training of this workflow nothing is stored elsewhere, and there are no logs.
        stored, warnings = snakemake.params.stored, []
        if stored:
            histories = [load_metadata(path) for path in paths]
            warnings = equal_times(histories, stored, unit) + weights_not_taken(histories, stored)
        log_warnings(warnings)
        for path in snakemake.params.logs:
            try:
                losses = read_losses(
                    path, unit=unit, asked=snakemake.params.logs_asked, target=targets.target if targets else CLASSES
                )
            except DataError as error:
                raise error.at(snakemake.params.logs_key) from None
            log.info("%s: the training's own losses at %d times", path, len(losses))
        table = collect(
            run=snakemake.wildcards.run,
            kind=kind,
            paths=paths,
            class_names=list(targets.names) if targets else [],
            target=targets.target if targets else CLASSES,
            losses=losses,
            shown=snakemake.params.shown,
            unit=unit,
        )
        table = with_other_unit(table, snakemake.params.other_times, other_unit(unit))
        save_table(snakemake.output[0], table, {"warnings": json.dumps(warnings)} if warnings else None, unit=unit)
