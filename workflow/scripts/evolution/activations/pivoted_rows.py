"""The fewest coordinates that keep the distances of many rows within a tolerance, without all their inner products."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from evolution.seeds import generator

# Rows that become pivots at once: of the first ones nothing is known yet, so they are more.
FIRST, MORE = 1024, 512

# Rows that are multiplied at once.
ROWS = 8192

# Coordinates for what the pivots leave of each row.
RESIDUAL = 128

# Where no more than this share of the spread is left of a row, it is rounding: as many coordinates as pivots do for it.
ROUNDING = 1e-5

# How near rows lie to each other is seen by the distance to this neighbour, among so many rows that are drawn. It is
# taken for no less than this share of the spread, which float32 still holds well.
NEIGHBOR, DRAWN, LEAST_NEAR = 10, 1000, 1e-3

# Below this mean squared distance from their mean, float32 does not hold the differences between unit rows. Products
# with rows shorter or longer than the other two may leave float32's range.
NEARLY_EQUAL, SHORTEST, LONGEST = 1e-4, 1e-15, 1e15


@dataclass(frozen=True)
class Kept:
    """Coordinates of rows, and how much they leave out.

    Attributes
    ----------
    coordinates : float32 array (N, K)
    left : float
        The largest squared length of what is left of a unit row, as a share of r^2, see `pivoted_rows`.
    """

    coordinates: np.ndarray
    left: float


def pivoted_rows(rows: np.ndarray, *, tolerance: float, most: int, seed: int) -> Kept | None:
    """Represent rows by few coordinates, which keep each length, and each distance within a tolerance.

    This is the pivoted Cholesky factorisation of the Gram matrix of the unit rows about their mean, stopped early. Of
    the matrix only the pivots' columns are computed. Pivots are taken in blocks, at random by what is left of each row
    (Chen, Epperly, Tropp and Webber 2023, "Randomly pivoted Cholesky") among rows that are not yet within the
    tolerance. Within a block the row that has most left comes first, and rows that the others explain are passed over.
    A row is then the sum of its projection on the span of the pivots and of a residual. The residuals' random
    projections (Johnson and Lindenstrauss 1984) are `RESIDUAL` further coordinates, scaled to the residuals' lengths.

    With s^2 the mean squared distance of unit rows from their mean, and r^2 the smaller of s^2 and the squared distance
    that unit rows have to their tenth neighbour (the median of 1000 rows, among these), it ends when no residual has a
    squared length above tolerance r^2. Without the second, classes that lie far apart would make up the spread, and
    what is within them would be left out. The squared distance of two unit rows is then off by twice the difference of
    two inner products, of the residuals and of what stands for them. Each is at most tolerance r^2, so the sum is at
    most 4 tolerance r^2 for every pair. Residuals of different rows are nearly orthogonal, so most distances are off by
    far less. Distances of the rows as they are are off by as much, times the product of the two lengths.

    Parameters
    ----------
    rows : float32 array (N, D)
        Finite.
    tolerance : float
        Above 0. What float32 holds is about 1e-5.
    most : int
        The most coordinates; the factorisation ends there too.
    seed : int

    Returns
    -------
    Kept or None
        None where float32 does not hold the differences between the unit rows. Equal rows may differ by rounding.
    """
    samples, features = rows.shape
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    given = norms[norms > 0]
    if not len(given) or given.min() < SHORTEST or given.max() > LONGEST:
        return None
    scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0).astype(np.float32)
    mean = (scale @ rows).astype(np.float64) / samples
    length = math.sqrt(mean @ mean)
    axis = (mean / length if length else mean).astype(np.float32)
    mean_row = np.float32(length) * axis
    # The first coordinate is along the mean. What is left of each row is what is orthogonal to it.
    along = (rows @ axis) * scale
    left = (norms > 0) - along.astype(np.float64) ** 2
    along -= np.float32(length)
    spread = float((left + along.astype(np.float64) ** 2).mean())
    if not spread > NEARLY_EQUAL:
        return None
    reach = min(spread, max(_nearness(rows, scale, mean_row, seed), LEAST_NEAR * spread))
    random, limit = generator(seed, "pivots"), tolerance * reach
    residual = min(RESIDUAL, most // 4)
    width = max(2, min(most - residual, features))
    directions = random.standard_normal((residual, features), np.float32)
    # The coordinates of the rows, and of the random directions, along the same axes: an axis a line, so that axes that
    # are not needed take no memory.
    kept, of_directions = np.empty((width, samples), np.float32), np.empty((width, residual), np.float32)
    kept[0], of_directions[0] = along, directions @ axis
    filled, started = 1, False
    while filled < width and left.max() > limit:
        chosen = _drawn(left, limit, MORE if started else FIRST, random)
        block = rows[chosen] * scale[chosen, None] - mean_row
        known = kept[:filled, chosen]
        factor, order = _factor(block, known, limit, width - filled)
        if not len(order):
            # Only rounding is left.
            break
        block, known = block[order], known[:, order].T
        new = slice(filled, filled + len(order))
        of_directions[new] = _solved(factor, directions @ block.T - of_directions[:filled].T @ known.T)
        for part in _parts(samples):
            products = _inner_products(rows[part], scale[part], mean_row, block)
            products -= kept[:filled, part].T @ known.T
            kept[new, part] = _solved(factor, products)
            left[part] -= np.einsum("ij,ij->j", kept[new, part], kept[new, part], dtype=np.float64)
        filled, started = new.stop, True
    left = np.maximum(left, 0)
    if left.max() <= ROUNDING * spread:
        directions = directions[:filled]
    of_directions = of_directions[:filled, : len(directions)].T
    coordinates = np.empty((samples, filled + len(directions)), np.float32)
    for part in _parts(samples):
        coordinates[part, :filled] = kept[:filled, part].T
        rest = _inner_products(rows[part], scale[part], mean_row, directions)
        rest -= coordinates[part, :filled] @ of_directions.T
        lengths, wanted = np.linalg.norm(rest, axis=1), np.sqrt(left[part]).astype(np.float32)
        rest *= np.divide(wanted, lengths, out=np.zeros_like(wanted), where=lengths > 0)[:, None]
        coordinates[part, filled:] = rest
    coordinates[:, 0] += np.float32(length)
    coordinates *= norms[:, None].astype(np.float32)
    return Kept(coordinates, float(left.max() / reach))


def _nearness(rows: np.ndarray, scale: np.ndarray, mean_row: np.ndarray, seed: int) -> float:
    """The squared distance of a unit row to its tenth nearest, the median over rows that are drawn and among these."""
    drawn = _drawn_rows(len(rows), seed)
    squares = _squared_distances(rows[drawn] * scale[drawn, None] - mean_row)
    nearest = min(NEIGHBOR, len(drawn) - 1)
    return float(np.median(np.partition(squares, nearest, axis=1)[:, nearest]))


def shared_neighbors(rows: np.ndarray, coordinates: np.ndarray, seed: int) -> float:
    """The share of ten nearest neighbours that unit rows have in their coordinates too, among rows that are drawn.

    Parameters
    ----------
    rows : float array (N, D)
    coordinates : float array (N, K)
    seed : int

    Returns
    -------
    float
        The mean over at most 1000 rows. A neighbour counts where it is as near among the rows as the tenth, but for
        rounding: copies of a row may take each other's place.
    """
    drawn = _drawn_rows(len(rows), seed)
    nearest = min(NEIGHBOR, len(drawn) - 1)
    if not nearest:
        return 1.0
    true, found = (_squared_distances(_about_mean(each[drawn])) for each in (rows, coordinates))
    reach = np.partition(true, nearest, axis=1)[:, nearest, None] * (1 + 1e-3) + 1e-6
    np.fill_diagonal(found, np.inf)
    neighbors = np.argpartition(found, nearest - 1, axis=1)[:, :nearest]
    return float((np.take_along_axis(true, neighbors, axis=1) <= reach).mean())


def _about_mean(rows: np.ndarray) -> np.ndarray:
    """Unit rows about their mean, float32; zeros for rows of zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit - unit.mean(axis=0, dtype=np.float64).astype(np.float32)


