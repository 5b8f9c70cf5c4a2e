"""How alike two representations of the same samples are: linear centred kernel alignment (CKA)."""

import math
from collections.abc import Sequence

import numpy as np

from evolution.measures.devices import exact, namespace
from evolution.seeds import generator

# More samples change CKA little, and its time goes with their square.
MOST_SAMPLES = 2000

# Numbers of the Gram matrices' rows that are held at a time (512 MB in float64): all of 50 representations of 1000
# samples, which are then read and centred once.
HELD_NUMBERS = 2**26

# Centred rows that are shorter than this share of the rows themselves are rounding: the layer is constant.
ROUNDING = 1e-6


def pairwise_cka(
    representations: Sequence[np.ndarray], *, held_numbers: int = HELD_NUMBERS
) -> tuple[np.ndarray, np.ndarray]:
    """Linear CKA of all pairs, each Gram matrix (or, where that is smaller, each product of features) taken once.

    With K = X X^T and L = Y Y^T, CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)), where HSIC is the
    Hilbert-Schmidt independence criterion (Kornblith et al. 2019, "Similarity of Neural Network Representations
    Revisited"). It is 1 where a rotation, a scale and a shift turn one representation into the other. The plain
    estimator of HSIC grows with D / N also for representations that have nothing to do with each other; the unbiased
    one (Song et al. 2012, "Feature Selection via Dependence Maximization"; used for CKA by Nguyen et al. 2021, "Do Wide
    and Deep Networks Learn the Same Things?") is then near 0, and can fall a little below it.

    With centred features K 1 = 0, which leaves of both estimators, for k and l the diagonals of K and L:
    HSIC = tr(K L) / (N - 1)^2, and unbiased
    HSIC = (tr(K L) - k.l + sum(k) sum(l) / ((N - 1) (N - 2)) - 2 k.l / (N - 2)) / (N (N - 3)).
    A shift of the features does not change the latter, so they may be centred before.

    Parameters
    ----------
    representations : sequence of M float arrays (N, D), each with its own D
        Anything that has len and shape and that np.array takes, such as a mapped file: each is read when it is needed,
        so that no more than one of them and `held_numbers` are in memory.
    held_numbers : int
        Numbers of the Gram matrices' rows that are held at a time.

    Returns
    -------
    plain, unbiased : float64 arrays (M, M)
        Symmetric, 1 on the diagonal; NaN in the rows and columns of a constant representation, and everywhere in
        `unbiased` where N < 4.

    Raises
    ------
    ValueError
        If they have not all the same number of samples.
    """
    samples = {len(rows) for rows in representations}
    if len(samples) != 1:
        raise ValueError(f"representations of {sorted(samples)} samples cannot be compared")
    number = samples.pop()
    features = sum(rows.shape[1] for rows in representations)
    if features <= number:
        traces, lengths = _traces_of_features(representations)
    else:
        traces, lengths = _traces_of_grams(representations, held_numbers)
    lengths_product, total = lengths @ lengths.T, lengths.sum(1)
    if number < 4:
        unbiased = np.full_like(traces, math.nan)
    else:
        unbiased = traces - lengths_product * number / (number - 2)
        unbiased += np.outer(total, total) / ((number - 1) * (number - 2))
    return _normalised(traces), _normalised(unbiased)


def some_samples(number: int, seed: int, *, most: int = MOST_SAMPLES) -> np.ndarray:
    """Which samples CKA is computed from.

    Parameters
    ----------
    number : int
        How many samples there are.
    seed : int
        The run's.
    most : int
        How many are taken where there are more.

    Returns
    -------
    int array (min(number, most),)
        Ascending.
    """
    if number <= most:
        return np.arange(number)
    return np.sort(generator(seed, "cka").choice(number, most, replace=False))


def rows_of_samples(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The rows that `some_samples` chose; where these are all rows, nothing is copied or read from a mapped file."""
    return rows if len(chosen) == len(rows) else rows[chosen]


def pair_table(names: list, plain: np.ndarray, unbiased: np.ndarray) -> dict[str, np.ndarray]:
    """The upper triangle and the diagonal of `pairwise_cka`, as columns.

    Parameters
    ----------
    names : list of M
        What the representations are called.
    plain, unbiased : float64 arrays (M, M)

    Returns
    -------
    dict of columns
        first, second, plain, unbiased; a row a pair.
    """
    first, second = np.triu_indices(len(names))
    named = np.array(names)
    return {
        "first": named[first],
        "second": named[second],
        "plain": plain[first, second],
        "unbiased": unbiased[first, second],
    }


def centred(rows: np.ndarray) -> np.ndarray:
    """The rows less their mean, scaled to a mean squared length of 1; zeros where all rows are equal.

    CKA does not see the scale, and squares of squares stay in range.

    Parameters
    ----------
    rows : float array (N, D)

    Returns
    -------
    float64 array (N, D)
    """
    # In place from here on: each copy would take as long as what is done with it.
    rows, xp = exact(rows), namespace(rows)
    # Rows of any size, without an overflow or underflow of their squares.
    largest = max(float(rows.max()), -float(rows.min())) if rows.shape[1] else 0
    if largest:
        rows /= largest
    before = float(xp.linalg.norm(rows))
    rows -= rows.mean(0)
    after = float(xp.linalg.norm(rows))
    if after <= ROUNDING * before:
        rows[:] = 0
    else:
        rows *= math.sqrt(len(rows)) / after
    return rows


def _traces_of_features(representations: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """tr(K L) = |X^T Y|^2 of all pairs by products of all features, and K's diagonals; float64 (M, M), (M, N)."""
    rows = np.hstack([centred(np.asarray(rows)) for rows in representations])
    starts = np.cumsum([0] + [rows.shape[1] for rows in representations])[:-1]
    squares = np.square(rows.T @ rows)
    traces = np.add.reduceat(np.add.reduceat(squares, starts, 0), starts, 1)
    return traces, np.add.reduceat(np.square(rows), starts, 1).T


def _traces_of_grams(representations: Sequence[np.ndarray], held_numbers: int) -> tuple[np.ndarray, np.ndarray]:
    """As `_traces_of_features`, from a block of rows of all Gram matrices at a time."""
    number, samples = len(representations), len(representations[0])
    height = max(1, min(samples, held_numbers // (number * samples)))
    traces, diagonals = np.zeros((number, number)), np.empty((number, samples))
    # Centred again for each block, as all of them together may not fit in memory.
    for start in range(0, samples, height):
        stop = min(start + height, samples)
        block = np.empty((number, stop - start, samples))
        for index, rows in enumerate(representations):
            rows = np.asarray(rows)
            # Compact coordinates end in columns of zeros where a layer has fewer dimensions than there are samples.
            used = np.flatnonzero(rows.any(0))
            rows = centred(rows[:, : used[-1] + 1 if len(used) else 0])
            np.matmul(rows[start:stop], rows.T, out=block[index])
            diagonals[index, start:stop] = block[index].diagonal(start)
        flat = block.reshape(number, -1)
        traces += flat @ flat.T
    return traces, diagonals


def _normalised(products: np.ndarray) -> np.ndarray:
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) of all pairs; NaN where that is not defined."""
    own = np.diag(products)
    scale = np.sqrt(np.where(own > 0, own, math.nan))
    aligned = products / np.outer(scale, scale)
    # Both are cosines of matrices; rounding takes them past 1.
    aligned = np.clip((aligned + aligned.T) / 2, -1, 1)
    np.fill_diagonal(aligned, np.where(own > 0, 1.0, math.nan))
    return aligned
