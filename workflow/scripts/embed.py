"""Two-dimensional embedding of one layer, by t-SNE or another method, at each epoch of a span."""

import evolution.startup.load_analysis  # noqa: F401 - before scikit-learn
from evolution.embedding.quality import drift

# isort: split

import logging
import math

import numpy as np

from evolution.activations.compaction import unit_rows
from evolution.embedding.continuity import review_due
from evolution.embedding.layout import lay_out
from evolution.embedding.quality import trustworthiness
from evolution.errors import UserError
from evolution.io.arrays import load_npy, save_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table

log = logging.getLogger("evolution")

TRUSTWORTHINESS_NEIGHBORS = 12


def embed_span(
    activations: str,
    previous: str | None,
    epochs: list[int],
    method: str,
    settings: dict,
    aligned: bool,
    seed: int,
    epoch_before: int | None = None,
) -> tuple[np.ndarray, dict[str, list]]:
    """Embedding of one layer at each epoch of a span.

    Parameters
    ----------
    activations : path of a float32 array (epochs, N, D)
    previous : path of the embeddings of the span before, or None
        Its last layout is where the first epoch of this span starts from.
    epochs : list of int
    method : str
        See `evolution.embedding.methods.METHODS`.
    settings : dict
        What the method reads of the config's `embedding`.
    aligned : bool
        Start each epoch from the epoch before; otherwise each starts afresh, and drift is NaN.
    seed : int
        The config's.
    epoch_before : int or None
        That of `previous`' last layout, None where there is no such layout.

    Returns
    -------
    layouts : float32 array (epochs, N, 2)
    quality : dict of columns
        epoch, kl_divergence (NaN but for t-SNE), trustworthiness (Venna and Kaski 2001, 12 neighbours),
        drift (see `drift`; NaN where there is no epoch before).
    """
    layers = load_npy(activations, (len(epochs), None, None))
    layout = None if previous is None else load_npy(previous, (None, layers.shape[1], 2))[-1]
    layouts, quality = [], {"epoch": epochs, "kl_divergence": [], "trustworthiness": [], "drift": []}
    for epoch, layer in zip(epochs, layers):
        if not np.isfinite(layer).all():
            raise UserError(f"{activations} holds values that are not finite at epoch {epoch}: delete it to rebuild it")
        rows = unit_rows(layer)
        before = layout if aligned else None
        reviewed = before is not None and review_due(epoch_before, epoch)
        layout, divergence = lay_out(method, rows, settings, before, seed, reviewed)
        epoch_before = epoch
        layouts.append(layout)
        quality["kl_divergence"].append(divergence)
        quality["trustworthiness"].append(
            trustworthiness(rows, layout, min(TRUSTWORTHINESS_NEIGHBORS, (len(rows) - 1) // 2), seed)
        )
        quality["drift"].append(math.nan if before is None else drift(before, layout))
        values = {name: column[-1] for name, column in quality.items() if name != "epoch"}
        log.info("Epoch %d: %s", epoch, ", ".join(f"{name} {value:.4f}" for name, value in values.items()))
    return np.stack(layouts), quality


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        layouts, quality = embed_span(
            snakemake.input.activations,
            snakemake.input.get("previous"),
            snakemake.params.epochs,
            snakemake.params.embedding["method"],
            snakemake.params.embedding,
            snakemake.params.embedding["alignment"] == "previous",
            snakemake.params.seed,
            snakemake.params.epoch_before,
        )
        save_npy(snakemake.output.embedding, layouts)
        save_table(snakemake.output.quality, quality)
