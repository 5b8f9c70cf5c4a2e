"""The result in short: raw inputs against each layer at the last time, and what is surely a slip."""

import csv
import math
import textwrap

import numpy as np

from evolution import RAW_INPUTS
from evolution.data.dataset_warnings import dataset_warnings
from evolution.data.kinds import BASELINES, CLASSES, LABELS, NONE, NUMBER, SCORES
from evolution.data.targets import Targets, load_targets
from evolution.figures.layer_names import layer_title
from evolution.figures.metric_titles import SENTENCE_NAMES, SUMMARY_TITLES
from evolution.io.arrays import load_npz, names_in_npz
from evolution.io.job_log import job_log, log_warnings
from evolution.io.markdown import DASH, markdown_table
from evolution.io.reading import damaged
from evolution.io.tables import load_metadata, load_table, load_unit
from evolution.io.warnings_file import parse_warnings, save_warnings
from evolution.io.whole_files import whole_file
from evolution.measures.attribute_samples import samples_that_count
from evolution.measures.long_tables import (
    ADJUSTED_RAND,
    MAIN_METRICS,
    attribute_metrics_in,
    load_values,
    without_raw_inputs,
)
from evolution.scores import mean_of_known
from evolution.training.learning import chance_warnings, learning_warnings

# The columns of each kind of target. Those after the first group stand there where they were measured.
COLUMNS = {
    CLASSES: (
        ("silhouette", "adjusted_rand_index", "normalized_mutual_information", "label_silhouette", "knn_accuracy"),
        (),
    ),
    NUMBER: (("silhouette", "knn_r2"), ("linear_probe_r2",)),
    LABELS: (("silhouette", "knn_average_precision"), ("linear_probe_average_precision",)),
    NONE: (("silhouette",), ("effective_rank", "participation_ratio", "intrinsic_dimension")),
}
# How the summary calls the network's score.
SCORE_NAMES = {
    CLASSES: "Accuracy",
    NUMBER: "The network's R²",
    LABELS: "The network's average precision",
}
# What the columns mean. {probe} is left out where there is no probe, and {dimensions} are the columns that there are.
PROBE = " or a linear model (probe)"
CLASSES_LEGEND = """\
ARI (adjusted Rand index) and NMI (normalized mutual information) compare the k-means clusters with the true classes,
1 is perfect. Silhouette: how compact and separate the k-means clusters are; label silhouette: the same of the true
classes. k-NN accuracy: the share of samples whose nearest neighbours vote for the right class."""
SILHOUETTE_LEGEND = "Silhouette: how compact and separate the k-means clusters are."
LEGENDS = {
    NUMBER: "R²: the share of the number's variance that a sample's nearest neighbours (k-NN){probe} explain, 1 is "
    "perfect, 0 is no better than the mean.",
    LABELS: "AP (average precision, the mean over labels): how well a sample's nearest neighbours (k-NN){probe} rank "
    "the samples that have a label before the others, 1 is perfect; chance is the label's share of the samples.",
    NONE: "{dimensions}: in how many directions the samples spread.",
}
OF_WORDS_LEGEND = (
    "Of an attribute in words, its values take the classes' place: ARI (adjusted Rand index) compares k-means clusters "
    "with them, label silhouette says how compact and separate they are, and accuracy how often a sample's nearest "
    "neighbours (k-NN){probe} find them. docs/metrics.md says how to compare layers by several attributes."
)
OF_NUMBERS_LEGEND = (
    "Of an attribute in numbers, R² is the share of its variance that a sample's nearest neighbours (k-NN){probe} "
    "explain, 1 is perfect, 0 is no better than the mean."
)

# Letters in a line of a legend.
LINE = 118

# A layer with the time of its row, and its metrics by name.
Row = tuple[str, int, dict[str, float]]
# What `load_values` returns: (layer, time, metric) to value.
Values = dict[tuple[str, int, str], float]


def score_measures(target: str) -> tuple[str, ...]:
    """The network's score on the training and on the evaluation samples, as the history calls them; () without one."""
    return (f"train_{SCORES[target]}", f"eval_{SCORES[target]}") if target in SCORES else ()


def number(value: float, missing: str = DASH) -> str:
    """Three decimals, without a minus before zero; `missing` for NaN."""
    return missing if math.isnan(value) else f"{value:z.3f}"


