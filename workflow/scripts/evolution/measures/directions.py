"""A layer's directions: its unit rows and the distances between them, which silhouettes and neighbours are found in."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import pairwise_distances

from evolution.measures import clustering, neighbors
from evolution.measures.copies import find_copies
from evolution.measures.passes import Foreseen, Passes
from evolution.measures.registry import MATRIX_SAMPLES

if TYPE_CHECKING:
    import torch

NOTHING = Foreseen()


@dataclass(frozen=True)
class Directions:
    """The directions of some samples in one layer.

    Attributes
    ----------
    rows : float32 array (N, D)
        Of unit length.
    distances : float array (N, N)
    """

    rows: np.ndarray
    distances: np.ndarray
    _nearest: dict[int, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def silhouettes(self, groups: np.ndarray) -> np.ndarray | None:
        """Each sample's silhouette, see `clustering.silhouettes`; `groups` int (N,)."""
        return clustering.silhouettes(self.distances, groups)

    def nearest(self, count: int) -> np.ndarray:
        """Each sample's nearest neighbours, int (N, count), see `neighbors.nearest`. They are searched for once."""
        if count not in self._nearest:
            self._nearest[count] = neighbors.nearest(self.distances, count, "precomputed")
        return self._nearest[count]

    def two_nearest(self) -> None:
        """See `ManyDirections.two_nearest`. Of few samples they are found among the activations themselves."""

    def of(self, chosen: np.ndarray) -> "Directions":
        """Those of some samples alone; `chosen` bool (N,). Nothing is copied where these are all."""
        if chosen.all():
            return self
        return Directions(self.rows[chosen], self.distances[chosen][:, chosen])


@dataclass(frozen=True)
class ManyDirections:
    """As `Directions`, of so many samples that their distances are not kept.

    Attributes
    ----------
    passes : Passes
        Over all N samples.
    chosen : bool array (N,)
        Those that these are.
    """

    passes: Passes
    chosen: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Unit rows, float32 (M, D)."""
        return self.passes.rows if self.chosen.all() else self.passes.rows[self.chosen]

    def silhouettes(self, groups: np.ndarray) -> np.ndarray | None:
        """See `Directions.silhouettes`."""
        known, numbers = np.unique(groups, return_inverse=True)
        if not 1 < len(known) < len(groups):
            return None
        sums = self.passes.sums(of_all(self.chosen, numbers))[self.chosen]
        return clustering.silhouettes_of_sums(sums, numbers)

    def nearest(self, count: int) -> np.ndarray:
        """See `Directions.nearest`."""
        return (np.cumsum(self.chosen) - 1)[self.passes.nearest(self.chosen, count)]

    def two_nearest(self) -> np.ndarray | None:
        """Distances between the activations, where the pass over the unit rows gives them; see `Passes.two_nearest`."""
        return self.passes.two_nearest()

    def of(self, chosen: np.ndarray) -> "ManyDirections":
        """Those of some samples alone; `chosen` bool (N,), of all samples."""
        return ManyDirections(self.passes, chosen)


def of_all(chosen: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The groups of all samples, int64 (N,): those of the chosen ones, numbered from 0, and -1 of the others."""
    of_each = np.full(len(chosen), -1)
    of_each[chosen] = np.unique(groups, return_inverse=True)[1]
    return of_each


def find_directions(
    rows: np.ndarray,
    *,
    of_copies: bool = False,
    matrix_samples: int = MATRIX_SAMPLES,
    foreseen: Foreseen = NOTHING,
    block: int | None = None,
    device: "torch.device | None" = None,
) -> Directions | ManyDirections:
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
    foreseen : Foreseen
        What will be asked of them, which many samples are then visited for once.
    block : int or None
        Rows of a block of distances, see `Passes`.
    device : torch.device or None
        Where the distances of many samples are taken, see `Passes`.
    """
    if len(rows) > matrix_samples:
        return ManyDirections(Passes(rows, foreseen, block=block, device=device), np.ones(len(rows), bool))
    if not of_copies:
        return Directions(rows, _distances(rows))
    first, copy_of = find_copies(rows)
    return Directions(rows, _distances(rows[first])[np.ix_(copy_of, copy_of)])


def _distances(rows: np.ndarray) -> np.ndarray:
    """All distances, float (N, N)."""
    distances = pairwise_distances(rows)
    np.fill_diagonal(distances, 0)
    return distances
