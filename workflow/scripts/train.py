"""Train one span of epochs: from the end of the span before it, or build the network at epoch 0."""

import os

# cuBLAS is deterministic only with this, and reads it when it starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import evolution.startup.load_torch  # noqa: F401 - before torch

# isort: split

from collections.abc import Mapping

from evolution.io.checkpoints import save_checkpoint
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.models.device import choose_device
from evolution.models.networks import NETWORKS
from evolution.planning.digests import file_digest
from evolution.startup.load_torch import without_compiler
from evolution.startup.memory import keep_freed_memory
from evolution.training.faults import memory_explained
from evolution.training.loop import TrainingSettings, train_span


def train(
    *,
    dataset: str,
    previous: str | None,
    epochs: range,
    settings: TrainingSettings,
    kept_epochs: list[int] | None,
    initial_weights: str | None,
    output: Mapping[str, str],
) -> None:
    """Train a span, and write its checkpoint, history and timing.

    Parameters
    ----------
    dataset, previous, epochs, settings, kept_epochs, initial_weights
        See `evolution.training.loop.train_span`.
    output : mapping of str to path
        The files to write: checkpoint, history, timing. The history's metadata holds digests of the data set and of the
        checkpoint, and the type of the device where that is no CPU.

    Raises
    ------
    UserError
        As `train_span` raises it, or if there is too little memory.
    """
    with memory_explained(settings.batch_size):
        checkpoint, history, timing = train_span(
            dataset=dataset,
            previous=previous,
            epochs=epochs,
            settings=settings,
            kept_epochs=kept_epochs,
            initial_weights=initial_weights,
        )
    save_table(output["timing"], timing)
    save_checkpoint(output["checkpoint"], checkpoint)
    # The jobs that read activations run again when the history changes. Losses and accuracies alone may be the same for
    # other data or other weights, such as those of a network that predicts one class for all images.
    origin = {"dataset": file_digest(dataset), "checkpoint": file_digest(output["checkpoint"])}
    # Snapshots are taken on a CPU, and are compared less closely with a training that ran elsewhere.
    device = choose_device(settings.device, key="training.device").type
    save_table(output["history"], history, origin | ({} if device == "cpu" else {"device": device}))


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        settings = TrainingSettings(
            model=snakemake.params.model,
            model_kwargs=snakemake.params.model_kwargs,
            seed=snakemake.params.seed,
            batch_size=snakemake.params.batch_size,
            optimizer=snakemake.params.optimizer,
            learning_rate=snakemake.params.learning_rate,
            weight_decay=snakemake.params.weight_decay,
            device=snakemake.params.device,
            threads=snakemake.params.threads,
        )
        # torchvision, deterministic operations of a GPU, and a user's network that compiles itself need the compiler.
        if settings.model in NETWORKS and choose_device(settings.device, key="training.device").type == "cpu":
            without_compiler()
        train(
            dataset=snakemake.input.dataset,
            previous=snakemake.input.get("previous"),
            epochs=range(snakemake.params.first, snakemake.params.last + 1),
            settings=settings,
            kept_epochs=snakemake.params.kept_epochs,
            initial_weights=snakemake.input.get("weights"),
            output=dict(snakemake.output.items()),
        )