def load_curves(history_table: str, target: str) -> dict[int, dict[str, float]]:
    """The loss and the scores at each time with a snapshot in `tables/history.parquet`, ascending; NaN where not known.

    Empty where the samples have no target, as the network has no score.
    """
    scores = score_measures(target)
    if not scores:
        return {}
    names = ("train_loss", *scores)
    table = load_table(history_table, "time", "metric", "value")
    curves: dict[int, dict[str, float]] = {}
    for time, metric, value in zip(*(table.column(name).to_pylist() for name in ("time", "metric", "value"))):
        if metric in names:
            curves.setdefault(time, {})[metric] = math.nan if value is None else value
    # A training that ran elsewhere may have told its loss at more times than were snapshot, and not its score.
    curves = {time: values for time, values in sorted(curves.items()) if scores[1] in values}
    if not curves:
        raise damaged(history_table, f"no {scores[1]}")
    return {time: dict.fromkeys(names, math.nan) | values for time, values in curves.items()}


def final_metrics(
    values: Values, by_attribute: dict[str, dict[str, str]], layers: list[str], target: str, metrics_table: str
) -> list[Row]:
    """The raw inputs, where they are followed, and each layer at the last time.

    Parameters
    ----------
    values : dict
        Those of `metrics_table`, which is named in messages.
    by_attribute : dict
        See `attribute_metrics_in`.
    layers, metrics_table
        See `summarise`.
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Returns
    -------
    list of (layer, time, {metric: value})
        In the order of `layers`, the raw inputs first. The metrics are those of the target, then of attributes.
    """
    measured = {metric for _, _, metric in values}
    required, further = COLUMNS[target]
    columns = [*required, *(metric for metric in further if metric in measured)]
    columns += [called for metrics in by_attribute.values() for called in metrics.values()]
    modules = without_raw_inputs(layers)
    last = max((time for layer, time, _ in values if layer in modules), default=0)
    rows = sorted({(layer, time) for layer, time, _ in values if layer == RAW_INPUTS})[:1]
    rows += [(layer, last) for layer in modules]
    for layer, time in rows:
        for metric in columns:
            if (layer, time, metric) not in values:
                raise damaged(metrics_table, f"no {metric} of layer {layer} at {time}")
    return [(layer, time, {name: values[layer, time, name] for name in columns}) for layer, time in rows]


def row_title(layer: str, baseline: str) -> str:
    """How a row is called: as the layer, or as the raw inputs of the samples' kind are."""
    return baseline if layer == RAW_INPUTS else layer_title(layer)


def highest_by_chance(metric: str, targets: Targets, by: str = "") -> float:
    """The value that a layer must exceed to be above chance; minus infinity where chance has no level.

    The adjusted Rand index of random clusters has a mean of 0 and a standard deviation of about sqrt(2) / N, whatever
    their number if groups are equally large: three of these are taken. By R² neighbours that say nothing stay below 0,
    and by average precision a ranking that says nothing has the label's share of the samples.

    Parameters
    ----------
    metric : str
        One of `MAIN_METRICS`.
    targets : Targets
    by : str
        The attribute's name; empty for the target.
    """
    if metric == ADJUSTED_RAND:
        count = np.count_nonzero(samples_that_count(targets.attributes[by])) if by else targets.count
        return 3 * math.sqrt(2) / max(count, 1)
    if metric == "knn_r2":
        return 0.0
    if metric == "knn_average_precision":
        shares = targets.values.mean(axis=0)
        return mean_of_known(np.where((shares > 0) & (shares < 1), shares, math.nan))
    return -math.inf


def best_line(rows: list[Row], metric: str, baseline: str, targets: Targets, by: str = "") -> str:
    """A sentence on the layer with the highest value of a metric, the first of equals; that is above chance.

    Parameters
    ----------
    rows : list
        See `final_metrics`.
    metric : str
        What tables call it, a main metric or one of an attribute.
    baseline : str
        How the raw inputs are called.
    targets : Targets
    by : str
        The attribute's name; empty for the target.
    """
    name = SENTENCE_NAMES[metric.partition(":")[0]] + (f" against {by}" if by else "")
    candidates = [row for row in rows if row[0] != RAW_INPUTS and not math.isnan(row[2][metric])]
    if not candidates:
        return f"Best layer: none, as no layer has {'an' if name[0] in 'aR' else 'a'} {name}."
    layer, _, metrics = max(candidates, key=lambda row: row[2][metric])
    compared = "".join(f"; {baseline} {number(row[metric])}" for name, _, row in rows if name == RAW_INPUTS)
    if metrics[metric] <= highest_by_chance(metric.partition(":")[0], targets, by):
        highest = f"the highest is {layer}'s {number(metrics[metric])}"
        return f"Best layer by {name}: none, as no layer is above chance ({highest}{compared})."
    return f"Best layer by {name}: **{layer}** ({number(metrics[metric])}{compared})."


