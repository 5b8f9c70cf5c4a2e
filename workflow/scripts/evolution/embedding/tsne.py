"""t-SNE layouts by openTSNE, from scratch or from the layout of the snapshot before."""

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

from evolution.embedding.continuity import NEAR, draw_back, drawing_back, kept_neighbors
from evolution.embedding.stranded import relocate_stranded

if TYPE_CHECKING:
    from openTSNE.affinity import Affinities

log = logging.getLogger("evolution")

# It notes at each epoch that it was given the neighbours.
logging.getLogger("openTSNE").setLevel(logging.WARNING)


class Step(NamedTuple):
    """Iterations of t-SNE's descent, and how coarsely Barnes-Hut sees far dots (theta: 0 is exact).

    Where a layout goes on from the epoch before, dots are drawn back to where they were: by a share of their way, and
    by a distance in radii of the layout, see `drawing_back.draw_back`.
    """

    iterations: int
    exaggeration: float
    momentum: float
    theta: float
    share: float = 0.0
    distance: float = 0.0


# A fresh start is t-SNE's usual one; a coarse view is quicker, ends a few per cent worse, and is refined at the end.
FRESH = (Step(250, 12, 0.5, 0.8), Step(250, 1, 0.8, 0.8), Step(250, 1, 0.8, 0.5))

# One that goes on needs exaggeration, which lets the layout follow the data out of the last epoch's minimum, and fewer
# iterations. In the end a dot stays where it was unless the data move it (benchmarks/alignment.py).
CONTINUED = (Step(60, 2, 0.8, 0.8, share=0.15), Step(90, 1, 0.8, 0.5, distance=2e-3))

# A layout is no start to go on from where fewer of its neighbours than this, chance taken off, are near among the rows:
# it ends in a bad minimum. In training that is an output layer after its first epochs; elsewhere nine of ten are near.
KEPT = 0.7

# Where it is reviewed, its divergence may be this many times that of a layout made afresh.
WORSE = 1.03

# Iterations from one drawing back to the next.
DRAW_BACK_EVERY = 10

# theta for the divergence that is reported.
REPORTING = 0.2


def tsne(
    rows: np.ndarray, perplexity: float, start: np.ndarray | None, seed: int, reviewed: bool = False
) -> tuple[np.ndarray, float]:
    """t-SNE layout of the rows.

    Parameters
    ----------
    rows : float32 array (N, D)
    perplexity : float
    start : float array (N, 2) or None
        The layout to go on from, or where it says little of these rows (see `kept_neighbors`) to start afresh from in
        the same arrangement; None starts from the first two principal components, or from random points where all rows
        are equal.
    seed : int
    reviewed : bool
        Compare a layout that goes on with one made afresh from the same arrangement, which takes its place where the
        divergence is more than `WORSE` times as large. Clusters that have grown into one another part no more while
        layouts go on.

    Returns
    -------
    layout : float32 array (N, 2)
    kl_divergence : float
        Of the affinities in the plane from those among the rows (van der Maaten and Hinton 2008).
    """
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import pca as pca_start
    from openTSNE.initialization import random as random_start
    from openTSNE.initialization import rescale
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    # As many as openTSNE takes, which finds the very same; but to choose how, it would load pynndescent where UMAP has
    # brought that, half a second of each job.
    taken = min(len(rows) - 1, int(3 * perplexity))
    near = min(len(rows) // 2, NEAR)
    search = NearestNeighbors(n_neighbors=max(taken, near)).fit(rows)
    distances, neighbors = search.kneighbors()
    known = PrecomputedNeighbors(neighbors[:, :taken], distances[:, :taken])
    affinities = PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=1)
    varies = bool(np.ptp(rows, axis=0).any())
    if start is None or not np.ptp(start, axis=0).any():
        start = (pca_start if varies else random_start)(rows, random_state=seed)
        return _descend(start, affinities, FRESH, seed)
    if varies and (kept := kept_neighbors(start, rows, distances[:, :near])) < KEPT:
        log.info("The layout is made afresh: of the one before, %.0f %% of the neighbours are near still", 100 * kept)
        # From the same arrangement, as small as a fresh start is.
        return _descend(rescale(start), affinities, FRESH, seed)
    begin = start
    if varies:
        begin, jumped = relocate_stranded(start, affinities.P, neighbors)
        if jumped:
            log.info("Stranded dots that begin beside a neighbour: %d", jumped)
    layout, divergence = _descend(begin, affinities, CONTINUED, seed)
    if varies and reviewed:
        fresh, lower = _descend(rescale(start), affinities, FRESH[:-1], seed)
        # To be refined takes two fifths of its time, and lowers it by 2 to 7 per cent.
        if lower < divergence:
            fresh, lower = _descend(fresh, affinities, FRESH[-1:], seed)
        log.info("Reviewed: the divergence is %.3f, after a fresh start %.3f", divergence, lower)
        if divergence > WORSE * lower:
            log.info("The layout is made afresh: that leaves %.0f %% less divergence", 100 * (1 - lower / divergence))
            return fresh, lower
    return layout, divergence


def _descend(
    start: np.ndarray, affinities: "Affinities", schedule: tuple[Step, ...], seed: int
) -> tuple[np.ndarray, float]:
    """The layout after all steps, float32 (N, 2), and its divergence."""
    from openTSNE import TSNEEmbedding

    start = np.array(start, dtype=np.float64)
    layout = TSNEEmbedding(
        start.copy(),
        affinities,
        negative_gradient_method="bh",
        n_jobs=1,
        random_state=seed,
    )
    for step in schedule:
        drawn = step.share or step.distance
        layout.optimize(
            step.iterations,
            exaggeration=step.exaggeration,
            momentum=step.momentum,
            theta=step.theta,
            inplace=True,
            # Called within an iteration: to end and begin anew for each drawing would cost one more each time.
            callbacks=[drawing_back(start, step.share, step.distance)] if drawn else None,
            callbacks_every_iters=DRAW_BACK_EVERY,
        )
        if drawn:
            layout[:] = draw_back(np.asarray(layout), start, step.share, step.distance)
    layout.optimize(0, theta=REPORTING, inplace=True)
    return np.asarray(layout, dtype=np.float32), float(layout.kl_divergence)
