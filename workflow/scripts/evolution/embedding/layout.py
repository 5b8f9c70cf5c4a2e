"""A layout in the plane by the method that the config names. Each job loads the library of its own method alone.

All methods use one thread and a seed, so that the same bytes come out at any --cores.
"""

from contextlib import suppress

import numpy as np
from scipy.sparse.linalg import ArpackError
from sklearn.decomposition import PCA

from evolution.activations.compaction import compact
from evolution.embedding.other_methods import pacmap, plane, umap
from evolution.embedding.tsne import tsne
from evolution.seeds import integer_seed

# Principal components are few where there are more than this times as many in all.
FEW = 4


def lay_out(
    method: str, rows: np.ndarray, settings: dict, start: np.ndarray | None, seed: int, reviewed: bool = False
) -> tuple[np.ndarray, float]:
    """Lay rows out in the plane.

    Parameters
    ----------
    method : str
        A key of `evolution.embedding.methods.METHODS`.
    rows : float32 array (N, D)
    settings : dict
        The keys that the method reads: perplexity, neighbors, pca_components.
    start : float array (N, 2) or None
        The layout of the epoch before, to go on from; None starts afresh.
    seed : int
        The config's.
    reviewed : bool
        See `tsne`; the other methods have nothing to review.

    Returns
    -------
    layout : float32 array (N, 2)
    kl_divergence : float
        What t-SNE leaves of its loss; NaN for the other methods, which have no such number.
    """
    varies = bool(np.ptp(rows, axis=0).any())
    if method == "tsne":
        reduced = principal_components(rows, settings["pca_components"], integer_seed(seed, "pca"))
        return tsne(reduced, settings["perplexity"], start, integer_seed(seed, "t-sne"), reviewed)
    if not varies:
        # A dead layer: all images are one point, and the other methods divide by its size.
        return np.zeros((len(rows), 2), np.float32), np.nan
    if start is not None and not np.ptp(start, axis=0).all():
        start = None
    if method == "pca":
        layout = plane(rows, start, integer_seed(seed, "pca"))
    else:
        reduced = principal_components(rows, settings["pca_components"], integer_seed(seed, "pca"))
        neighbors = {"umap": umap, "pacmap": pacmap}[method]
        layout = neighbors(reduced, settings["neighbors"], start, integer_seed(seed, method))
    return np.asarray(layout, np.float32), np.nan


def principal_components(rows: np.ndarray, components: int, seed: int) -> np.ndarray:
    """The rows' first principal components where they have more features than that, else the rows."""
    components = min(components, len(rows))
    if rows.shape[1] <= components:
        return rows
    if not np.ptp(rows, axis=0).any():
        return np.zeros((len(rows), components), np.float32)
    # Compact, since the covariance of many thousand features takes minutes and of N coordinates no time.
    rows = compact(rows)
    if FEW * components < min(rows.shape):
        # Lanczos finds a few of many components to the last digit, where it finds them; rows that are nearly constant
        # give it nothing to start from.
        with suppress(ArpackError):
            return PCA(components, svd_solver="arpack", random_state=seed).fit_transform(rows)
    return PCA(components, svd_solver="covariance_eigh", random_state=seed).fit_transform(rows)
