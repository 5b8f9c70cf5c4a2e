"""Layouts in the plane, a function a method. Each job loads the library of its own method and no other.

All of them use one thread and a seed, so that the same bytes come out at any --cores; jobs run beside each other.
"""

import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.sparse.linalg import ArpackError
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from evolution.compaction import compact
from evolution.drawing_back import draw_back, drawing_back
from evolution.seeds import integer_seed
from evolution.stranded import relocate_stranded

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
# How many neighbours of a dot are looked at, and among how many of a row's nearest they count as near.
NEIGHBORS, NEAR = 12, 90
# Iterations from one drawing back to the next.
DRAW_BACK_EVERY = 10
# theta for the divergence that is reported.
REPORTING = 0.2
# Of UMAP: its own choice for small data, and what is enough from a layout that is nearly right.
UMAP_FRESH, UMAP_CONTINUED = 500, 200
# Principal components are few where there are more than this times as many in all.
FEW = 4


def lay_out(
    method: str, rows: np.ndarray, settings: dict, start: np.ndarray | None, seed: int, reviewed: bool = False
) -> tuple[np.ndarray, float]:
    """Lay rows out in the plane.

    Parameters
    ----------
    method : str
        A key of `evolution.methods.METHODS`.
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


def plane(rows: np.ndarray, start: np.ndarray | None, seed: int) -> np.ndarray:
    """The rows' first two principal components.

    A component's sign is arbitrary: the image that lies furthest out gets a positive one. With `start`, the plane is
    turned and mirrored, not scaled, to fit it best (orthogonal Procrustes, Schönemann 1966), so that what moves is the
    data and not the axes; where two components are of nearly one size, they change places from epoch to epoch.

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


def kept_neighbors(layout: np.ndarray, rows: np.ndarray, distances: np.ndarray) -> float:
    """Share of the nearest neighbours in a layout that are near among the rows, less what chance alone gives.

    Parameters
    ----------
    layout : float array (N, 2)
    rows : float array (N, D)
    distances : float array (N, K)
        From each row to its K nearest, the last the farthest: these are near, and what is as far as the last of them,
        so that copies are near each other.

    Returns
    -------
    float
        1 where all are near, 0 on average for an arrangement that says nothing of the rows.
    """
    search = NearestNeighbors(n_neighbors=max(1, min(NEIGHBORS, len(layout) // 10))).fit(layout)
    others = search.kneighbors(return_distance=False)
    # The distances given and those taken here are of different roundings.
    reach = distances[:, -1] * (1 + 1e-4) + 1e-6 * np.abs(rows).max()
    kept = np.mean(np.linalg.norm(rows[others] - rows[:, None], axis=2) <= reach[:, None])
    chance = distances.shape[1] / (len(rows) - 1)
    return float((kept - chance) / (1 - chance))


def umap(rows: np.ndarray, neighbors: int, start: np.ndarray | None, seed: int) -> np.ndarray:
    """UMAP layout (McInnes, Healy and Melville 2018); parameters as in `tsne`.

    UMAP stretches `start` to a square of its own and lets each dot go anew: the arrangement is kept, so that nothing is
    turned or mirrored from epoch to epoch, but dots move as far as afresh (0.2 radii also where the data stay as
    they are, however few its epochs or small its steps).
    """
    _keep_numba_to_one_thread()
    from umap import UMAP

    return UMAP(
        n_neighbors=neighbors,
        init="spectral" if start is None else np.array(start, dtype=np.float32),
        n_epochs=UMAP_FRESH if start is None else UMAP_CONTINUED,
        random_state=seed,
        n_jobs=1,
    ).fit_transform(rows)


def pacmap(rows: np.ndarray, neighbors: int, start: np.ndarray | None, seed: int) -> np.ndarray:
    """PaCMAP layout (Wang, Huang, Rudin and Shaposhnik 2021); parameters as in `tsne`.

    PaCMAP shrinks `start` to a speck, so that its arrangement is kept and its distances are found anew.
    """
    _keep_numba_to_one_thread()
    from pacmap import PaCMAP

    method = PaCMAP(n_components=2, n_neighbors=neighbors, apply_pca=False, random_state=seed)
    return method.fit_transform(rows, init="pca" if start is None else np.array(start, dtype=np.float32))


def _keep_numba_to_one_thread() -> None:
    """Numba reads its number of threads when it is first imported."""
    if "numba" not in sys.modules:
        os.environ["NUMBA_NUM_THREADS"] = "1"
