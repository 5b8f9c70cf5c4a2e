"""Every layer's activations, and the predictions, at each time of a span."""

import os

# cuBLAS is deterministic only with this, and reads it when it starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

from collections.abc import Mapping
from contextlib import ExitStack

from evolution.activations.agreement import COMPARED, Evaluated
from evolution.activations.layer_files import layer_outputs
from evolution.activations.predictions import save_predictions
from evolution.activations.snapshots import SnapshotSettings, take_snapshots, trained_networks
from evolution.data.targets import load_targets
from evolution.io.arrays import NpyWriter
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import load_metadata, load_table
from evolution.startup.memory import keep_freed_memory


def load_evaluated(histories: list[str], target: str, times: list[int], unit: str) -> Evaluated:
    """What trainings found.

    Parameters
    ----------
    histories : list of paths of `history/{span}.parquet`
    target : str
        One of `evolution.data.kinds.TARGETS`.
    times : list of int
    unit : {"epoch", "step"}

    Raises
    ------
    UserError
        If a file cannot be read, or none has one of the times.
    """
    scores, known, devices, column = {}, set(), set(), COMPARED.get(target)
    for path in histories:
        table = load_table(path, "time", *([] if column is None else [column]))
        found = table.column("time").to_pylist()
        known.update(found)
        if column is not None:
            values = table.column(column).to_pylist()
            scores |= zip(found, [value if isinstance(value, list) else [value] for value in values])
        devices.add(load_metadata(path).get("device", "cpu"))
    if missing := [time for time in times if time not in known]:
        raise damaged(histories[-1], f"no {unit} {missing[0]}")
    # On a GPU if any of them ran on one.
    return Evaluated(scores, max(devices, key=lambda device: device != "cpu"))


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
        Of the training spans that hold the times: the scores that the snapshots must have too.
    activations : mapping of str to path
        The file of each layer to follow: float32 (times, N, D).
    classifier : path
        float32 (times, N + classes, D), see `evolution.activations.classifier.classifier_rows`.
    predictions : path
        A table, see `take_snapshots`. Its metadata has `warnings`, a JSON list of sentences, where there are any.
    """
    evaluated = load_evaluated(histories, load_targets(dataset).target, times, unit)
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