def score_line(values: dict[str, float], when: str, target: str) -> str:
    """A sentence on the network's scores at a time."""
    name, (of_training, of_evaluation) = SCORE_NAMES[target], score_measures(target)
    train, evaluation = number(values[of_training]), number(values[of_evaluation])
    if math.isnan(values[of_evaluation]):
        return f"{name}: not known, as nothing says what the network predicts."
    if math.isnan(values[of_training]):
        return f"{name} at {when}: {evaluation} on the evaluation samples."
    return f"{name} at {when}: {train} on the training samples, {evaluation} on the evaluation samples."


def attribute_sections(
    rows: list[Row], by_attribute: dict[str, dict[str, str]], baseline: str, unit: str, targets: Targets
) -> list[str]:
    """A table for each attribute, with a sentence on its best layer, and what their columns mean.

    Parameters
    ----------
    rows : list
        See `final_metrics`.
    by_attribute : dict
        See `attribute_metrics_in`.
    baseline, unit : str
        See `best_line` and `summarise`.
    targets : Targets
    """
    sections, of_words, of_numbers = [], False, False
    for attribute, metrics in by_attribute.items():
        main = "adjusted_rand_index" if "adjusted_rand_index" in metrics else "knn_r2"
        of_words |= main != "knn_r2"
        of_numbers |= main == "knn_r2"
        table = metrics_table_of(rows, list(metrics.values()), baseline, unit)
        line = best_line(rows, metrics[main], baseline, targets, attribute)
        sections.append(f"**Measured by {attribute}**\n\n{table}\n\n- {line}")
    probe = PROBE if any("linear_probe" in name for metrics in by_attribute.values() for name in metrics) else ""
    legends = [OF_WORDS_LEGEND] * of_words + [OF_NUMBERS_LEGEND] * of_numbers
    return sections + [textwrap.fill(legend.format(probe=probe), LINE) for legend in legends]


def target_legend(target: str, metrics: list[str]) -> str:
    """What the columns of the first table mean."""
    if target == CLASSES:
        return CLASSES_LEGEND
    titles = [SUMMARY_TITLES[metric] for metric in metrics if metric in COLUMNS[NONE][1]]
    if target == NONE and not titles:
        return SILHOUETTE_LEGEND
    listed = " and ".join([", ".join(titles[:-1]), titles[-1]][len(titles) == 1 :]) if titles else ""
    probe = PROBE if any("linear_probe" in metric for metric in metrics) else ""
    legend = LEGENDS[target].format(probe=probe, dimensions=listed.capitalize())
    return textwrap.fill(f"{SILHOUETTE_LEGEND} {legend}", LINE)


def metrics_table_of(rows: list[Row], metrics: list[str], baseline: str, unit: str) -> str:
    """Some metrics of each layer, as a Markdown table."""
    titles = [SUMMARY_TITLES[metric.partition(":")[0]] for metric in metrics]
    body = [
        [
            row_title(layer, baseline),
            DASH if layer == RAW_INPUTS else str(time),
            *(number(values[metric]) for metric in metrics),
        ]
        for layer, time, values in rows
    ]
    return markdown_table(["Layer", unit.capitalize(), *titles], body)


def attribute_warnings(values: Values, by_attribute: dict[str, dict[str, str]]) -> list[str]:
    """Warnings on attributes that no layer could be measured against at any time."""
    return [
        f"Nothing could be measured against the attribute {attribute} of metrics.measure_by: its values are all the "
        "same, or all different, or missing. The logs of the measure jobs say which."
        for attribute, metrics in by_attribute.items()
        if all(math.isnan(value) for (_, _, metric), value in values.items() if metric in metrics.values())
    ]


def run_warnings(
    *,
    dataset: str,
    history: str,
    predictions: str,
    values: Values,
    by_attribute: dict[str, dict[str, str]],
    targets: Targets,
    curves: dict[int, dict[str, float]],
    raw_knn_accuracy: float,
) -> list[str]:
    """The warnings of a run, each once: on its samples, on its trained network, and on its curves.

    Parameters
    ----------
    dataset : path of dataset.npz
    history : path of tables/history.parquet
    predictions : path of predictions/{span}.parquet of the last span
        The spans before are not read: a network may be odd before it is trained.
    values, by_attribute
        See `final_metrics`.
    targets : Targets
        Of the dataset.
    curves : dict
        See `load_curves`.
    raw_knn_accuracy : float
        Of the raw inputs; NaN where they are not followed, or the samples have no classes.
    """
    warnings = dataset_warnings(dataset)
    warnings += parse_warnings(load_metadata(history).get("warnings", "[]"), history)
    warnings += parse_warnings(load_metadata(predictions).get("warnings", "[]"), predictions)
    warnings += attribute_warnings(values, by_attribute)
    if targets.target == CLASSES:
        warnings += _curve_warnings(dataset, targets, curves, raw_knn_accuracy, load_unit(history))
    return list(dict.fromkeys(warnings))


