"""The result in short: raw inputs against each layer at the last time, and what is surely a slip."""

import csv
import math

import numpy as np

from evolution import RAW_INPUTS
from evolution.data.dataset_warnings import dataset_warnings
from evolution.figures.layer_names import layer_title
from evolution.figures.metric_titles import SUMMARY_TITLES
from evolution.io.arrays import load_npz, names_in_npz
from evolution.io.job_log import job_log, log_warnings
from evolution.io.markdown import DASH, markdown_table
from evolution.io.reading import damaged
from evolution.io.tables import load_metadata, load_table, load_unit
from evolution.io.warnings_file import parse_warnings, save_warnings
from evolution.io.whole_files import whole_file
from evolution.measures.long_tables import ADJUSTED_RAND, load_values, without_raw_inputs
from evolution.training.learning import chance_warnings, learning_warnings

ACCURACIES = ("train_accuracy", "eval_accuracy")
CURVES = ("train_loss", *ACCURACIES)
LEGEND = """\
ARI (adjusted Rand index) and NMI (normalized mutual information) compare the k-means clusters with the true classes,
1 is perfect. Silhouette: how compact and separate the k-means clusters are; label silhouette: the same of the true
classes. k-NN accuracy: the share of samples whose nearest neighbours vote for the right class."""


def number(value: float, missing: str = DASH) -> str:
    """Three decimals, without a minus before zero; `missing` for NaN."""
    return missing if math.isnan(value) else f"{value:z.3f}"


def load_curves(history_table: str) -> dict[int, dict[str, float]]:
    """Each time with a snapshot in `tables/history.parquet`, ascending, to each of `CURVES`; NaN where not known."""
    table = load_table(history_table, "time", "measure", "value")
    curves: dict[int, dict[str, float]] = {}
    for time, measure, value in zip(*(table.column(name).to_pylist() for name in ("time", "measure", "value"))):
        if measure in CURVES:
            curves.setdefault(time, {})[measure] = math.nan if value is None else value
    # A training that ran elsewhere may have told its loss at more times than were snapshot, and not its accuracy.
    curves = {time: values for time, values in sorted(curves.items()) if "eval_accuracy" in values}
    if not curves:
        raise damaged(history_table, "no eval_accuracy")
    return {time: dict.fromkeys(CURVES, math.nan) | values for time, values in curves.items()}


def final_metrics(metrics_table: str, layers: list[str]) -> list[tuple[str, int, dict[str, float]]]:
    """The raw inputs, where they are followed, and each layer at the last time.

    Returns
    -------
    list of (layer, time, {metric: value})
        In the order of `layers`, the raw inputs first.
    """
    values = load_values(metrics_table)
    modules = without_raw_inputs(layers)
    last = max((time for layer, time, _ in values if layer in modules), default=0)
    rows = sorted({(layer, time) for layer, time, _ in values if layer == RAW_INPUTS})[:1]
    rows += [(layer, last) for layer in modules]
    for layer, time in rows:
        for metric in SUMMARY_TITLES:
            if (layer, time, metric) not in values:
                raise damaged(metrics_table, f"no {metric} of layer {layer} at {time}")
    return [(layer, time, {name: values[layer, time, name] for name in SUMMARY_TITLES}) for layer, time in rows]


def best_line(rows: list[tuple[str, int, dict[str, float]]]) -> str:
    """A sentence on the layer with the highest adjusted Rand index, the first of equals."""
    candidates = [row for row in rows if row[0] != RAW_INPUTS and not math.isnan(row[2][ADJUSTED_RAND])]
    if not candidates:
        return "Best layer: none, as no layer has an adjusted Rand index."
    layer, _, metrics = max(candidates, key=lambda row: row[2][ADJUSTED_RAND])
    baseline = "".join(
        f"; {layer_title(name)} {number(row[ADJUSTED_RAND])}" for name, _, row in rows if name == RAW_INPUTS
    )
    return f"Best layer by adjusted Rand index: **{layer}** ({number(metrics[ADJUSTED_RAND])}{baseline})."


def accuracy_line(values: dict[str, float], when: str) -> str:
    """A sentence on the accuracies at a time."""
    train, evaluation = (number(values[name]) for name in ACCURACIES)
    if math.isnan(values[ACCURACIES[1]]):
        return "Accuracy: not known, as nothing says what the network predicts."
    if math.isnan(values[ACCURACIES[0]]):
        return f"Accuracy at {when}: {evaluation} on the evaluation samples."
    return f"Accuracy at {when}: {train} on the training samples, {evaluation} on the evaluation samples."


