"""N coordinates that stand for N rows of many features, with the same lengths and angles."""

import hashlib

import numpy as np
from scipy.linalg.lapack import dpstrf

# Columns whose products are summed in float32 before these sums are added up in float64.
BLOCK = 2048

# The error that float32 leaves in a product of two unit rows, as a share of the largest squared distance of a unit row
# from their mean.
ROUNDING = 1e-6

# The most features by which equal rows are looked for before whole rows are compared.
SAMPLED = 64

# Rows that are in memory in float64 at once.
ROWS = 1000


def _cosines(rows: np.ndarray, norms: np.ndarray) -> tuple[np.ndarray, float]:
    """Inner products of the rows scaled to unit length, and the largest squared distance of one from their mean.

    A row of zeros stays one. The products are float64 (N, N).
    """
    gram = np.zeros((len(rows), len(rows)))
    with_mean, mean_square = np.zeros(len(rows)), 0.0
    scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    for start in range(0, rows.shape[1], BLOCK):
        block = rows[:, start : start + BLOCK] * scale[:, None]
        # Products are taken about the mean, and products with the mean are added separately: in one sum of float32 a
        # large common part would hide the differences between rows.
        mean = block.mean(0)
        block -= mean
        with_mean += block @ mean
        mean_square += mean @ mean
        block = block.astype(np.float32)
        gram += block @ block.T
    spread = float(gram.diagonal().max(initial=0))
    gram += with_mean[:, None]
    gram += with_mean + mean_square
    return gram, spread


def compact(rows: np.ndarray) -> np.ndarray:
    """Represent N rows of D > N features by N coordinates with the same norms and inner products.

    With unit rows U, the coordinates are the rows of the Cholesky factor L of U U^T = L L^T, times the rows' norms.
    Inner products determine distances and cosines, and thereby k-means, silhouette, PCA, CKA and t-SNE. All of these
    come out as from the rows themselves, up to rounding (cosines within about 1e-6). The elimination takes the row that
    has the largest remainder first (Higham 1990), and ends when only rounding remains: columns beyond the rank are
    zero. Where k-means has more clusters than there are distinct groups of rows, rounding decides how it splits a
    group. Rows are scaled to unit length first, so that the angles of small rows are as exact as those of large ones.

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
    gram, spread = _cosines(rows, norms)
    tolerance = max(ROUNDING * spread, samples * np.finfo(np.float64).eps)
    # The transpose is the same matrix, and lies in memory in the order that LAPACK reads.
    factor, order, rank, _ = dpstrf(gram.T, tol=tolerance, lower=True, overwrite_a=True)
    # In the upper half and beyond the rank the elimination leaves numbers that are not part of the factor.
    factor = np.tril(factor)
    factor[:, rank:] = 0
    coordinates = np.empty((samples, samples), np.float32)
    coordinates[order - 1] = factor * norms[order - 1, None]
    # Rounding in the elimination would make equal rows differ.
    set_equal(coordinates, rows)
    return coordinates


def set_equal(coordinates: np.ndarray, rows: np.ndarray) -> None:
    """Give rows that are equal the same coordinates, in place.

    Parameters
    ----------
    coordinates : array (N, K)
    rows : float array (N, D)
    """
    # Only rows that agree in a few features are compared whole. Adding 0 turns -0 into 0, which equals it in other
    # bytes.
    _, group, sizes = np.unique(
        rows[:, :: rows.shape[1] // SAMPLED + 1] + 0, axis=0, return_inverse=True, return_counts=True
    )
    alike = np.flatnonzero(sizes[group.ravel()] > 1)
    digests = np.array([hashlib.blake2b((rows[row] + 0).tobytes(), digest_size=16).digest() for row in alike])
    _, first, which = np.unique(digests, return_index=True, return_inverse=True)
    coordinates[alike] = coordinates[alike[first[which]]]


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Scale each row to unit length, so that Euclidean distances follow cosines; a row of zeros stays one.

    Of a single feature the length is all there is, and a row's direction would be its sign alone: such rows are only
    scaled together, so that the largest is 1.

    Parameters
    ----------
    rows : float array (N, D)

    Returns
    -------
    float32 array (N, D)
    """
    if rows.shape[1] == 1:
        largest = np.abs(rows).max(initial=0)
        return np.asarray(rows / largest if largest else rows, np.float32)
    scaled = np.zeros(rows.shape, np.float32)
    for start in range(0, len(rows), ROWS):
        block = rows[start : start + ROWS].astype(np.float64)
        norms = np.linalg.norm(block, axis=1, keepdims=True)
        scaled[start : start + ROWS] = np.divide(block, norms, out=np.zeros_like(block), where=norms > 0)
    return scaled
