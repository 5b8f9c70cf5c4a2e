"""Two-dimensional t-SNE of one layer, at each epoch of a span."""

import logging
import math

import numpy as np
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.initialization import pca as pca_start
from openTSNE.initialization import random as random_start
from scipy.spatial import procrustes
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from evolution.compaction import compact, unit_rows
from evolution.files import JobError, job_log, load_npy, save_npy, save_table
from evolution.seeds import integer_seed

log = logging.getLogger("evolution")

# The schedules: (iterations, exaggeration, momentum) one after the other. A fresh start is t-SNE's usual one. One
# that goes on from the epoch before needs mild exaggeration, which lets the layout follow the data out of that
# epoch's minimum at little cost in steadiness, and fewer iterations.
FRESH = ((250, 12, 0.5), (500, 1, 0.8))
CONTINUED = ((100, 2, 0.5), (250, 1, 0.8))
TRUSTWORTHINESS_NEIGHBORS = 12


def principal_components(rows: np.ndarray, components: int, seed: int) -> np.ndarray:
    """The rows' first principal components where they have more features than that, else the rows."""
    components = min(components, len(rows))
    if rows.shape[1] <= components:
        return rows
    # Compact, since the covariance of many thousand features takes minutes and of N coordinates no time.
    return PCA(components, svd_solver="covariance_eigh", random_state=seed).fit_transform(compact(rows))


def tsne(rows: np.ndarray, perplexity: float, start: np.ndarray | None, seed: int) -> tuple[np.ndarray, float]:
    """t-SNE layout of the rows.

    Parameters
    ----------
    rows : float32 array (N, D)
    perplexity : float
    start : float array (N, 2) or None
        The layout to go on from; None starts from the first two principal components, or from random points where
        all rows are equal.
    seed : int

    Returns
    -------
    layout : float32 array (N, 2)
    kl_divergence : float
        Of the affinities in the plane from those among the rows (van der Maaten and Hinton 2008).
    """
    # One thread, so that the same bytes come out at any --cores; jobs run beside each other instead.
    affinities = PerplexityBasedNN(rows, perplexity=perplexity, method="exact", n_jobs=1, random_state=seed)
    schedule = FRESH if start is None else CONTINUED
    if start is None:
        start_from = pca_start if np.ptp(rows, axis=0).any() else random_start
        start = start_from(rows, random_state=seed)
    layout = TSNEEmbedding(
        np.array(start, dtype=np.float64), affinities, negative_gradient_method="bh", n_jobs=1, random_state=seed
    )
    for iterations, exaggeration, momentum in schedule:
        layout = layout.optimize(iterations, exaggeration=exaggeration, momentum=momentum)
    return np.asarray(layout, dtype=np.float32), float(layout.kl_divergence)


def drift(previous: np.ndarray, layout: np.ndarray) -> float:
    """How far points moved between two layouts.

    Parameters
    ----------
    previous, layout : float arrays (N, 2)

    Returns
    -------
    float
        Median displacement of a point after Procrustes (translation, rotation, reflection and scale taken out),
        in units of the layout's root mean square radius.
    """
    first, second, _ = procrustes(previous, layout)
    displacement = np.linalg.norm(first - second, axis=1)
    return float(np.median(displacement) / np.sqrt((first**2).sum(axis=1).mean()))


def embed_span(
    activations: str,
    previous: str | None,
    epochs: list[int],
    perplexity: float,
    components: int,
    aligned: bool,
    seed: int,
) -> tuple[np.ndarray, dict[str, list]]:
    """t-SNE of one layer at each epoch of a span.

    Parameters
    ----------
    activations : path of a float32 array (epochs, N, D)
    previous : path of the embeddings of the span before, or None
        Its last layout is where the first epoch of this span starts from.
    epochs : list of int
    perplexity : float
    components : int
        Principal components that t-SNE sees.
    aligned : bool
        Start each epoch from the epoch before; otherwise each starts afresh, and drift is NaN.
    seed : int
        The config's.

    Returns
    -------
    layouts : float32 array (epochs, N, 2)
    quality : dict of columns
        epoch, kl_divergence, trustworthiness (Venna and Kaski 2001, 12 neighbours), drift (see `drift`; NaN where
        there is no epoch before).
    """
    layers = load_npy(activations, (len(epochs), None, None))
    layout = None if previous is None else load_npy(previous, (None, layers.shape[1], 2))[-1]
    layouts, quality = [], {"epoch": epochs, "kl_divergence": [], "trustworthiness": [], "drift": []}
    for epoch, layer in zip(epochs, layers):
        if not np.isfinite(layer).all():
            raise JobError(f"{activations} holds values that are not finite at epoch {epoch}: delete it to rebuild it")
        rows = unit_rows(layer)
        before = layout if aligned else None
        reduced = principal_components(rows, components, integer_seed(seed, "pca"))
        layout, divergence = tsne(reduced, perplexity, before, integer_seed(seed, "t-sne"))
        layouts.append(layout)
        quality["kl_divergence"].append(divergence)
        quality["trustworthiness"].append(
            float(trustworthiness(rows, layout, n_neighbors=min(TRUSTWORTHINESS_NEIGHBORS, (len(rows) - 1) // 2)))
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
            snakemake.params.perplexity,
            snakemake.params.pca_components,
            snakemake.params.alignment == "previous",
            snakemake.params.seed,
        )
        save_npy(snakemake.output.embedding, layouts)
        save_table(snakemake.output.quality, quality)
