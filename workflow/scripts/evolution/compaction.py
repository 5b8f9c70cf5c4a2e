"""N coordinates that stand for N rows of many features, with the same lengths and angles."""

import hashlib

import numpy as np

# Columns whose products are summed in float32 before they are added up in float64.
BLOCK = 2048


def _cosines(rows: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Inner products of the rows scaled to unit length (a row of zeros stays one), float64 (N, N)."""
    gram = np.zeros((len(rows), len(rows)))
    with_mean, mean_square = np.zeros(len(rows)), 0.0
    scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0).astype(np.float64)
    for start in range(0, rows.shape[1], BLOCK):
        block = rows[:, start : start + BLOCK] * scale[:, None]
        # Products are taken about the mean, and those with it apart: in one sum of float32 a large common part would
        # drown what tells the rows from each other.
        mean = block.mean(0)
        block -= mean
        with_mean += block @ mean
        mean_square += mean @ mean
        block = block.astype(np.float32)
        gram += block @ block.T
    return gram + with_mean[:, None] + with_mean + mean_square


def compact(rows: np.ndarray) -> np.ndarray:
    """Represent N rows of D > N features by N coordinates with the same norms and inner products.

    With unit rows U and U U^T = V diag(w) V^T, the coordinates are the rows of V diag(sqrt(w)), times the rows'
    norms: Euclidean geometry has no other content, so distances, cosines, k-means, silhouette, PCA, CKA and t-SNE
    come out as from the rows themselves, up to rounding (cosines within about 1e-6). Where k-means has more clusters
    than there are distinct groups of rows, that rounding decides how it splits a group. Scaling to unit length first
    keeps the angles of small rows as exact as those of large ones.

    Parameters
    ----------
    rows : float32 array (N, D)

    Returns
    -------
    float32 array (N, min(N, D))
        `rows` itself where D <= N. Rows that were equal stay equal.
    """
    samples, features = rows.shape
    if features <= samples:
        return rows
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    eigenvalues, eigenvectors = np.linalg.eigh(_cosines(rows, norms))
    coordinates = eigenvectors[:, ::-1] * np.sqrt(np.clip(eigenvalues[::-1], 0, None)) * norms[:, None]
    # The eigenvectors carry rounding noise that would tell equal rows apart.
    # Adding 0 makes -0 a 0: they are equal and their bytes are not.
    digests = np.array([hashlib.blake2b((row + 0).tobytes(), digest_size=16).digest() for row in rows])
    _, first, which = np.unique(digests, return_index=True, return_inverse=True)
    return coordinates[first[which]].astype(np.float32)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Scale each row to unit length, so that Euclidean distances follow cosines; a row of zeros stays one.

    Parameters
    ----------
    rows : float array (N, D)

    Returns
    -------
    float32 array (N, D)
    """
    rows = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0).astype(np.float32)
