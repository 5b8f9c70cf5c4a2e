"""Layouts by PCA, UMAP and PaCMAP."""

import os
import sys

import numpy as np
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA

from evolution.activations.compaction import compact

# Epochs of UMAP's optimization: its own choice for small data, and what is enough from a layout that is nearly right.
UMAP_FROM_SCRATCH, UMAP_GOING_ON = 500, 200


def plane(rows: np.ndarray, *, start: np.ndarray | None, seed: int) -> np.ndarray:
    """The rows' first two principal components.

    A component's sign is arbitrary: the image that lies furthest out gets a positive one. With `start`, the plane is
    turned and mirrored, not scaled, to fit it best (orthogonal Procrustes, Schönemann 1966): two components of nearly
    the same variance swap from epoch to epoch, and such a change of axes would look like a movement of the data.

    Parameters
    ----------
    rows : float array (N, D)
    start : float array (N, 2) or None
    seed : int

    Returns
    -------
    float array (N, 2)
        Centred.
    """
    scores = PCA(min(2, *rows.shape), svd_solver="covariance_eigh", random_state=seed).fit_transform(compact(rows))
    scores = np.pad(scores.astype(np.float64), ((0, 0), (0, 2 - scores.shape[1])))
    furthest = scores[np.abs(scores).argmax(axis=0), [0, 1]]
    scores *= np.where(furthest < 0, -1, 1)
    if start is None:
        return scores
    rotation, _ = orthogonal_procrustes(scores, start - start.mean(axis=0))
    return scores @ rotation


def umap(rows: np.ndarray, *, neighbors: int, start: np.ndarray | None, seed: int) -> np.ndarray:
    """UMAP layout (McInnes, Healy and Melville 2018).

    UMAP stretches `start` to a square of its own and moves each dot freely from there. The arrangement is kept, so that
    nothing is turned or mirrored from epoch to epoch. But dots move as far as between layouts from scratch: 0.2 radii
    even where the data stay as they are, however few its epochs or small its steps.

    Parameters
    ----------
    rows : float array (N, D)
    neighbors : int
    start : float array (N, 2) or None
    seed : int

    Returns
    -------
    float array (N, 2)
    """
    _keep_numba_to_one_thread()
    from umap import UMAP

    return UMAP(
        n_neighbors=neighbors,
        init="spectral" if start is None else np.array(start, dtype=np.float32),
        n_epochs=UMAP_FROM_SCRATCH if start is None else UMAP_GOING_ON,
        random_state=seed,
        n_jobs=1,
    ).fit_transform(rows)


def pacmap(rows: np.ndarray, *, neighbors: int, start: np.ndarray | None, seed: int) -> np.ndarray:
    """PaCMAP layout (Wang, Huang, Rudin and Shaposhnik 2021).

    PaCMAP shrinks `start` to a small spot: its arrangement is kept, and its distances are found again.

    Parameters
    ----------
    rows : float array (N, D)
    neighbors : int
    start : float array (N, 2) or None
    seed : int

    Returns
    -------
    float array (N, 2)
    """
    _keep_numba_to_one_thread()
    from pacmap import PaCMAP

    method = PaCMAP(n_components=2, n_neighbors=neighbors, apply_pca=False, random_state=seed)
    return method.fit_transform(rows, init="pca" if start is None else np.array(start, dtype=np.float32))


def _keep_numba_to_one_thread() -> None:
    """Numba reads its number of threads when it is first imported."""
    if "numba" not in sys.modules:
        os.environ["NUMBA_NUM_THREADS"] = "1"
