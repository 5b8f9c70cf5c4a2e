"""Every layer's activations, and the predictions, at each epoch of a span."""

import evolution.startup.load_torch  # noqa: F401 - before torch

# isort: split

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from evolution.activations.agreement import Evaluated
from evolution.activations.snapshots import SnapshotSettings, take_snapshots
from evolution.io.arrays import NpyWriter
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import load_metadata, load_table, save_table
from evolution.models.outputs import Pooling
from evolution.startup.memory import keep_freed_memory


def load_evaluated(histories: list[str]) -> Evaluated:
    """What trainings found, from paths of `history/{span}.parquet`; on a GPU if any of them ran on one."""
    class_accuracies, devices = {}, set()
    for path in histories:
        table = load_table(path, "epoch", "class_accuracy")
        class_accuracies |= zip(*(table.column(name).to_pylist() for name in ("epoch", "class_accuracy")))
        devices.add(load_metadata(path).get("device", "cpu"))
    return Evaluated(class_accuracies, max(devices, key=lambda device: device != "cpu"))


def write_snapshots(
    *,
    dataset: str,
    checkpoints: list[str],
    epochs: list[int],
    histories: list[str],
    settings: SnapshotSettings,
    activations: Mapping[str, str],
    classifier: str,
    predictions: str,
) -> None:
    """Take the snapshots of a span and write its files.

    Parameters
    ----------
    dataset, checkpoints, epochs, settings
        See `evolution.activations.snapshots.take_snapshots`.
    histories : list of paths of `history/{span}.parquet`
        Of the training spans that hold the epochs: the accuracies that the snapshots must have too.
    activations : mapping of str to path
        The file of each layer to follow: float32 (epochs, N, D).
    classifier : path
        float32 (epochs, N + classes, D), see `evolution.activations.classifier.classifier_rows`.
    predictions : path
        A table, see `take_snapshots`. Its metadata has `warnings`, a JSON list of sentences, where there are any.
    """
    evaluated = load_evaluated(histories)
    if missing := [epoch for epoch in epochs if epoch not in evaluated.class_accuracies]:
        raise damaged(histories[-1], f"no epoch {missing[0]}")
    with ExitStack() as files:
        table, warnings = take_snapshots(
            dataset=dataset,
            checkpoints=checkpoints,
            epochs=epochs,
            settings=settings,
            activations={
                layer: files.enter_context(NpyWriter(path, len(epochs))) for layer, path in activations.items()
            },
            classifier=files.enter_context(NpyWriter(classifier, len(epochs))),
            evaluated=evaluated,
        )
        save_table(predictions, table, {"warnings": json.dumps(warnings)} if warnings else None)


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        # The layers come from the outputs and not from params. Asking for one more then adds a file to the job, and the
        # files that it already wrote are not outdated by it.
        arrays = [path for path in snakemake.output if path.endswith(".npy") and path != snakemake.output.classifier]
        write_snapshots(
            dataset=snakemake.input.dataset,
            checkpoints=list(snakemake.input.checkpoints),
            epochs=snakemake.params.epochs,
            histories=list(snakemake.input.histories),
            settings=SnapshotSettings(
                model=snakemake.params.model,
                model_kwargs=snakemake.params.model_kwargs,
                seed=snakemake.params.seed,
                compacted=snakemake.params.compact,
                pooling=Pooling(maps=snakemake.params.maps, tokens=snakemake.params.tokens),
            ),
            activations={Path(path).stem: path for path in arrays},
            classifier=snakemake.output.classifier,
            predictions=snakemake.output.predictions,
        )
