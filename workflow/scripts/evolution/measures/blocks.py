"""One pass over blocks of distances between all rows: their sums to groups, and each row's nearest others.

No N x N matrix is kept. Distances come from inner products about the mean, one matrix product a block. They are
symmetric, so each block is used twice. In float32 such a distance has an error, and rows that are about as near may
change places. What is too near to call is found in float64 (`nearest_of`): neighbours are those of exact distances.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from evolution.measures.devices import along, beside, diagonal, namespace, on_host, smallest, squared_lengths

# Rows of a block: its distances fit into a core's cache.
BLOCK = 1024

# The same on a GPU, which a small block does not keep busy. A block takes some 24 bytes a distance there, 0.4 GB.
DEVICE_BLOCK = 4096

# Layers of fewer features are taken in float64, as their products take less time than the rest of the pass. Their
# nearest samples can be so near that float32 could not tell them apart.
NARROW = 128

# Candidates that are kept beyond the neighbours that are looked for.
SPARE = 6

# Numbers of candidate rows that are in memory in float64 at once (64 MB).
HELD_NUMBERS = 2**23


@dataclass
class Search:
    """The nearest others of some rows. A pass fills in the candidates.

    Attributes
    ----------
    members : bool array (N,)
        The rows that search and that are found.
    count : int
        Neighbours of each.
    lengths : float array (N,) or None
        Of unit rows: those that they had. Distances are then those between the rows before they were scaled.
    squares : float array (N, count + SPARE)
        Squared distances of the candidates; inf where there are fewer. Where the distances are taken, as `numbers`.
    numbers : int array (N, count + SPARE)
        Which rows they are.
    """

    members: np.ndarray
    count: int
    lengths: np.ndarray | None = None
    squares: np.ndarray = field(init=False, repr=False)
    numbers: np.ndarray = field(init=False, repr=False)
    _farthest: np.ndarray = field(init=False, repr=False)
    _lengths: np.ndarray | None = field(init=False, repr=False)

    def begin(self, rows: np.ndarray) -> None:
        """Forget all candidates; distances will be those between these rows, float (N, D)."""
        xp, kind = namespace(rows), on_host(rows[:0]).dtype
        shape = len(self.members), self.count + SPARE
        self.squares = xp.full(shape, np.inf, dtype=rows.dtype, device=rows.device)
        self.numbers = xp.full(shape, -1, dtype=xp.int64, device=rows.device)
        self._farthest = np.where(self.members, np.inf, -np.inf).astype(kind)
        self._lengths = None if self.lengths is None else beside(self.lengths.astype(kind), rows)

    def squares_before(self, own: slice, others: slice, squares: np.ndarray) -> np.ndarray:
        """Squared distances before rows were scaled, from those of unit rows."""
        if self._lengths is None:
            return squares
        first, second = self._lengths[own, None], self._lengths[others]
        # |n u - m v|^2 = (n - m)^2 + n m |u - v|^2 of unit vectors u and v.
        return squares * (first * second) + (first - second) ** 2

    def take(self, own: slice, others: slice, squares: np.ndarray) -> None:
        """Look for nearer candidates among other rows.

        Parameters
        ----------
        own, others : slice
        squares : float array (own rows, other rows)
            Squared distances; inf of a row to itself.
        """
        if not isinstance(squares, np.ndarray):
            self._take_all(own, others, squares)
            return
        near = squares < self._farthest[own, None]
        if not self.members[others].all():
            near &= self.members[others]
        hits = np.flatnonzero(near.ravel())
        if not len(hits):
            return
        row, column = np.divmod(hits, squares.shape[1])
        counts = np.bincount(row, minlength=len(squares))
        changed = np.flatnonzero(counts)
        place = np.arange(len(hits)) - (np.cumsum(counts) - counts)[row]
        line = (np.cumsum(counts > 0) - 1)[row]
        kept = self.squares.shape[1]
        table = np.full((len(changed), kept + counts.max()), np.inf, squares.dtype)
        numbers = np.full(table.shape, -1)
        at = own.start + changed
        table[:, :kept], numbers[:, :kept] = self.squares[at], self.numbers[at]
        table[line, kept + place], numbers[line, kept + place] = squares[row, column], others.start + column
        best = smallest(table, kept)
        self.squares[at] = along(table, best)
        self.numbers[at] = along(numbers, best)
        self._farthest[at] = self.squares[at].max(1)

    def _take_all(self, own: slice, others: slice, squares: np.ndarray) -> None:
        """As `take`, from all distances of a block: a GPU sooner looks through them than it counts the near ones."""
        xp = namespace(squares)
        if not self.members[others].all():
            squares = xp.where(beside(self.members[others], squares), squares, np.inf)
        kept = self.squares.shape[1]
        best = smallest(squares, min(kept, squares.shape[1]))
        near = along(squares, best)
        table = xp.concat([self.squares[own], near], 1)
        numbers = xp.concat([self.numbers[own], xp.where(xp.isfinite(near), best + others.start, -1)], 1)
        best = smallest(table, kept)
        self.squares[own], self.numbers[own] = along(table, best), along(numbers, best)


@dataclass(frozen=True)
class Centred:
    """Rows about their mean, in the precision that a pass takes.

    Attributes
    ----------
    rows : float32 or float64 array (N, D)
    squares : float array (N,)
        Their squared lengths.
    scale : float
        What they were divided by.
    """

    rows: np.ndarray
    squares: np.ndarray
    scale: float

    def error(self, lengths: bool) -> float:
        """What a squared distance of a pass may be off by: four standard deviations of the rounding of its D products.

        `lengths`: where the rows before they were scaled count, in addition the rounding of unit rows in float32.
        """
        eps, largest = namespace(self.rows).finfo(self.rows.dtype).eps, float(self.squares.max())
        error = 4 * eps * np.sqrt(self.rows.shape[1]) * largest
        return error + 4 * np.finfo(np.float32).eps * np.sqrt(largest) if lengths else error


def about_mean(rows: np.ndarray, *, scale: float = 1.0, narrow: int = NARROW, block: int | None = None) -> Centred:
    """Rows about their mean.

    Parameters
    ----------
    rows : float array (N, D)
    scale : float
        What they are divided by, so that rows of any size have squares.
    narrow : int
        Up to this many features in float64.
    block : int or None
        Rows that are centred at a time; None: see `pass_over`.
    """
    xp = namespace(rows)
    kind = xp.float64 if rows.shape[1] <= narrow else xp.float32
    mean = rows.mean(0, dtype=xp.float64)
    centred = xp.empty(rows.shape, dtype=kind, device=rows.device)
    squares = xp.empty(len(rows), dtype=xp.float64, device=rows.device)
    for part in slices(len(rows), block or _height(rows)):
        exact = (rows[part] - mean) / scale
        centred[part], squares[part] = exact, squared_lengths(exact)
    return Centred(centred, xp.asarray(squares, dtype=kind), scale)


def slices(number: int, height: int) -> list[slice]:
    """Consecutive slices of `height` that cover `number` rows."""
    return [slice(start, min(start + height, number)) for start in range(0, number, height)]


def _height(rows: np.ndarray) -> int:
    """The rows of a block, where the rows are."""
    return BLOCK if isinstance(rows, np.ndarray) else DEVICE_BLOCK


def pass_over(
    centred: Centred, groups: np.ndarray, searches: Sequence[Search] = (), *, block: int | None = None
) -> np.ndarray:
    """Visit all distances once.

    Parameters
    ----------
    centred : Centred
        Of N rows.
    groups : float array (N, G)
        How much a row counts in each group.
    searches : sequence of Search
        Their candidates are replaced.
    block : int or None
        Rows of a block; None: `BLOCK`, on a GPU `DEVICE_BLOCK`.

    Returns
    -------
    float64 array (N, G)
        The sum of each row's distances to the rows of each group.
    """
    xp, rows = namespace(centred.rows), centred.rows
    sums = xp.zeros(groups.shape, dtype=xp.float64, device=rows.device)
    groups = xp.asarray(beside(groups, rows), dtype=rows.dtype)
    # Those of rows before they were scaled come first: distances of unit rows then have no infinite diagonal yet, which
    # a length of 0 would make NaN.
    searches = sorted(searches, key=lambda search: search.lengths is None)
    for search in searches:
        search.begin(rows)
    for own, others, squares in _blocks(centred, block or _height(rows)):
        same = own == others
        if groups.shape[1]:
            distances = xp.sqrt(squares)
            sums[own] += distances @ groups[others]
            if not same:
                sums[others] += distances.T @ groups[own]
        for search in searches:
            apart = search.squares_before(own, others, squares)
            if same:
                diagonal(apart)[:] = np.inf
            search.take(own, others, apart)
            if not same:
                search.take(others, own, apart.T)
    return on_host(sums)


def _blocks(centred: Centred, block: int) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Squared distances, a block at a time; each pair of blocks once."""
    rows, lengths, xp = centred.rows, centred.squares, namespace(centred.rows)
    parts = slices(len(rows), block)
    for index, own in enumerate(parts):
        for others in parts[index:]:
            squares = rows[own] @ rows[others].T
            squares *= -2
            squares += lengths[own, None]
            squares += lengths[others]
            xp.clip(squares, 0, None, out=squares)
            if own == others:
                diagonal(squares)[:] = 0
            yield own, others, squares


