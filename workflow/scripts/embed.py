"""Two-dimensional embedding of one layer, by t-SNE or another method, at each time of a span."""

import logging
import math

import numpy as np

from evolution.activations.compaction import unit_rows
from evolution.embedding.continuity import review_due
from evolution.embedding.layout import EmbeddingSettings, lay_out, without_padding
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
    times: list[int],
    time_before: int | None,
    settings: EmbeddingSettings,
    seed: int,
    unit: str = "epoch",
) -> tuple[np.ndarray, dict[str, list]]:
    """Embedding of one layer at each time of a span.

    Parameters
    ----------
    activations : path of a float32 array (times, N, D)
    previous : path of the embeddings of the span before, or None
        Its last layout is where the first time of this span starts from.
    times : list of int
    time_before : int or None
        The time of the last layout in `previous`, None where there is none.
    settings : EmbeddingSettings
    seed : int
        The run's.
    unit : {"epoch", "step"}
        What times are counted in.

    Returns
    -------
    layouts : float32 array (times, N, 2)
    quality : dict of columns
        time, kl_divergence (of t-SNE, else NaN), trustworthiness (Venna and Kaski 2001, 12 neighbours),
        drift (see `drift`; NaN for a layout that starts from no time before).

    Raises
    ------
    UserError
        If an activation is not finite, or a file is not what it should be.
    """
    by_time = load_npy(activations, (len(times), None, None))
    layout = None if previous is None else load_npy(previous, (None, by_time.shape[1], 2))[-1]
    layouts, quality = [], {"time": times, "kl_divergence": [], "trustworthiness": [], "drift": []}
    for index, time in enumerate(times):
        given = without_padding(by_time[index])
        # A sum takes a tenth of the time. Where it is not finite, it may just have grown too large.
        with np.errstate(over="ignore", invalid="ignore"):
            total = given.sum()
        if not np.isfinite(total) and not np.isfinite(given).all():
            raise UserError(f"{activations} holds values that are not finite at {unit} {time}: delete it to rebuild it")
        rows = unit_rows(given)
        before = layout if settings.alignment == "previous" else None
        reviewed = before is not None and review_due(time_before, time)
        layout, divergence = lay_out(rows, settings=settings, start=before, seed=seed, reviewed=reviewed)
        time_before = time
        layouts.append(layout)
        quality["kl_divergence"].append(divergence)
        quality["trustworthiness"].append(
            trustworthiness(rows, layout, neighbors=min(TRUSTWORTHINESS_NEIGHBORS, (len(rows) - 1) // 2), seed=seed)
        )
        quality["drift"].append(math.nan if before is None else drift(before, layout))
        values = {name: column[-1] for name, column in quality.items() if name != "time"}
        log.info(
            "%s %d: %s", unit.capitalize(), time, ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        )
    return np.stack(layouts), quality


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        layouts, quality = embed_span(
            activations=snakemake.input.activations,
            previous=snakemake.input.get("previous"),
            times=snakemake.params.times,
            time_before=snakemake.params.time_before,
            settings=EmbeddingSettings(**snakemake.params.embedding),
            seed=snakemake.params.seed,
            unit=snakemake.params.unit,
        )
        save_npy(snakemake.output.embedding, layouts)
        save_table(snakemake.output.quality, quality, unit=snakemake.params.unit)
