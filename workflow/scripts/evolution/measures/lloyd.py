"""k-means of many samples: all restarts side by side, so that each look at the rows serves all of them.

It is scikit-learn's KMeans (Lloyd 1982; k-means++, Arthur and Vassilvitskii 2007) with the same random draws, steps and
end. scikit-learn takes one restart after the other, each of which reads all rows in each iteration. Sums are taken in
another order here, so labels are scikit-learn's up to rounding. Rounding decides more where rows are equally far from
several centres, as rows of zeros are from all unit rows that a restart begins with.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array
from sklearn.cluster import KMeans

from evolution.measures.devices import beside, exact, namespace, on_host, squared_lengths

# scikit-learn's own: the most iterations, and the shift of the centres, in units of the features' mean variance, at
# which it ends.
ITERATIONS, TOLERANCE = 300, 1e-4

# Rows that are compared with all centres at a time.
BLOCK = 2048


@dataclass
class Restart:
    """One restart of k-means.

    Attributes
    ----------
    start : float32 array (K, D)
        The centres that it begins with.
    centres : float32 array (K, D)
    labels : int array (N,)
        The nearest centre of each row; -1 before there is one.
    sums : float64 array (K, D)
        Of each cluster's rows.
    """

    start: np.ndarray
    centres: np.ndarray
    labels: np.ndarray
    sums: np.ndarray = field(init=False)

    def __post_init__(self):
        self.sums = np.zeros(self.start.shape)

    def move(self, rows: np.ndarray, labels: np.ndarray) -> None:
        """Give the rows other labels; only what moves is added and taken away."""
        changed = np.flatnonzero(labels != self.labels)
        for first in range(0, len(changed), BLOCK):
            some = changed[first : first + BLOCK]
            old, place = self.labels[some], np.arange(len(some))
            left = old >= 0
            signs = np.concatenate([np.ones(len(some), np.float32), np.full(left.sum(), -1, np.float32)])
            where = np.concatenate([labels[some], old[left]]), np.concatenate([place, place[left]])
            self.sums += _product(csr_array((signs, where), shape=(len(self.sums), len(some))), rows, some)
        self.labels = labels

    def inertia(self, total: float) -> float:
        """The sum of the rows' squared distances to their centres; `total` that of their squared lengths."""
        counts, centres = np.bincount(self.labels, minlength=len(self.sums)), self.centres.astype(np.float64)
        return total - 2 * (centres * self.sums).sum() + counts @ np.square(centres).sum(1)

    def again(self, rows: np.ndarray) -> None:
        """Let scikit-learn do it."""
        fit = KMeans(len(self.start), init=self.start, n_init=1).fit(on_host(rows))
        self.centres = fit.cluster_centers_
        self.move(rows, fit.labels_)


def side_by_side(rows: np.ndarray, *, clusters: int, n_init: int, seed: int) -> list[tuple[np.ndarray, float]]:
    """k-means `n_init` times over.

    Parameters
    ----------
    rows : float32 array (N, D)
    clusters, n_init, seed : int

    Returns
    -------
    list of n_init tuples
        Labels, int32 (N,), and inertia.
    """
    # About the mean, as scikit-learn takes them too: their products are more exact.
    rows = rows - rows.mean(0)
    xp = namespace(rows)
    total = float(squared_lengths(rows).sum(dtype=xp.float64))
    # The mean over features of their variances, of rows about their mean.
    shift = TOLERANCE * total / len(rows) / rows.shape[1]
    starts = _starts(rows, clusters, n_init, np.random.RandomState(seed))
    restarts = [Restart(start, start, np.full(len(rows), -1)) for start in starts]
    active, settled = restarts, []
    for _ in range(ITERATIONS):
        going = []
        for restart, labels in zip(active, _nearest_centres(rows, active)):
            same = np.array_equal(labels, restart.labels)
            counts = np.bincount(labels, minlength=clusters)
            if not counts.all():
                # Where a cluster is left without rows, scikit-learn moves its centre.
                restart.again(rows)
                continue
            restart.move(rows, labels)
            if same:
                continue
            centres = (restart.sums / counts[:, None]).astype(np.float32)
            moved = float(np.square(centres - restart.centres, dtype=np.float64).sum())
            restart.centres = centres
            (settled if moved <= shift else going).append(restart)
        active = going
        if not active:
            break
    # Their last labels are those of the centres before the last.
    for restart, labels in zip([*settled, *active], _nearest_centres(rows, [*settled, *active])):
        restart.move(rows, labels)
    return [(restart.labels.astype(np.int32), restart.inertia(total)) for restart in restarts]


