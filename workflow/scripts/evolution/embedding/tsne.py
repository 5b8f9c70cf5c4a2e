"""t-SNE layouts by openTSNE, from scratch or from the layout of the snapshot before."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

from evolution.embedding.continuity import NEAR, draw_back, kept_neighbors, relocate_stranded, repulsion
from evolution.embedding.mesh import crowding_and_push, descent_on_mesh, divergence

if TYPE_CHECKING:
    from openTSNE.affinity import Affinities

log = logging.getLogger("evolution")

# At each time openTSNE would log that it was given the neighbours.
logging.getLogger("openTSNE").setLevel(logging.WARNING)


# Above so many samples dots repel each other by way of a mesh, and up to it by Barnes-Hut. Of 10,000 samples the
# mesh takes less than half the time, and ends in less divergence (benchmarks/layout_cost.py --against).
BARNES_HUT_SAMPLES = 5000


class Step(NamedTuple):
    """Iterations of t-SNE's descent, and how coarsely they see how dots repel each other.

    `theta` is Barnes-Hut's (0 is exact), `spacing` the mesh's, see `mesh.crowding_and_push`. Where a layout goes on
    from the time before, `share` and `distance` say how far dots are drawn back to where they were, see
    `continuity.draw_back`.
    """

    iterations: int
    exaggeration: float
    momentum: float
    theta: float
    spacing: float
    share: float = 0.0
    distance: float = 0.0


# From scratch: t-SNE's usual schedule. A coarse view is quicker and ends a few per cent worse: the last step is finer.
FROM_SCRATCH = (Step(250, 12, 0.5, 0.8, 0.5), Step(250, 1, 0.8, 0.8, 0.5), Step(250, 1, 0.8, 0.5, 0.35))

# Going on takes fewer iterations. Exaggeration lets the layout follow the data out of the last time's minimum; in the
# end a dot stays where it was unless the data move it (benchmarks/alignment.py).
GOING_ON = (Step(60, 2, 0.8, 0.8, 0.5, share=0.15), Step(90, 1, 0.8, 0.5, 0.35, distance=2e-3))

# Iterations from one drawing back to the next.
DRAW_BACK_EVERY = 10

# theta for the divergence that is reported, and the mesh's spacing. Of 10,000 samples the first gives 1e-3 too little,
# and the second 2e-5.
REPORTING, REPORTING_SPACING = 0.2, 0.2


@dataclass(frozen=True)
class Continuation:
    """When and how t-SNE goes on from the layout of the snapshot before.

    Attributes
    ----------
    least_kept : float
        A layout with a smaller share of kept neighbours, see `continuity.kept_neighbors`, is no start to go on from: it
        would end in a bad minimum. In training that is an output layer after its first times; elsewhere nine of ten
        are kept.
    relocates : bool
        Stranded dots jump, see `continuity.relocate_stranded`.
    schedule : tuple of Step
    most_divergence : float
        In a review, the divergence may be this many times that of a layout from scratch.
    """

    least_kept: float = 0.7
    relocates: bool = True
    schedule: tuple[Step, ...] = GOING_ON
    most_divergence: float = 1.03


CONTINUATION = Continuation()


def tsne(
    rows: np.ndarray,
    *,
    perplexity: float,
    start: np.ndarray | None,
    seed: int,
    reviewed: bool = False,
    continuation: Continuation = CONTINUATION,
) -> tuple[np.ndarray, float]:
    """t-SNE layout of the rows.

    Parameters
    ----------
    rows : float32 array (N, D)
    perplexity : float
    start : float array (N, 2) or None
        The layout to go on from. Where it says too little of these rows, the layout is made from scratch in the same
        arrangement. None starts from the first two principal components, or from random points where all rows are
        equal.
    seed : int
    reviewed : bool
        Compare a layout that goes on with one made from scratch in the same arrangement, and take the latter where it
        has much less divergence. Clusters that have grown into one another do not part while layouts go on.
    continuation : Continuation

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

    # As many neighbours as openTSNE would find by itself. But to choose how to find them, it would load pynndescent
    # where UMAP has brought that, half a second of each job.
    taken = min(len(rows) - 1, int(3 * perplexity))
    near = min(len(rows) // 2, NEAR)
    search = NearestNeighbors(n_neighbors=max(taken, near)).fit(rows)
    distances, neighbors = search.kneighbors()
    known = PrecomputedNeighbors(neighbors[:, :taken], distances[:, :taken])
    affinities = PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=1)
    varies = bool(np.ptp(rows, axis=0).any())
    if start is None or not np.ptp(start, axis=0).any():
        start = (pca_start if varies else random_start)(rows, random_state=seed)
        return _descend(start, affinities, FROM_SCRATCH, seed)
    if not varies:
        return _descend(start, affinities, continuation.schedule, seed)

    kept = kept_neighbors(start, rows, distances[:, :near])
    if kept < continuation.least_kept:
        log.info(
            "The layout is made from scratch: %.0f %% of the neighbours in the one before are still near", 100 * kept
        )
        # In the same arrangement, but as small as t-SNE starts.
        return _descend(rescale(start), affinities, FROM_SCRATCH, seed)
    begin = start
    if continuation.relocates:
        if len(rows) > BARNES_HUT_SAMPLES:
            crowding, _ = crowding_and_push(start, spacing=REPORTING_SPACING)
        else:
            crowding = repulsion(start)
        begin, jumped = relocate_stranded(start, affinities.P, neighbors, crowding)
        if jumped:
            log.info("Stranded dots that begin next to a neighbour: %d", jumped)
    layout, divergence = _descend(begin, affinities, continuation.schedule, seed)
    if not reviewed:
        return layout, divergence

    fresh, lower = _descend(rescale(start), affinities, FROM_SCRATCH[:-1], seed)
    # The last step takes two fifths of the time and lowers the divergence by 2 to 7 per cent.
    if lower < divergence:
        fresh, lower = _descend(fresh, affinities, FROM_SCRATCH[-1:], seed)
    log.info("Reviewed: the divergence is %.3f, from scratch %.3f", divergence, lower)
    if divergence > continuation.most_divergence * lower:
        log.info("The layout is made from scratch: it has %.0f %% less divergence", 100 * (1 - lower / divergence))
        return fresh, lower
    return layout, divergence


