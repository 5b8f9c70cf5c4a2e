"""Gather a run's tables of one kind into one, in long form."""

from pathlib import Path

import numpy as np

from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.io.tables import load_table, save_table

TRAINING = ("train_loss", "train_accuracy", "eval_accuracy", "class_accuracy")
# What identifies a value in a gathered table of each kind.
KEYS = {
    "metrics": ("layer", "epoch", "metric"),
    "embedding": ("layer", "epoch", "metric"),
    "class_metrics": ("layer", "epoch", "metric", "class_name"),
    "history": ("epoch", "measure", "class_name"),
}


def collect(*, kind: str, paths: list[str], class_names: list[str]) -> dict[str, object]:
    """Gather tables that have a row an epoch and a column a metric, with a value or one for each class.

    Parameters
    ----------
    kind : str
        metrics, embedding: the metrics with one value, from tables named `.../{span}/{layer}.parquet`.
        class_metrics: the metrics with a value for each class, from the same tables.
        history: both sorts, of the training; `TRAINING` names them.
    paths : list of str
    class_names : list of str
        Read for class_metrics and history.

    Returns
    -------
    dict of columns
        layer string, epoch int32, metric (for history: measure) string, class_name string (empty for one value) and
        value float64, as far as `KEYS` has them for this kind.

    Raises
    ------
    UserError
        If a table cannot be read, or lacks a column.
    """
    required = TRAINING if kind == "history" else ()
    entries = []
    for path in paths:
        for row in load_table(path, "epoch", *required).to_pylist():
            epoch = row.pop("epoch")
            for metric in required or row:
                per_class = isinstance(row[metric], list)
                if kind == "history" or per_class == (kind == "class_metrics"):
                    values = zip(class_names, row[metric]) if per_class else [("", row[metric])]
                    entries += [(Path(path).stem, epoch, metric, name, value) for name, value in values]
    layers, epochs, metrics, names, values = zip(*entries)
    columns = {
        "layer": list(layers),
        "epoch": np.array(epochs, np.int32),
        "metric": list(metrics),
        "measure": list(metrics),
        "class_name": list(names),
        "value": np.array(values, float),
    }
    return {name: columns[name] for name in (*KEYS[kind], "value")}


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        names = load_npz(snakemake.input.dataset, "class_names")[0] if snakemake.input.get("dataset") else []
        table = collect(
            kind=snakemake.wildcards.table,
            paths=list(snakemake.input.tables),
            class_names=[str(name) for name in names],
        )
        save_table(snakemake.output[0], table)