def nearest_of(
    search: Search, rows: np.ndarray, error: float, *, scale: float = 1.0, exact: bool | np.ndarray = False
) -> tuple[np.ndarray, np.ndarray]:
    """Each member's nearest others, by distance and then by number, as float64 finds them.

    Parameters
    ----------
    search : Search
        After a pass.
    rows : float array (N, D)
        Those that distances are between: where the search has lengths, before they were scaled.
    error : float
        What a squared distance of the pass may be off by, see `Centred.error`.
    scale : float
        What the rows are divided by: that of `Centred`, or what the search's lengths were divided by.
    exact : bool or bool array (M,)
        Whether all distances of a member are wanted as float64 finds them, and not only those that decide who is
        nearest.

    Returns
    -------
    numbers : int array (M, count)
        A row for each member; nearest first.
    squares : float array (M, count)
        Their squared distances. inf, of number -1, where there are fewer others.
    """
    members, count = np.flatnonzero(search.members), search.count
    numbers, squares = on_host(search.numbers)[members], on_host(search.squares)[members]
    order = np.lexsort((numbers, squares))
    numbers = np.take_along_axis(numbers, order, 1)
    squares = np.take_along_axis(squares, order, 1).astype(np.float64)
    # An error goes with both lengths. A row so long that it would be larger is farther than the last neighbour.
    last, errors = squares[:, count - 1], np.full(len(members), error)
    if search.lengths is not None:
        own = search.lengths[members]
        errors = error * own * (own + np.sqrt(np.where(np.isfinite(last), last, 0)))
    with np.errstate(invalid="ignore"):
        unclear = np.flatnonzero((squares[:, count] - last <= 2 * errors) | (exact & np.isfinite(squares[:, 0])))
    height = max(1, HELD_NUMBERS // (rows.shape[1] * squares.shape[1]))
    for part in slices(len(unclear), height):
        at = unclear[part]
        known = numbers[at] >= 0
        found = np.where(known, _squares_between(rows, members[at], numbers[at], scale), np.inf)
        # Rows that are no candidates are at least this far.
        bound = squares[at, -1] - errors[at]
        order = np.lexsort((numbers[at], found))
        numbers[at], squares[at] = np.take_along_axis(numbers[at], order, 1), np.take_along_axis(found, order, 1)
        unsure = at[squares[at, count - 1] >= bound]
        for some in slices(len(unsure), max(1, HELD_NUMBERS // len(rows))):
            lines = unsure[some]
            found = _search_all(rows, search.members, members[lines], count)
            numbers[lines, :count], squares[lines, :count] = found[0], found[1] / scale**2
    return numbers[:, :count], squares[:, :count]


def _squares_between(rows: np.ndarray, own: np.ndarray, others: np.ndarray, scale: float) -> np.ndarray:
    """Squared distances of rows `own`, int (M,), to `others`, int (M, K), divided by `scale`; float64 (M, K)."""
    xp = namespace(rows)
    own, others = beside(own, rows), beside(others, rows)
    apart = (xp.asarray(rows[others], dtype=xp.float64) - rows[own][:, None]) / scale
    return on_host(squared_lengths(apart))


def _search_all(rows: np.ndarray, members: np.ndarray, wanted: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """As `nearest_of`, of the rows `wanted`, by all their distances in float64."""
    xp = namespace(rows)
    mean = rows.mean(0, dtype=xp.float64)
    others = np.flatnonzero(members)
    squares = np.empty((len(wanted), len(others)))
    own = rows[beside(wanted, rows)] - mean
    lengths = squared_lengths(own)[:, None]
    for part in slices(len(others), BLOCK):
        exact = rows[beside(others[part], rows)] - mean
        squares[:, part] = on_host(lengths + squared_lengths(exact) - 2 * own @ exact.T)
    np.maximum(squares, 0, out=squares)
    squares[others == wanted[:, None]] = np.inf
    # All that are as near as the last neighbour, of whom the first ones count.
    farthest = np.partition(squares, count - 1, axis=1)[:, count - 1]
    numbers, found = np.empty((len(wanted), count), int), np.empty((len(wanted), count))
    for line, (of_row, last) in enumerate(zip(squares, farthest)):
        near = np.flatnonzero(of_row <= last)
        near = near[np.argsort(of_row[near], kind="stable")[:count]]
        numbers[line], found[line] = others[near], of_row[near]
    return numbers, found