def _descend(
    start: np.ndarray, affinities: "Affinities", schedule: tuple[Step, ...], seed: int
) -> tuple[np.ndarray, float]:
    """The layout after all steps, float32 (N, 2), and its divergence."""
    from openTSNE import TSNEEmbedding

    start = np.array(start, dtype=np.float64)
    on_mesh = len(start) > BARNES_HUT_SAMPLES
    layout = TSNEEmbedding(
        start.copy(),
        affinities,
        n_jobs=1,
        random_state=seed,
    )
    for step in schedule:

        def draw(iteration: int, error: float, moving: np.ndarray, step: Step = step) -> None:
            """Called by openTSNE, whose layout it changes in place."""
            moving[:] = draw_back(np.asarray(moving), start, share=step.share, distance=step.distance)

        drawn = step.share or step.distance
        layout.optimize(
            step.iterations,
            exaggeration=step.exaggeration,
            momentum=step.momentum,
            theta=step.theta,
            negative_gradient_method=descent_on_mesh(step.spacing) if on_mesh else "bh",
            inplace=True,
            # Called within an iteration: to end and begin again for each drawing would cost one more each time.
            callbacks=[draw] if drawn else None,
            callbacks_every_iters=DRAW_BACK_EVERY,
        )
        if drawn:
            layout[:] = draw_back(np.asarray(layout), start, share=step.share, distance=step.distance)
    if on_mesh:
        found = np.asarray(layout, dtype=np.float32)
        return found, divergence(found, affinities.P, spacing=REPORTING_SPACING)
    layout.optimize(0, negative_gradient_method="bh", theta=REPORTING, inplace=True)
    return np.asarray(layout, dtype=np.float32), float(layout.kl_divergence)