def _curve_warnings(
    dataset: str, targets: Targets, curves: dict[int, dict[str, float]], raw_knn_accuracy: float, unit: str
) -> list[str]:
    """What the curves of a training on classes say is surely a slip."""
    eval_counts = np.bincount(targets.values, minlength=len(targets.names)).tolist()
    names = ("train_loss", *score_measures(CLASSES))
    columns = {name: [values[name] for values in curves.values()] for name in names}
    # Of a training that ran elsewhere the samples are not known, and its curves maybe in part.
    trained_here = "train_labels" in names_in_npz(dataset) and np.isfinite(columns["train_loss"]).any()
    if trained_here and np.isfinite(columns["train_accuracy"]).all():
        (train_labels,) = load_npz(dataset, "train_labels")
        return learning_warnings(
            times=list(curves),
            **columns,
            train_counts=np.bincount(train_labels, minlength=len(targets.names)).tolist(),
            eval_counts=eval_counts,
            raw_knn_accuracy=raw_knn_accuracy,
            unit=unit,
        )
    if np.isfinite(columns["eval_accuracy"]).all():
        return chance_warnings(columns["eval_accuracy"], eval_counts)
    return []


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
        The CSV has a row a layer: run, layer, time, each metric, and the run's scores at the last time. The warnings
        are a JSON list of sentences, empty where there are none.
    run : str
        Its name.
    weights : str, optional
        The name of the file with the weights that the network began with. The summary then has the scores at
        time 0, which show whether the weights came out here as they were.
    ending : str, optional
        Why the training has ended by itself, as the end of a sentence.
    has_diverged : bool
        Whether it has ended as something was not finite, which is a warning.
    """
    targets, unit = load_targets(dataset), load_unit(history_table)
    values = load_values(metrics_table)
    by_attribute = attribute_metrics_in(values)
    rows = final_metrics(values, by_attribute, layers, targets.target, metrics_table)
    curves = load_curves(history_table, targets.target)
    last = max(curves) if curves else max(time for _, time, _ in rows)
    baseline = BASELINES[targets.kind]
    warnings = run_warnings(
        dataset=dataset,
        history=history_table,
        predictions=predictions,
        values=values,
        by_attribute=by_attribute,
        targets=targets,
        curves=curves,
        raw_knn_accuracy=rows[0][2].get("knn_accuracy", math.nan) if rows[0][0] == RAW_INPUTS else math.nan,
    )
    if has_diverged:
        warnings.append(f"The training ended by itself at {unit} {last}: {ending}.")
    log_warnings(warnings)
    metrics = list(rows[0][2])
    of_target = [metric for metric in metrics if ":" not in metric]
    lines = [best_line(rows, MAIN_METRICS[targets.target], baseline, targets)]
    if curves:
        if weights is not None:
            if 0 not in curves:
                raise damaged(history_table, f"no {unit} 0")
            lines.append(score_line(curves[0], f"{unit} 0, with the weights of {weights}", targets.target))
        lines.append(score_line(curves[last], f"{unit} {last}", targets.target))
    if ending is not None and not has_diverged:
        lines.append(f"The training ended by itself at {unit} {last}: {ending}.")
    warned = "**Warnings**\n\n" + "".join(f"- {warning}\n" for warning in warnings) + "\n" if warnings else ""
    sections = [
        metrics_table_of(rows, of_target, baseline, unit),
        "\n".join(f"- {line}" for line in lines),
        target_legend(targets.target, of_target),
        *attribute_sections(rows, by_attribute, baseline, unit, targets),
    ]
    text = f"# {run}: how the layers cluster at {unit} {last}\n\n{warned}" + "\n\n".join(sections) + "\n"
    save_warnings(warnings_path, warnings)
    with whole_file(markdown_path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    with whole_file(csv_path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        scores = score_measures(targets.target)
        writer.writerow(["run", "layer", unit, *metrics, *scores])
        shared = [number(curves[last][name], missing="") for name in scores]
        for layer, row_time, of_layer in rows:
            cells = [number(value, missing="") for value in of_layer.values()]
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