def _drawn_rows(samples: int, seed: int) -> np.ndarray:
    """The rows that stand for all where distances are looked at, int (at most `DRAWN`,)."""
    return generator(seed, "near rows").choice(samples, min(samples, DRAWN), replace=False)


def _squared_distances(rows: np.ndarray) -> np.ndarray:
    """float64 (N, N), from products in float32."""
    products = (rows @ rows.T).astype(np.float64)
    lengths = products.diagonal()
    return np.maximum(lengths[:, None] + lengths - 2 * products, 0)


def _parts(samples: int) -> list[slice]:
    """All rows, `ROWS` at once."""
    return [slice(start, start + ROWS) for start in range(0, samples, ROWS)]


def _inner_products(rows: np.ndarray, scale: np.ndarray, mean_row: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Inner products of unit rows about their mean with vectors (K, D), float32 (N, K), without forming these rows."""
    products = rows @ vectors.T
    products *= scale[:, None]
    products -= vectors @ mean_row
    return products


def _solved(factor: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Coordinates along the pivots, float32 (K, N), from products with them, (N, K)."""
    return solve_triangular(factor, products.T, lower=True, overwrite_b=True, check_finite=False)


def _drawn(left: np.ndarray, limit: float, number: int, random: np.random.Generator) -> np.ndarray:
    """Rows of which more is left than the limit, at random in proportion to what is left; int (number,) or fewer."""
    over = np.flatnonzero(left > limit)
    if len(over) <= number:
        return over
    return np.sort(random.choice(over, number, replace=False, p=left[over] / left[over].sum()))


def _factor(block: np.ndarray, known: np.ndarray, limit: float, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The pivoted Cholesky factor, float32 (K, K), of what is left of a block's rows, and the K rows that are pivots.

    Parameters
    ----------
    block : float32 array (B, D)
    known : float32 array (F, B)
        The rows' coordinates along the axes before.
    limit : float
        It ends when no row of the block has a larger square left.
    most : int
        The most pivots.
    """
    products = (block @ block.T).astype(np.float64) - known.T.astype(np.float64) @ known
    factor, order, rank, _ = dpstrf(products.T, tol=limit, lower=True, overwrite_a=True)
    rank = min(rank, most)
    return np.tril(factor[:rank, :rank]).astype(np.float32), order[:rank] - 1