def _product(signs: csr_array, rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Sums of some rows, float32 (K, D); `signs` float32 (K, M), `chosen` int (M,)."""
    if isinstance(rows, np.ndarray):
        return signs @ rows[chosen]
    # Sums by index, in no fixed order on a GPU, would differ from time to time.
    return on_host(beside(signs.toarray(), rows) @ rows[beside(chosen, rows)])


def _nearest_centres(rows: np.ndarray, restarts: list[Restart]) -> np.ndarray:
    """The nearest of each restart's centres to each row, int (restarts, N)."""
    if not restarts:
        return np.zeros((0, len(rows)), int)
    centres = np.concatenate([restart.centres for restart in restarts])
    centres, half = beside(centres, rows), beside(np.square(centres).sum(1) / 2, rows)
    labels = np.empty((len(restarts), len(rows)), int)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        # |x - c|^2 = |x|^2 - 2 (x.c - |c|^2 / 2)
        near = (rows[part] @ centres.T - half).reshape(-1, len(restarts), len(centres) // len(restarts))
        labels[:, part] = on_host(near.argmax(2).T)
    return labels


def _starts(rows: np.ndarray, clusters: int, n_init: int, random: np.random.RandomState) -> np.ndarray:
    """The centres that each restart begins with, by scikit-learn's k-means++ with its draws; (n_init, K, D).

    Each next centre is the best of a few rows that are drawn in proportion to their squared distance from the centres
    before.
    """
    trials = 2 + int(np.log(clusters))
    chosen, shares = np.empty((n_init, clusters), int), np.empty((n_init, clusters, trials))
    for restart in range(n_init):
        chosen[restart, 0] = random.choice(len(rows), p=np.full(len(rows), 1 / len(rows)))
        for centre in range(1, clusters):
            shares[restart, centre] = random.uniform(size=trials)
    closest = _squares(rows, chosen[:, 0])
    for centre in range(1, clusters):
        reached = np.cumsum(closest, axis=1, dtype=np.float64)
        candidates = np.stack(
            [
                np.searchsorted(of_restart, share * of_restart[-1])
                for of_restart, share in zip(reached, shares[:, centre])
            ]
        ).clip(max=len(rows) - 1)
        nearer = _squares(rows, candidates.ravel()).reshape(n_init, trials, -1)
        np.minimum(nearer, closest[:, None], out=nearer)
        best = nearer.sum(2, dtype=np.float64).argmin(1)
        closest, chosen[:, centre] = nearer[np.arange(n_init), best], candidates[np.arange(n_init), best]
    return on_host(rows[beside(chosen, rows)])


def _squares(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Squared distances of the chosen rows to all, float32 (chosen, N).

    They are taken in float64, as scikit-learn takes them: a row is drawn in proportion to them, and in float32 rounding
    would give copies of the chosen rows a share.
    """
    xp, own = namespace(rows), exact(rows[beside(chosen, rows)])
    lengths = squared_lengths(own)[:, None]
    squares = np.empty((len(chosen), len(rows)), np.float32)
    for start in range(0, len(rows), BLOCK):
        some = exact(rows[start : start + BLOCK])
        part = lengths + squared_lengths(some) - 2 * own @ some.T
        squares[:, start : start + BLOCK] = on_host(xp.clip(part, 0, None))
    return squares
