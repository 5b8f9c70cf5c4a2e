"""Two-dimensional embedding of one layer, by t-SNE or another method, at each epoch of a span."""

import evolution.startup.load_analysis  # noqa: F401 - before scikit-learn

# isort: split

import logging
import math

import numpy as np

from evolution.activations.compaction import unit_rows
from evolution.embedding.continuity import review_due
from evolution.embedding.layout import EmbeddingSettings, lay_out
from evolution.embedding.quality import drift, trustworthiness
from evolution.errors import UserError
from evolution.io.arrays import load_npy, save_npy
from evolution.io.job_log import job_log
from evolution.io.tables import save_table

log = logging.getLogger("evolution")

TRUSTWORTHINESS_NEIGHBORS = 12


def embed_span(
    *,
    activations: str,
    previous: str | None,
    epochs: list[int],
    epoch_before: int | None,
    settings: EmbeddingSettings,
    seed: int,
) -> tuple[np.ndarray, dict[str, list]]:
    """Embedding of one layer at each epoch of a span.

    Parameters
    ----------
    activations : path of a float32 array (epochs, N, D)
    previous : path of the embeddings of the span before, or None
        Its last layout is where the first epoch of this span starts from.
    epochs : list of int
    epoch_before : int or None
        The epoch of the last layout in `previous`, None where there is none.
    settings : EmbeddingSettings
    seed : int
        The run's.

    Returns
    -------
    layouts : float32 array (epochs, N, 2)
    quality : dict of columns
        epoch, kl_divergence (of t-SNE, else NaN), trustworthiness (Venna and Kaski 2001, 12 neighbours),
        drift (see `drift`; NaN for a layout that starts from no epoch before).

    Raises
    ------
    UserError
        If an activation is not finite, or a file is not what it should be.
    """
    by_epoch = load_npy(activations, (len(epochs), None, None))
    layout = None if previous is None else load_npy(previous, (None, by_epoch.shape[1], 2))[-1]
    layouts, quality = [], {"epoch": epochs, "kl_divergence": [], "trustworthiness": [], "drift": []}
    for index, epoch in enumerate(epochs):
        if not np.isfinite(by_epoch[index]).all():
            raise UserError(f"{activations} holds values that are not finite at epoch {epoch}: delete it to rebuild it")
        rows = unit_rows(by_epoch[index])
        before = layout if settings.alignment == "previous" else None
        reviewed = before is not None and review_due(epoch_before, epoch)
        layout, divergence = lay_out(rows, settings=settings, start=before, seed=seed, reviewed=reviewed)
        epoch_before = epoch
        layouts.append(layout)
        quality["kl_divergence"].append(divergence)
        quality["trustworthiness"].append(
            trustworthiness(rows, layout, neighbors=min(TRUSTWORTHINESS_NEIGHBORS, (len(rows) - 1) // 2), seed=seed)
        )
        quality["drift"].append(math.nan if before is None else drift(before, layout))
        values = {name: column[-1] for name, column in quality.items() if name != "epoch"}
        log.info("Epoch %d: %s", epoch, ", ".join(f"{name} {value:.4f}" for name, value in values.items()))
    return np.stack(layouts), quality


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        layouts, quality = embed_span(
            activations=snakemake.input.activations,
            previous=snakemake.input.get("previous"),
            epochs=snakemake.params.epochs,
            epoch_before=snakemake.params.epoch_before,
            settings=EmbeddingSettings(**snakemake.params.embedding),
            seed=snakemake.params.seed,
        )
        save_npy(snakemake.output.embedding, layouts)
        save_table(snakemake.output.quality, quality)
