"""How well one layer's activations cluster, and what shape they have, at each time of a span."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evolution.activations.predictions import are_known, load_predictions
from evolution.data.kinds import CLASSES
from evolution.data.targets import Targets, load_targets
from evolution.errors import UserError
from evolution.io.arrays import load_notes, load_npy, save_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.attributes import Attribute, read_attribute, said_of
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.devices import find_device, lack_of_memory_explained
from evolution.measures.measure_settings import MeasureSettings, cluster_count
from evolution.measures.registry import GPU_SAMPLES, PER_CLASS
from evolution.models.device import device_said

log = logging.getLogger("evolution")


def metrics_span(
    *,
    activations: str,
    dataset: str,
    predictions: str | None,
    times: list[int],
    settings: MeasureSettings,
    measure_by: Sequence[str] = (),
    unit: str = "epoch",
    device: str = "cpu",
) -> tuple[dict[str, list], np.ndarray, np.ndarray]:
    """All metrics of one layer at each time of a span.

    Parameters
    ----------
    activations : path of a float32 array (times, N, D)
    dataset : path of dataset.npz
    predictions : path of predictions/{span}.parquet, or None for the raw inputs
    times : list of int
    settings : MeasureSettings
    measure_by : sequence of str
        Attributes of the samples that the layer is measured against in addition to their target.
    unit : {"epoch", "step"}
        What times are counted in.
    device : {"cpu", "auto", "cuda"}
        Where more samples than `registry.GPU_SAMPLES` are measured.

    Returns
    -------
    table : dict of columns
        time, and each metric that `cell_metrics.layer_metrics` returns; a row a time.
    assigned : int16 array (times, N)
        Each sample's k-means cluster.
    voted : array (times, ...)
        What its neighbours say of it, see `cell_metrics.layer_metrics`.

    Raises
    ------
    UserError
        If an activation is not finite, there are too few samples, a file is not what it should be, or a GPU is asked
        for and there is none, or too little memory on it.
    """
    targets = load_targets(dataset)
    attributes = read_attributes(targets, measure_by, settings.clusters, dataset)
    if settings.clusters == "auto":
        settings = replace(settings, clusters=cluster_count(targets.values, targets.count, targets.target))
        if targets.target == CLASSES and settings.clusters >= targets.count:
            raise UserError(
                f"{dataset} has {targets.count} samples of {settings.clusters} classes, too few for k-means to find as "
                "many clusters. Raise dataset.eval_size, or set metrics.clusters to a smaller number",
                "metrics.clusters",
            )
    # A function of the user's may have returned fewer than dataset.eval_size, which planning checks.
    for key, value in (("clusters", settings.clusters), ("neighbors", settings.neighbors)):
        if value >= targets.count:
            raise UserError(
                f"{value} is too large, {dataset} has {targets.count} samples; must be below it", f"metrics.{key}"
            )
    by_time = load_npy(activations, (len(times), targets.count, None))
    # The spectra of what is not stored exactly.
    spectra = load_notes(activations)
    predicted = [None] * len(times)
    if predictions is not None and "neural_collapse" in settings.measures and targets.target == CLASSES:
        known, _ = load_predictions([predictions], times, targets.count)
        # Of a recording without predictions, what needs them is NaN.
        predicted = known if are_known(known) else predicted
    gpu = find_device(device) if targets.count > GPU_SAMPLES else None
    # The CPU takes few samples without a look at what GPUs there are.
    where = device_said(device, gpu) if targets.count > GPU_SAMPLES else "cpu"
    wanted = f" (metrics.device: {device})" if device != "cpu" else ""
    log.info("%d samples, measured on %s%s", targets.count, where, wanted)
    rows, assigned, voted = [], [], []
    for index, time in enumerate(times):
        if not np.isfinite(by_time[index]).all():
            raise UserError(f"{activations} holds values that are not finite at {unit} {time}: delete it to rebuild it")
        with lack_of_memory_explained(gpu):
            values, clusters, votes = layer_metrics(
                by_time[index],
                targets.values,
                settings,
                target=targets.target,
                attributes=attributes,
                predicted=predicted[index],
                classes=len(targets.names),
                singular=None if spectra is None or np.isnan(spectra[index]).all() else spectra[index],
                device=gpu,
            )
        rows.append({"time": time} | values)
        assigned.append(clusters)
        voted.append(votes)
        shown = (f"{name} {value:.4f}" for name, value in values.items() if name not in PER_CLASS)
        log.info("%s %d: %s", unit.capitalize(), time, ", ".join(shown))
    return {name: [row[name] for row in rows] for name in rows[0]}, np.stack(assigned), np.stack(voted)


def read_attributes(targets: Targets, measure_by: Sequence[str], clusters: int | str, dataset: str) -> list[Attribute]:
    """The attributes to measure against; the log says of each which samples do not count.

    Parameters
    ----------
    targets : Targets
    measure_by : sequence of str
        The attributes' names.
    clusters : int or "auto"
        Of k-means.
    dataset : str
        Where the samples are, for messages.

    Raises
    ------
    UserError
        If the samples lack an attribute.
    """
    for name in measure_by:
        if name not in targets.attributes:
            known = ", ".join(targets.attributes) or "none"
            raise UserError(
                f"{name!r} is no attribute of the samples in {dataset}; they have {known}", "metrics.measure_by"
            )
    attributes = [read_attribute(name, targets.attributes[name], clusters) for name in measure_by]
    for said in filter(None, map(said_of, attributes)):
        log.info(said)
    return attributes


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
            measure_by=snakemake.params.measure_by,
            unit=snakemake.params.unit,
            device=snakemake.params.device,
        )
        save_npy(snakemake.output.clusters, assigned)
        save_npy(snakemake.output.votes, voted)
        save_table(snakemake.output.metrics, table, unit=snakemake.params.unit)
