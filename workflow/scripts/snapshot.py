"""Every layer's activations, and the predictions, at each time of a span."""

import os

# cuBLAS is deterministic only with this, and reads it when it starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import evolution.startup.load_torch  # noqa: F401 - before torch

# isort: split

from collections.abc import Mapping
from contextlib import ExitStack

from evolution.activations.agreement import Evaluated
from evolution.activations.layer_files import layer_outputs
from evolution.activations.predictions import save_predictions
from evolution.activations.snapshots import SnapshotSettings, take_snapshots, trained_networks
from evolution.io.arrays import NpyWriter
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import load_metadata, load_table
from evolution.startup.memory import keep_freed_memory


def load_evaluated(histories: list[str]) -> Evaluated:
    """What trainings found, from paths of `history/{span}.parquet`; on a GPU if any of them ran on one."""
    class_accuracies, devices = {}, set()
    for path in histories:
        table = load_table(path, "time", "class_accuracy")
        class_accuracies |= zip(*(table.column(name).to_pylist() for name in ("time", "class_accuracy")))
        devices.add(load_metadata(path).get("device", "cpu"))
    return Evaluated(class_accuracies, max(devices, key=lambda device: device != "cpu"))


def write_snapshots(
    *,
    dataset: str,
    checkpoints: list[str],
    times: list[int],
    unit: str,
    histories: list[str],
    settings: SnapshotSettings,
    activations: Mapping[str, str],
    classifier: str,
    predictions: str,
) -> None:
    """Take the snapshots of a span and write its files.

    Parameters
    ----------
    dataset, settings
        See `evolution.activations.snapshots.take_snapshots`.
    checkpoints, times
        See `evolution.activations.snapshots.trained_networks`.
    unit : {"epoch", "step"}
    histories : list of paths of `history/{span}.parquet`
        Of the training spans that hold the times: the accuracies that the snapshots must have too.
    activations : mapping of str to path
        The file of each layer to follow: float32 (times, N, D).
    classifier : path
        float32 (times, N + classes, D), see `evolution.activations.classifier.classifier_rows`.
    predictions : path
        A table, see `take_snapshots`. Its metadata has `warnings`, a JSON list of sentences, where there are any.
    """
    evaluated = load_evaluated(histories)
    if missing := [time for time in times if time not in evaluated.class_accuracies]:
        raise damaged(histories[-1], f"no {unit} {missing[0]}")
    with ExitStack() as files:
        snapshots = take_snapshots(
            dataset=dataset,
            networks=trained_networks(checkpoints, times),
            times=times,
            unit=unit,
            settings=settings,
            activations={
                layer: files.enter_context(NpyWriter(path, len(times))) for layer, path in activations.items()
            },
            classifier=files.enter_context(NpyWriter(classifier, len(times))),
            evaluated=evaluated,
        )
        save_predictions(predictions, snapshots.predictions, warnings=snapshots.warnings, unit=unit)


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        write_snapshots(
            dataset=snakemake.input.dataset,
            checkpoints=list(snakemake.input.checkpoints),
            times=snakemake.params.times,
            unit=snakemake.params.unit,
            histories=list(snakemake.input.histories),
            settings=SnapshotSettings.of_params(snakemake.params),
            activations=layer_outputs(snakemake.output, snakemake.output.classifier),
            classifier=snakemake.output.classifier,
            predictions=snakemake.output.predictions,
        )
