"""Neural collapse at the classifier of a run: its inputs against its weights, at each snapshot."""

import logging
import math

import numpy as np

from evolution.activations.predictions import are_known, load_predictions
from evolution.data.targets import load_targets
from evolution.io.arrays import load_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.collapse import class_centres, layer_collapse, self_duality
from evolution.measures.registry import CLASSIFIER_METRICS

log = logging.getLogger("evolution")


def classifier_collapse(
    rows: np.ndarray, labels: np.ndarray, predicted: np.ndarray | None, classes: int
) -> dict[str, float]:
    """NC1 to NC4 of the classifier's inputs at one time.

    Parameters
    ----------
    rows : float32 array (N + classes, D)
        The classifier's input for each sample, then its weights, a row a class; compact or raw.
    labels : int array (N,)
    predicted : int array (N,) or None
        None where nobody knows: what needs it is NaN.
    classes : int

    Returns
    -------
    dict of float
        A value for each of `registry.CLASSIFIER_METRICS`; NaN where the model has no classifier.
    """
    if not np.isfinite(rows).all():
        log.warning("No finite classifier: neural collapse is NaN")
        return dict.fromkeys(CLASSIFIER_METRICS, math.nan)
    inputs, weights = rows[:-classes], rows[-classes:]
    values = layer_collapse(inputs, labels, predicted, classes)
    centres = class_centres(inputs, labels, classes)
    values["nc3_self_duality"] = math.nan if centres is None else self_duality(centres, weights)
    return {name: values[name] for name in CLASSIFIER_METRICS}


def collapse_table(
    *,
    run: str,
    classifier: list[str],
    predictions: list[str],
    dataset: str,
    spans: list[list[int]],
    unit: str = "epoch",
) -> dict[str, object]:
    """`classifier_collapse` at each snapshot of a run, in long form.

    Parameters
    ----------
    run : str
        Its name.
    classifier : list of paths of float32 arrays (times, N + classes, D), a file a span
    predictions : list of paths of predictions/{span}.parquet
    dataset : path of dataset.npz
    spans : list of lists of int
        Each span's times.
    unit : {"epoch", "step"}
        What times are counted in.

    Returns
    -------
    dict of columns
        run string, time int32, metric string, value float64.

    Raises
    ------
    UserError
        If a file is not what it should be.
    """
    targets = load_targets(dataset)
    labels, names = targets.values, targets.names
    times, values = [], []
    for path, predictions_path, span in zip(classifier, predictions, spans):
        predicted, _ = load_predictions([predictions_path], span, len(labels))
        predicted = predicted if are_known(predicted) else [None] * len(span)
        rows = load_npy(path, (len(span), len(labels) + len(names), None))
        for index, time in enumerate(span):
            times.append(time)
            values.append(classifier_collapse(np.array(rows[index]), labels, predicted[index], len(names)))
            log.info(
                "%s %d: %s",
                unit.capitalize(),
                time,
                ", ".join(f"{name} {value:.4f}" for name, value in values[-1].items()),
            )
    return {
        "run": [run] * (len(CLASSIFIER_METRICS) * len(times)),
        "time": np.repeat(np.array(times, np.int32), len(CLASSIFIER_METRICS)),
        "metric": list(CLASSIFIER_METRICS) * len(times),
        "value": np.array([value for row in values for value in row.values()], float),
    }


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        table = collapse_table(
            run=snakemake.wildcards.run,
            classifier=list(snakemake.input.classifier),
            predictions=list(snakemake.input.predictions),
            dataset=snakemake.input.dataset,
            spans=snakemake.params.spans,
            unit=snakemake.params.unit,
        )
        save_table(snakemake.output[0], table, unit=snakemake.params.unit)
