"""Train one span: from the end of the span before it, or build the network at time 0."""

import os

# cuBLAS is deterministic only with this, and reads it when it starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from evolution.io.checkpoints import save_checkpoint
from evolution.io.job_log import job_log
from evolution.io.tables import load_table, save_table
from evolution.models.device import choose_device
from evolution.planning.digests import file_digest
from evolution.startup.memory import keep_freed_memory
from evolution.training.faults import memory_explained
from evolution.training.kept_times import save_kept_times
from evolution.training.loop import train_span
from evolution.training.settings import TrainingSettings


def train(
    *,
    dataset: str,
    previous: str | None,
    times: range,
    unit: str,
    epoch_length: int,
    epochs: int | None,
    settings: TrainingSettings,
    kept: Collection[int] | None,
    repeated: str | None,
    training_digest: str,
    initial_weights: str | None,
    output: Mapping[str, str],
) -> None:
    """Train a span, and write its checkpoint, history and timing.

    Parameters
    ----------
    dataset, previous, times, unit, epoch_length, epochs, settings, kept, initial_weights
        See `evolution.training.loop.train_span`.
    repeated : path of `history/{span}.parquet`, optional
        Of the training span of which this one trains a part again.
    training_digest : str
        See `evolution.training.kept_times.KeptTimes`.
    output : mapping of str to path
        The files to write: checkpoint, history, timing; and note, which says what the checkpoint holds. The history's
        metadata holds digests of the data set and of the checkpoint, the type of the device where that is no CPU, and
        where the training has ended by itself, its last time and the reason.

    Raises
    ------
    UserError
        As `train_span` raises it, or if there is too little memory.
    """
    with memory_explained(settings.batch_size):
        checkpoint, history, timing = train_span(
            dataset=dataset,
            previous=previous,
            times=times,
            unit=unit,
            epoch_length=epoch_length,
            epochs=epochs,
            settings=settings,
            kept=kept,
            repeated=None if repeated is None else known_losses(repeated),
            initial_weights=initial_weights,
        )
    if kept is not None:
        save_kept_times(output["note"], training=training_digest, times=times, asked=kept, kept=checkpoint["weights"])
    save_table(output["timing"], timing, unit=unit)
    save_checkpoint(output["checkpoint"], checkpoint)
    # The jobs that read activations run again when the history changes. Losses and accuracies alone may be the same for
    # other data or other weights, such as those of a network that predicts one class for all images.
    origin = {"dataset": file_digest(dataset), "checkpoint": file_digest(output["checkpoint"])}
    # Snapshots are taken on a CPU, and are compared less closely with a training that ran elsewhere.
    device = choose_device(settings.device, key="training.device").type
    origin |= {} if device == "cpu" else {"device": device}
    if "ended" in checkpoint:
        origin["ended"] = json.dumps(checkpoint["ended"])
    save_table(output["history"], history, origin, unit=unit)


def known_losses(history: str) -> dict[int, float]:
    """The loss at each time of a `history/{span}.parquet`."""
    table = load_table(history, "time", "train_loss")
    return dict(zip(table.column("time").to_pylist(), table.column("train_loss").to_pylist()))


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        settings = TrainingSettings.of_config(
            model=snakemake.params.model,
            model_kwargs=snakemake.params.model_kwargs,
            seed=snakemake.params.seed,
            training=snakemake.params.training,
        )
        train(
            dataset=snakemake.input.dataset,
            previous=snakemake.input.get("previous"),
            times=range(snakemake.params.first, snakemake.params.last + 1),
            unit=snakemake.params.unit,
            epoch_length=snakemake.params.epoch_length,
            epochs=snakemake.params.epochs,
            settings=settings,
            kept=snakemake.params.kept,
            repeated=snakemake.input.get("repeated") or None,
            training_digest=snakemake.params.training_digest,
            initial_weights=snakemake.input.get("weights"),
            output={
                **snakemake.output,
                "note": Path(snakemake.output.checkpoint).parents[1] / "kept" / f"{snakemake.wildcards.span}.json",
            },
        )