def run_warnings(
    *, dataset: str, history: str, predictions: str, curves: dict[int, dict[str, float]], raw_knn_accuracy: float
) -> list[str]:
    """The warnings of a run, each once: on its images, on its trained network, and on its curves.

    Parameters
    ----------
    dataset : path of dataset.npz
    history : path of tables/history.parquet
    predictions : path of predictions/{span}.parquet of the last span
        The spans before are not read: a network may be odd before it is trained.
    curves : dict
        See `load_curves`.
    raw_knn_accuracy : float
        Of the raw inputs; NaN where they are not followed.
    """
    warnings = dataset_warnings(dataset)
    warnings += parse_warnings(load_metadata(history).get("warnings", "[]"), history)
    warnings += parse_warnings(load_metadata(predictions).get("warnings", "[]"), predictions)
    eval_labels, names = load_npz(dataset, "eval_labels", "class_names")
    eval_counts = np.bincount(eval_labels, minlength=len(names)).tolist()
    columns = {name: [values[name] for values in curves.values()] for name in CURVES}
    # Of a training that ran elsewhere the images are not known, and its curves maybe in part.
    trained_here = "train_labels" in names_in_npz(dataset) and np.isfinite(columns["train_loss"]).any()
    if trained_here and np.isfinite(columns["train_accuracy"]).all():
        (train_labels,) = load_npz(dataset, "train_labels")
        warnings += learning_warnings(
            times=list(curves),
            **columns,
            train_counts=np.bincount(train_labels, minlength=len(names)).tolist(),
            eval_counts=eval_counts,
            raw_knn_accuracy=raw_knn_accuracy,
            unit=load_unit(history),
        )
    elif np.isfinite(columns["eval_accuracy"]).all():
        warnings += chance_warnings(columns["eval_accuracy"], eval_counts)
    return list(dict.fromkeys(warnings))


def summarise(
    *,
    metrics_table: str,
    history_table: str,
    dataset: str,
    predictions: str,
    layers: list[str],
    markdown_path: str,
    csv_path: str,
    warnings_path: str,
    run: str,
    weights: str | None = None,
    ending: str | None = None,
    has_diverged: bool = False,
) -> None:
    """Write the summary of a run: Markdown for readers, CSV for programs, and its warnings.

    Parameters
    ----------
    metrics_table : path of `tables/metrics.parquet`
    history_table : path of `tables/history.parquet`
    dataset, predictions : paths
        See `run_warnings`.
    layers : list of str
        In network order.
    markdown_path, csv_path, warnings_path : paths to write
        The CSV has a row a layer: run, layer, time, each metric, and the run's accuracies at the last time. The
        warnings are a JSON list of sentences, empty where there are none.
    run : str
        Its name.
    weights : str, optional
        The name of the file with the weights that the network began with. The summary then has the accuracies at
        time 0, which show whether the weights came out here as they were.
    ending : str, optional
        Why the training has ended by itself, as the end of a sentence.
    has_diverged : bool
        Whether it has ended as something was not finite, which is a warning.
    """
    rows = final_metrics(metrics_table, layers)
    curves, unit = load_curves(history_table), load_unit(history_table)
    last = max(curves)
    knn = rows[0][2]["knn_accuracy"] if rows and rows[0][0] == RAW_INPUTS else math.nan
    warnings = run_warnings(
        dataset=dataset, history=history_table, predictions=predictions, curves=curves, raw_knn_accuracy=knn
    )
    if has_diverged:
        warnings.append(f"The training ended by itself at {unit} {last}: {ending}.")
    log_warnings(warnings)
    header = ["Layer", unit.capitalize(), *SUMMARY_TITLES.values()]
    body = [
        [layer_title(layer), DASH if layer == RAW_INPUTS else str(row_time), *map(number, metrics.values())]
        for layer, row_time, metrics in rows
    ]
    lines = [best_line(rows), accuracy_line(curves[last], f"{unit} {last}")]
    if weights is not None:
        if 0 not in curves:
            raise damaged(history_table, f"no {unit} 0")
        lines.insert(1, accuracy_line(curves[0], f"{unit} 0, with the weights of {weights}"))
    if ending is not None and not has_diverged:
        lines.append(f"The training ended by itself at {unit} {last}: {ending}.")
    warned = "**Warnings**\n\n" + "".join(f"- {warning}\n" for warning in warnings) + "\n" if warnings else ""
    text = (
        f"# {run}: how the layers cluster at {unit} {last}\n\n"
        f"{warned}"
        f"{markdown_table(header, body)}\n\n" + "".join(f"- {line}\n" for line in lines) + f"\n{LEGEND}\n"
    )
    save_warnings(warnings_path, warnings)
    with whole_file(markdown_path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    with whole_file(csv_path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["run", "layer", unit, *SUMMARY_TITLES, *ACCURACIES])
        shared = [number(curves[last][name], missing="") for name in ACCURACIES]
        for layer, row_time, metrics in rows:
            cells = [number(value, missing="") for value in metrics.values()]
            writer.writerow([run, layer, row_time, *cells, *shared])


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        summarise(
            metrics_table=snakemake.input.metrics,
            history_table=snakemake.input.history,
            dataset=snakemake.input.dataset,
            predictions=snakemake.input.predictions,
            layers=snakemake.params.layers,
            markdown_path=snakemake.output.markdown,
            csv_path=snakemake.output.csv,
            warnings_path=snakemake.output.warnings,
            run=snakemake.wildcards.run,
            weights=snakemake.params.weights,
            ending=snakemake.params.ending,
            has_diverged=snakemake.params.has_diverged,
        )
