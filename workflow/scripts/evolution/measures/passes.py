"""Silhouettes and neighbours of many samples, as many of them as are foreseen from one pass over all distances."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evolution.measures.blocks import NARROW, Search, about_mean, nearest_of, pass_over
from evolution.measures.copies import find_copies
from evolution.measures.devices import namespace, on_host, place

if TYPE_CHECKING:
    import torch

# float32 leaves an error of some 1e-7 of the largest squared length in a squared distance. Where a row is nearer to a
# group than this, on average and in the same units, its silhouette would be off by 1e-4 or more.
NEAREST_IN_FLOAT32 = 1e-4


@dataclass(frozen=True)
class Foreseen:
    """What will be asked of the distances.

    Attributes
    ----------
    groupings : sequence of int arrays (N,)
        Those whose silhouettes are wanted; -1 of a sample that does not count.
    parts : sequence of bool arrays (N,)
        Samples among which neighbours are wanted.
    neighbors : int
        How many.
    activations : float array (N, D) or None
        The rows before they were scaled, where the two nearest among them are wanted.
    """

    groupings: Sequence[np.ndarray] = ()
    parts: Sequence[np.ndarray] = ()
    neighbors: int = 0
    activations: np.ndarray | None = None


class Passes:
    """The distances between unit rows. What was not foreseen takes another pass over them when it is asked for.

    Copies are taken once: they are exactly 0 apart, and rounding tells none of them from the others.

    Parameters
    ----------
    rows : float32 array (N, D)
        Of unit length.
    foreseen : Foreseen
    block : int or None
        Rows of a block of distances, see `blocks.pass_over`.
    narrow : int
        Up to this many features distances are taken in float64.
    device : torch.device or None
        Where distances are taken, see `devices.find_device`. What is asked for is NumPy's in any case.
    """

    def __init__(
        self,
        rows: np.ndarray,
        foreseen: Foreseen,
        *,
        block: int | None = None,
        narrow: int = NARROW,
        device: "torch.device | None" = None,
    ):
        self.rows, self._device = rows, device
        self._first, self._copy_of = find_copies(rows)
        self._distinct = place(rows if len(self._first) == len(rows) else rows[self._first], device)
        self._pending: Foreseen | None = foreseen
        self._block, self._narrow = block, narrow
        self._activations = foreseen.activations if self._gives(foreseen.activations) else None
        self._sums: dict[bytes, np.ndarray] = {}
        self._nearest: dict[tuple[bytes, int], np.ndarray] = {}
        self._two: np.ndarray | None = None

    def sums(self, groups: np.ndarray) -> np.ndarray:
        """The sum of each sample's distances to each group, float64 (N, groups.max() + 1); `groups` int (N,) or -1."""
        if groups.tobytes() not in self._sums:
            self._run([groups], [])
        return self._sums[groups.tobytes()][self._copy_of]

    def nearest(self, part: np.ndarray, count: int) -> np.ndarray:
        """The nearest others of each sample of a part among them; `part` bool (N,), the result int (M, count)."""
        if (part.tobytes(), count) not in self._nearest:
            self._run([], [(part, count)])
        return self._nearest[part.tobytes(), count]

    def two_nearest(self) -> np.ndarray | None:
        """Distances of samples that are no copies to the nearest two before rows were scaled, float64 (distinct, 2).

        None where they were not foreseen, and where no pass over unit rows gives them: of narrow layers, whose unit
        rows lose digits, and where rows of other lengths have one direction.
        """
        if self._two is None and self._activations is not None:
            self._run([], [])
        return self._two

    def _gives(self, activations: np.ndarray | None) -> bool:
        """Whether the pass over unit rows gives the distances between the activations."""
        if activations is None or activations.shape[1] <= self._narrow or len(self._first) < 3:
            return False
        return len(self._first) == len(self.rows) or len(find_copies(activations)[0]) == len(self._first)

    def _run(self, groupings: list[np.ndarray], parts: list[tuple[np.ndarray, int]]) -> None:
        """Make a pass for these, and the first time for all that is foreseen."""
        pending, self._pending = self._pending, None
        with_two = pending is not None and self._activations is not None
        if pending is not None:
            groupings = [*groupings, *pending.groupings]
            parts = [*parts, *((part, pending.neighbors) for part in pending.parts)]
        groupings = list({groups.tobytes(): groups for groups in groupings}.values())
        parts = list({(part.tobytes(), count): (part, count) for part, count in parts}.values())
        number = len(self._first)
        tables = [self._table(groups) for groups in groupings]
        members = [np.bincount(self._copy_of[part], minlength=number) > 0 for part, _ in parts]
        searches = [Search(some, min(count, int(some.sum()) - 1)) for some, (_, count) in zip(members, parts)]
        if with_two:
            lengths = np.sqrt([row @ row for row in _exact(self._activations, self._first)])
            longest = lengths.max()
            searches.append(Search(np.ones(number, bool), 2, lengths / longest))
        centred = about_mean(self._distinct, narrow=self._narrow, block=self._block)
        kept = [search for search in searches if search.count > 0]
        counts = np.hstack([np.zeros((number, 0)), *tables])
        sums = pass_over(centred, counts, kept, block=self._block)
        least = NEAREST_IN_FLOAT32 * float(centred.squares.max())
        if centred.rows.dtype == namespace(centred.rows).float32 and _nearest_group(sums, counts) < least:
            # Groups lie as near each other as float32 rounds. From here on all distances are taken in float64.
            self._narrow = self.rows.shape[1]
            centred = about_mean(self._distinct, narrow=self._narrow, block=self._block)
            sums = pass_over(centred, counts, kept, block=self._block)
        ends = np.cumsum([table.shape[1] for table in tables], dtype=int)
        for groups, table, end in zip(groupings, tables, ends):
            self._sums[groups.tobytes()] = sums[:, end - table.shape[1] : end]
        for (part, count), search in zip(parts, searches):
            near = np.zeros((int(search.members.sum()), 0), int)
            if search.count > 0:
                # Which copies are among the nearest depends on the order of the neighbours too.
                copied = np.bincount(self._copy_of[part], minlength=number) > 1
                exact = copied[search.members] | copied[on_host(search.numbers)[search.members]].any(1)
                near, _ = nearest_of(search, self._distinct, centred.error(False), exact=exact)
            self._nearest[part.tobytes(), count] = self._of_samples(near, search.members, part, count)
        if with_two:
            rows = self._activations if number == len(self.rows) else self._activations[self._first]
            rows = place(rows, self._device)
            _, squares = nearest_of(searches[-1], rows, centred.error(True), scale=longest, exact=True)
            self._two = np.sqrt(squares)

    def _table(self, groups: np.ndarray) -> np.ndarray:
        """How many copies of each distinct row are in each group, float64 (distinct, groups)."""
        counted = np.flatnonzero(groups >= 0)
        width = int(groups.max(initial=-1)) + 1
        cells = np.bincount(self._copy_of[counted] * width + groups[counted], minlength=len(self._first) * width)
        return cells.reshape(len(self._first), width).astype(float)

    def _of_samples(self, near: np.ndarray, members: np.ndarray, part: np.ndarray, count: int) -> np.ndarray:
        """Neighbours among samples, from those among distinct rows: a sample's own copies, then its neighbours' copies.

        Parameters
        ----------
        near : int array (members, fewer or as many)
            Of each distinct row that is a member.
        members : bool array (distinct,)
        part : bool array (N,)
            The samples among which to find them.
        count : int
            How many.
        """
        if len(self._first) == len(self.rows):
            return near
        samples = np.flatnonzero(part)
        of_sample = self._copy_of[samples]
        order = np.argsort(of_sample, kind="stable")
        counts = np.bincount(of_sample, minlength=len(members))
        copies = [some[: count + 1] for some in np.split(samples[order], np.cumsum(counts)[:-1])]
        line = np.cumsum(members) - 1
        found = np.empty((len(samples), count), int)
        for index, (sample, own) in enumerate(zip(samples, of_sample)):
            close = np.concatenate([copies[own], *(copies[other] for other in near[line[own]])])
            found[index] = close[close != sample][:count]
        return found


def _nearest_group(sums: np.ndarray, counts: np.ndarray) -> float:
    """The square of the smallest mean distance of a row to those of a group that are no copies of it; inf without any.

    Parameters
    ----------
    sums : float array (N, G)
        Of each distinct row's distances to each group.
    counts : float array (N, G)
        How many copies of each distinct row are in each group.
    """
    others = counts.sum(0) - counts
    means = np.divide(sums, others, out=np.full(sums.shape, np.inf), where=others > 0)
    return float(means.min(initial=np.inf)) ** 2


def _exact(rows: np.ndarray, chosen: np.ndarray):
    """The chosen rows one by one in float64."""
    return (rows[row].astype(np.float64) for row in chosen)
