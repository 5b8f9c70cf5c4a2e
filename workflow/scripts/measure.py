"""How well one layer's activations cluster, and what shape they have, at each time of a span."""

import evolution.startup.load_analysis  # noqa: F401 - before scikit-learn

# isort: split

import logging
from dataclasses import replace

import numpy as np

from evolution.activations.predictions import are_known, load_predictions
from evolution.errors import UserError
from evolution.io.arrays import load_npy, load_npz, save_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.cell_metrics import MeasureSettings, layer_metrics
from evolution.measures.registry import PER_CLASS

log = logging.getLogger("evolution")


def metrics_span(
    *,
    activations: str,
    dataset: str,
    predictions: str | None,
    times: list[int],
    settings: MeasureSettings,
    unit: str = "epoch",
) -> tuple[dict[str, list], np.ndarray, np.ndarray]:
    """All metrics of one layer at each time of a span.

    Parameters
    ----------
    activations : path of a float32 array (times, N, D)
    dataset : path of dataset.npz
    predictions : path of predictions/{span}.parquet, or None for the raw inputs
    times : list of int
    settings : MeasureSettings
    unit : {"epoch", "step"}
        What times are counted in.

    Returns
    -------
    table : dict of columns
        time, and each metric that `cell_metrics.layer_metrics` returns; a row a time.
    assigned, voted : int16 arrays (times, N)
        Each sample's k-means cluster, and the class that its neighbours vote for.

    Raises
    ------
    UserError
        If an activation is not finite, there are too few samples, or a file is not what it should be.
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    if settings.clusters == "auto":
        settings = replace(settings, clusters=len(np.unique(labels)))
    # A function of the user's may have returned fewer than dataset.eval_size, which planning checks.
    for key, value in (("clusters", settings.clusters), ("neighbors", settings.neighbors)):
        if value >= len(labels):
            raise UserError(
                f"{value} is too large, {dataset} has {len(labels)} samples; must be below it", f"metrics.{key}"
            )
    by_time = load_npy(activations, (len(times), len(labels), None))
    predicted = [None] * len(times)
    if predictions is not None and "neural_collapse" in settings.measures:
        known, _ = load_predictions([predictions], times, len(labels))
        # Of a recording without predictions, what needs them is NaN.
        predicted = known if are_known(known) else predicted
    rows, assigned, voted = [], [], []
    for index, time in enumerate(times):
        if not np.isfinite(by_time[index]).all():
            raise UserError(f"{activations} holds values that are not finite at {unit} {time}: delete it to rebuild it")
        values, clusters, votes = layer_metrics(
            by_time[index], labels, settings, predicted=predicted[index], classes=len(names)
        )
        rows.append({"time": time} | values)
        assigned.append(clusters)
        voted.append(votes)
        shown = (f"{name} {value:.4f}" for name, value in values.items() if name not in PER_CLASS)
        log.info("%s %d: %s", unit.capitalize(), time, ", ".join(shown))
    return {name: [row[name] for row in rows] for name in rows[0]}, np.stack(assigned), np.stack(voted)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        table, assigned, voted = metrics_span(
            activations=snakemake.input.activations,
            dataset=snakemake.input.dataset,
            predictions=snakemake.input.predictions or None,
            times=snakemake.params.times,
            settings=MeasureSettings(
                clusters=snakemake.params.clusters,
                n_init=snakemake.params.n_init,
                neighbors=snakemake.params.neighbors,
                measures=snakemake.params.measures,
                seed=snakemake.params.seed,
            ),
            unit=snakemake.params.unit,
        )
        save_npy(snakemake.output.clusters, assigned)
        save_npy(snakemake.output.votes, voted)
        save_table(snakemake.output.metrics, table, unit=snakemake.params.unit)
