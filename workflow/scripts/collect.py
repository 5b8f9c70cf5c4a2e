"""Gather a run's tables of one kind into one, in long form."""

from pathlib import Path

import numpy as np

from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.io.tables import load_table, save_table


def collect_cells(paths: list[str]) -> dict[str, object]:
    """Gather tables of cells, a row an epoch and a column a metric, each named after its layer.

    Parameters
    ----------
    paths : list of str
        `.../{span}/{layer}.parquet`

    Returns
    -------
    dict of columns
        layer string, epoch int32, metric string, value float64. Metrics that have a value a class are left out: see
        `collect_classes`.
    """
    rows = []
    for path in paths:
        for row in load_table(path, "epoch").to_pylist():
            epoch = row.pop("epoch")
            rows += [
                (Path(path).stem, epoch, metric, value) for metric, value in row.items() if not isinstance(value, list)
            ]
    layers, epochs, metrics, values = zip(*rows)
    return {
        "layer": list(layers),
        "epoch": np.array(epochs, np.int32),
        "metric": list(metrics),
        "value": np.array(values, float),
    }


def collect_classes(paths: list[str], class_names: list[str]) -> dict[str, object]:
    """Gather the metrics that have a value a class from the tables of cells.

    Parameters
    ----------
    paths : list of str
        `.../{span}/{layer}.parquet`
    class_names : list of str

    Returns
    -------
    dict of columns
        layer string, epoch int32, metric string, class_name string, value float64.
    """
    rows = []
    for path in paths:
        for row in load_table(path, "epoch").to_pylist():
            for metric, of_classes in row.items():
                if isinstance(of_classes, list):
                    rows += [
                        (Path(path).stem, row["epoch"], metric, name, value)
                        for name, value in zip(class_names, of_classes)
                    ]
    layers, epochs, metrics, names, values = zip(*rows)
    return {
        "layer": list(layers),
        "epoch": np.array(epochs, np.int32),
        "metric": list(metrics),
        "class_name": list(names),
        "value": np.array(values, float),
    }


def collect_history(paths: list[str], class_names: list[str]) -> dict[str, object]:
    """Gather the training's history.

    Parameters
    ----------
    paths : list of str
        `history/{span}.parquet`
    class_names : list of str

    Returns
    -------
    dict of columns
        epoch int32, measure string (train_loss, train_accuracy, eval_accuracy, class_accuracy), class_name string
        (empty but for class_accuracy), value float64.
    """
    rows = []
    for path in paths:
        table = load_table(path, "epoch", "train_loss", "train_accuracy", "eval_accuracy", "class_accuracy")
        for row in table.to_pylist():
            for measure in ("train_loss", "train_accuracy", "eval_accuracy"):
                rows.append((row["epoch"], measure, "", row[measure]))
            for name, accuracy in zip(class_names, row["class_accuracy"]):
                rows.append((row["epoch"], "class_accuracy", name, accuracy))
    epochs, measures, names, values = zip(*rows)
    return {
        "epoch": np.array(epochs, np.int32),
        "measure": list(measures),
        "class_name": list(names),
        "value": np.array(values, float),
    }


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        if snakemake.wildcards.table in ("history", "class_metrics"):
            collect = {"history": collect_history, "class_metrics": collect_classes}[snakemake.wildcards.table]
            (names,) = load_npz(snakemake.input.dataset, "class_names")
            columns = collect(list(snakemake.input.tables), [str(name) for name in names])
        else:
            columns = collect_cells(list(snakemake.input.tables))
        save_table(snakemake.output[0], columns)
