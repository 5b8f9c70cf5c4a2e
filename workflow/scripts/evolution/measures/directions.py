"""A layer's directions: its unit rows and the distances between them, which silhouettes and neighbours are found in."""

from dataclasses import dataclass, field

import numpy as np
from sklearn import config_context
from sklearn.metrics import pairwise_distances

from evolution.measures import clustering, neighbors

# Above this many samples the N x N distances are taken in chunks instead of kept (100 MB in float32).
MATRIX_SAMPLES = 5000

# MB of distances that scikit-learn holds at once where they are taken in chunks.
CHUNK_MB = 100


@dataclass(frozen=True)
class Directions:
    """The directions of some samples in one layer.

    Attributes
    ----------
    rows : float32 array (N, D)
        Of unit length.
    geometry : float array (N, N) or (N, D)
        All distances, or rows where there are too many of them.
    metric : {"precomputed", "euclidean"}
        Which of the two `geometry` is.
    chunk_mb : int
        MB of distances that are held at once.
    """

    rows: np.ndarray
    geometry: np.ndarray
    metric: str
    chunk_mb: int
    _nearest: dict[int, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def silhouettes(self, groups: np.ndarray) -> np.ndarray | None:
        """Each sample's silhouette, see `clustering.silhouettes`; `groups` int (N,)."""
        with config_context(working_memory=self.chunk_mb):
            return clustering.silhouettes(self.geometry, groups, self.metric)

    def nearest(self, count: int) -> np.ndarray:
        """Each sample's nearest neighbours, int (N, count), see `neighbors.nearest`. They are searched for once."""
        if count not in self._nearest:
            with config_context(working_memory=self.chunk_mb):
                self._nearest[count] = neighbors.nearest(self.geometry, count, self.metric)
        return self._nearest[count]

    def of(self, chosen: np.ndarray) -> "Directions":
        """Those of some samples alone; `chosen` bool (N,). Nothing is copied where these are all."""
        if chosen.all():
            return self
        geometry = self.geometry[chosen]
        if self.metric == "precomputed":
            geometry = geometry[:, chosen]
        return Directions(self.rows[chosen], geometry, self.metric, self.chunk_mb)


def find_directions(
    rows: np.ndarray, *, of_copies: bool = False, matrix_samples: int = MATRIX_SAMPLES, chunk_mb: int = CHUNK_MB
) -> Directions:
    """The directions of unit rows.

    Parameters
    ----------
    rows : float32 array (N, D)
        Of unit length.
    of_copies : bool
        Whether few of the rows are distinct. Distances come from inner products, which rounding leaves a little above 0
        for two copies. Where nothing but copies is near, that little would decide a silhouette. Copies are then
        exactly 0 apart.
    matrix_samples : int
        Above this many samples no matrix of all distances is kept.
    chunk_mb : int
        MB of distances that are held at once.
    """
    if len(rows) > matrix_samples:
        # About one of the copies: what the rows have in common rounds off nothing then.
        return Directions(rows, rows - rows[0] if of_copies else rows, "euclidean", chunk_mb)
    if not of_copies:
        return Directions(rows, _distances(rows), "precomputed", chunk_mb)
    distinct, copy_of = np.unique(rows, axis=0, return_inverse=True)
    copies = np.ix_(copy_of.ravel(), copy_of.ravel())
    return Directions(rows, _distances(distinct)[copies], "precomputed", chunk_mb)


def _distances(rows: np.ndarray) -> np.ndarray:
    """All distances, float (N, N)."""
    distances = pairwise_distances(rows)
    np.fill_diagonal(distances, 0)
    return distances
