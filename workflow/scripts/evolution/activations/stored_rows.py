"""The form in which a layer's activations are stored: exact in fewer coordinates, or within a tolerance in fewer still.

A module of its own, so that what reads activations does not load it.
"""

import logging
from typing import NamedTuple

import numpy as np

from evolution.activations.compaction import compact, set_equal
from evolution.activations.pivoted_rows import pivoted_rows, shared_neighbors
from evolution.activations.spectra import samples_of_spectrum, singular_values
from evolution.activations.tolerances import tolerance_of
from evolution.seeds import integer_seed

log = logging.getLogger("evolution")

# The most samples for which exact coordinates are computed: of more they take more time and memory than they save.
EXACT_SAMPLES = 10_000

# The coordinates of rows that are projected instead. Squared distances are then typically off by sqrt(2 / 4096), 2.2 %.
PROJECTED = 4096

# Rows of up to so many features stay as they are where there is a tolerance.
NARROW = 1000

# Coordinates within a tolerance are taken where they are fewer than this share of the exact ones.
FEWER = 0.75


# Where rows share fewer of their nearest neighbours with their coordinates, `auto` takes exact ones.
FEWEST_SHARED = 0.9


class Stored(NamedTuple):
    """Rows as they are stored on disk, and what would be lost by that.

    Attributes
    ----------
    rows : float32 array (N, K)
    singular : float64 array (M,) or None
        Where the rows do not keep all distances: `evolution.activations.spectra.singular_values` of the M raw rows of
        `samples_of_spectrum`.
    """

    rows: np.ndarray
    singular: np.ndarray | None = None


def stored_rows(
    rows: np.ndarray,
    *,
    seed: int,
    tolerance: float | str = "auto",
    exact_samples: int = EXACT_SAMPLES,
    projected: int = PROJECTED,
) -> Stored:
    """Rows as they are stored on disk: exact in fewer coordinates, or within a tolerance in fewer still.

    With a tolerance, rows of more than `NARROW` features become `evolution.activations.pivoted_rows.pivoted_rows`,
    where these are fewer than `FEWER` of the exact coordinates: it says within what every distance is kept. Where more
    than `exact_samples` rows of more than `projected` features do not come within it by `projected` coordinates, what
    these reach is kept, and the log says what it is. `auto` also looks at the neighbours of some rows, and takes exact
    coordinates where fewer than `FEWEST_SHARED` are kept.

    Without a tolerance, up to `exact_samples` rows become `compact`. More rows of more than `projected` features are
    projected onto that many random directions (Johnson and Lindenstrauss 1984; Gaussian, by scikit-learn), the same at
    every epoch. Squared distances and norms keep their expectation, with a relative standard deviation of sqrt(2 /
    projected).

    Parameters
    ----------
    rows : float32 array (N, D)
    seed : int
        The run's.
    tolerance : float or "auto"
        See `evolution.activations.tolerances.tolerance_of`.
    exact_samples, projected : int

    A spectrum falls off into directions that hold little, and neither a tolerance nor projections keep their number.
    So the spectrum of such rows comes with them.

    Returns
    -------
    Stored
        Of rows K numbers wide: D, min(N, D), `projected`, or what the tolerance needs.
    """
    samples, features = rows.shape
    checked, tolerance = tolerance == "auto", tolerance_of(tolerance, samples)
    is_exact = samples <= exact_samples or features <= projected
    if tolerance > 0 and features > NARROW:
        most = min(projected, int(FEWER * min(rows.shape)))
        kept = _within(rows, tolerance, most=most, seed=seed, give_up=is_exact, checked=checked)
        if kept is not None:
            return Stored(kept, _spectrum(rows, seed))
    if is_exact:
        return Stored(compact(rows))
    # Imported only where it is needed: scikit-learn takes a second.
    from sklearn.random_projection import GaussianRandomProjection

    log.info("%d samples are too many for exact coordinates: %d random projections of each", samples, projected)
    projection = GaussianRandomProjection(projected, random_state=integer_seed(seed, "projection"))
    return Stored(projection.fit_transform(rows), _spectrum(rows, seed))


def _spectrum(rows: np.ndarray, seed: int) -> np.ndarray:
    """See `Stored`."""
    return singular_values(rows, samples_of_spectrum(len(rows), seed))


def _within(
    rows: np.ndarray, tolerance: float, *, most: int, seed: int, give_up: bool, checked: bool
) -> np.ndarray | None:
    """Coordinates within a tolerance; None where there are none.

    With `give_up` also where they would be more than `most`, and, if they are `checked`, where they keep too few
    neighbours: rows that lie much nearer to each other than most, which a tolerance does not see.
    """
    found = pivoted_rows(rows, tolerance=tolerance, most=most, seed=seed)
    if found is None or (give_up and found.left > tolerance):
        if give_up:
            log.info("%d features: exact coordinates, as no few of them are within %g", rows.shape[1], tolerance)
        return None
    shared = shared_neighbors(rows, found.coordinates, seed)
    if give_up and checked and shared < FEWEST_SHARED:
        log.info(
            "%d features: exact coordinates, as those within %g keep %.1f of 10 neighbours",
            *(rows.shape[1], tolerance, 10 * shared),
        )
        return None
    set_equal(found.coordinates, rows)
    log.info(
        "%d features: %d coordinates, which leave of each row at most %.3g of what neighbours are apart "
        "(tolerance %g). Of 10 neighbours they keep %.1f",
        *(rows.shape[1], found.coordinates.shape[1], found.left, tolerance, 10 * shared),
    )
    return found.coordinates
