"""Train one span of epochs: from the span before it, or from nothing for epoch 0."""

import logging
import os

import evolution.startup.load_torch  # noqa: F401 - before torch
from evolution.training.loop import choose_device, memory_explained, train_span

# isort: split


from evolution.io.checkpoints import save_checkpoint
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.models.networks import NETWORKS
from evolution.planning.digests import file_digest
from evolution.startup.load_torch import without_compiler
from evolution.training.memory import keep_freed_memory

# cuBLAS is deterministic only with this; it must be set before CUDA starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

log = logging.getLogger("evolution")

if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]), memory_explained(snakemake.params.batch_size):
        # torchvision, a GPU's deterministic operations, and a network of one's own that compiles itself need it.
        if snakemake.params.model in NETWORKS and choose_device(snakemake.params.device).type == "cpu":
            without_compiler()
        checkpoint, history, timing = train_span(
            snakemake.input.dataset,
            snakemake.input.get("previous"),
            range(snakemake.params.first, snakemake.params.last + 1),
            snakemake.params.model,
            snakemake.params.model_kwargs,
            snakemake.params.batch_size,
            snakemake.params.optimizer,
            snakemake.params.learning_rate,
            snakemake.params.weight_decay,
            snakemake.params.device,
            snakemake.params.threads,
            snakemake.params.seed,
            snakemake.params.kept_epochs,
            snakemake.input.get("weights"),
        )
        save_table(snakemake.output.timing, timing)
        save_checkpoint(snakemake.output.checkpoint, checkpoint)
        # What reads activations runs again when the history changes, and accuracies can be the same for other data or
        # weights: of a network that takes all images for one class.
        origin = {
            "dataset": file_digest(snakemake.input.dataset),
            "checkpoint": file_digest(snakemake.output.checkpoint),
        }
        save_table(snakemake.output.history, history, origin)
