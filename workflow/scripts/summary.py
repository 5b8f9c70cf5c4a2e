"""The result in short: raw pixels against each layer at the last epoch."""

import csv
import math

from evolution import PIXELS
from evolution.figures.layer_names import layer_title
from evolution.figures.metric_titles import SUMMARY_TITLES
from evolution.io.job_log import job_log
from evolution.io.markdown import DASH, markdown_table
from evolution.io.reading import damaged
from evolution.io.tables import load_table
from evolution.io.whole_files import whole_file
from evolution.measures.long_tables import ADJUSTED_RAND, load_values, without_pixels

ACCURACIES = ("train_accuracy", "eval_accuracy")
LEGEND = """\
ARI (adjusted Rand index) and NMI (normalized mutual information) compare the k-means clusters with the true classes,
1 is perfect. Silhouette: how compact and separate the k-means clusters are; label silhouette: the same of the true
classes. k-NN accuracy: the share of images whose nearest neighbours vote for the right class."""


def number(value: float, missing: str = DASH) -> str:
    """Three decimals, without a minus before zero; `missing` for NaN."""
    return missing if math.isnan(value) else f"{value:z.3f}"


def final_accuracies(history_table: str) -> tuple[int, dict[str, float]]:
    """The last epoch in the history, and the training and evaluation accuracy at it."""
    table = load_table(history_table, "epoch", "measure", "value")
    rows = list(zip(*(table.column(name).to_pylist() for name in ("epoch", "measure", "value"))))
    last = max((epoch for epoch, _, _ in rows), default=None)
    found = {measure: value for epoch, measure, value in rows if epoch == last and measure in ACCURACIES}
    missing = [name for name in ACCURACIES if name not in found]
    if missing:
        raise damaged(history_table, f"no {missing[0]}")
    return last, {name: math.nan if found[name] is None else found[name] for name in ACCURACIES}


def final_metrics(metrics_table: str, layers: list[str]) -> list[tuple[str, int, dict[str, float]]]:
    """The raw pixels, where they are followed, and each layer at the last epoch.

    Returns
    -------
    list of (layer, epoch, {metric: value})
        In the order of `layers`, the pixels first.
    """
    values = load_values(metrics_table)
    modules = without_pixels(layers)
    last = max((epoch for layer, epoch, _ in values if layer in modules), default=0)
    rows = [(PIXELS, 0)] if any(layer == PIXELS for layer, _, _ in values) else []
    rows += [(layer, last) for layer in modules]
    for layer, epoch in rows:
        for metric in SUMMARY_TITLES:
            if (layer, epoch, metric) not in values:
                raise damaged(metrics_table, f"no {metric} of layer {layer} at epoch {epoch}")
    return [(layer, epoch, {name: values[layer, epoch, name] for name in SUMMARY_TITLES}) for layer, epoch in rows]


def best_line(rows: list[tuple[str, int, dict[str, float]]]) -> str:
    """A sentence on the layer with the highest adjusted Rand index, the first of equals."""
    candidates = [row for row in rows if row[0] != PIXELS and not math.isnan(row[2][ADJUSTED_RAND])]
    if not candidates:
        return "Best layer: none, as no layer has an adjusted Rand index."
    layer, _, metrics = max(candidates, key=lambda row: row[2][ADJUSTED_RAND])
    pixels = "".join(f"; {layer_title(name)} {number(row[ADJUSTED_RAND])}" for name, _, row in rows if name == PIXELS)
    return f"Best layer by adjusted Rand index: **{layer}** ({number(metrics[ADJUSTED_RAND])}{pixels})."


def summarise(
    *, metrics_table: str, history_table: str, layers: list[str], markdown_path: str, csv_path: str, run: str
) -> None:
    """Write the summary of a run: Markdown for readers, CSV for programs.

    Parameters
    ----------
    metrics_table : path of `tables/metrics.parquet`
    history_table : path of `tables/history.parquet`
    layers : list of str
        In network order.
    markdown_path, csv_path : paths to write
        The CSV has a row a layer: run, layer, epoch, each metric, and the run's accuracies at the last epoch.
    run : str
        Its name.
    """
    rows = final_metrics(metrics_table, layers)
    epoch, accuracies = final_accuracies(history_table)
    header = ["Layer", "Epoch", *SUMMARY_TITLES.values()]
    body = [
        [layer_title(layer), DASH if layer == PIXELS else str(row_epoch), *map(number, metrics.values())]
        for layer, row_epoch, metrics in rows
    ]
    train, evaluation = (number(accuracies[name]) for name in ACCURACIES)
    text = (
        f"# {run}: how the layers cluster after {epoch} epochs of training\n\n"
        f"{markdown_table(header, body)}\n\n"
        f"- {best_line(rows)}\n"
        f"- Accuracy at epoch {epoch}: {train} on the training images, {evaluation} on the evaluation images.\n\n"
        f"{LEGEND}\n"
    )
    with whole_file(markdown_path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    with whole_file(csv_path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["run", "layer", "epoch", *SUMMARY_TITLES, *ACCURACIES])
        shared = [number(accuracies[name], missing="") for name in ACCURACIES]
        for layer, row_epoch, metrics in rows:
            cells = [number(value, missing="") for value in metrics.values()]
            writer.writerow([run, layer, row_epoch, *cells, *shared])


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        summarise(
            metrics_table=snakemake.input.metrics,
            history_table=snakemake.input.history,
            layers=snakemake.params.layers,
            markdown_path=snakemake.output.markdown,
            csv_path=snakemake.output.csv,
            run=snakemake.wildcards.run,
        )
