"""Inner products of a layer's centred rows, which the linear probe and the spectrum share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evolution.measures.cka import ROUNDING, centred
from evolution.measures.devices import beside, exact, namespace, place

if TYPE_CHECKING:
    import torch

# Numbers of the rows that are kept in float64 (512 MB); larger layers are centred again a part at a time.
KEPT_NUMBERS = 2**26

# Rows that are in memory in float64 at once then.
ROWS = 4096


class Products:
    """Rows less their mean, scaled to a mean squared length of 1, and their products, each taken once.

    Parameters
    ----------
    rows : float array (N, D)
        Raw or compact activations.
    kept_numbers : int
        Of more numbers than this no copy in float64 is kept.
    device : torch.device or None
        Where the products are taken and stay, see `devices.find_device`.
    """

    def __init__(self, rows: np.ndarray, *, kept_numbers: int = KEPT_NUMBERS, device: "torch.device | None" = None):
        self.shape, size = rows.shape, rows.size
        rows = place(rows, device)
        self._rows, self._mean, self._scale = rows, None, 1.0
        self._gram: np.ndarray | None = None
        self._covariance: np.ndarray | None = None
        if size <= kept_numbers:
            self._rows = centred(rows)
            self.constant = not bool(self._rows.any())
        else:
            self._find_scale()

    def _find_scale(self) -> None:
        """As `cka.centred`, from parts of the rows."""
        xp = namespace(self._rows)
        self._largest = max(float(self._rows.max()), -float(self._rows.min())) or 1.0
        parts = [slice(start, start + ROWS) for start in range(0, len(self._rows), ROWS)]
        sums, before = 0.0, 0.0
        for part in parts:
            rows = exact(self._rows[part]) / self._largest
            sums = sums + rows.sum(0)
            before += float(xp.square(rows).sum())
        self._mean = sums / len(self._rows)
        after = sum(float(xp.square(self.part(part)).sum()) for part in parts)
        self.constant = after <= ROUNDING**2 * before
        self._scale = 1.0 if self.constant else np.sqrt(len(self._rows) / after)

    def part(self, chosen: slice | np.ndarray) -> np.ndarray:
        """Some of the rows, centred and scaled as all of them are; float64."""
        part = self._rows[chosen if isinstance(chosen, slice) else self.beside(chosen)]
        if self._mean is None:
            return part
        part = exact(part)
        part /= self._largest
        part -= self._mean
        part *= self._scale
        return part

    def beside(self, array: np.ndarray) -> np.ndarray:
        """The array where the products are."""
        return beside(array, self._rows)

    def gram(self) -> np.ndarray:
        """Products of all pairs of rows, float64 (N, N)."""
        if self._gram is None:
            rows = self.part(slice(None))
            self._gram = rows @ rows.T
        return self._gram

    def moments(self, folds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Products of all pairs of features, over the rows of each fold alone.

        Parameters
        ----------
        folds : sequence of int arrays
            Rows, each in one of them.

        Returns
        -------
        list of float64 arrays (D, D)
        """
        moments = [self._product(fold) for fold in folds]
        if self._covariance is None:
            self._covariance = sum(moments[1:], start=exact(moments[0]))
        return moments

    def _product(self, chosen: np.ndarray) -> np.ndarray:
        xp, square = namespace(self._rows), (self.shape[1], self.shape[1])
        product = xp.zeros(square, dtype=xp.float64, device=self._rows.device)
        for start in range(0, len(chosen), ROWS):
            rows = self.part(chosen[start : start + ROWS])
            product += rows.T @ rows
        return product

    def smaller(self) -> np.ndarray:
        """The products of all rows or of all features, float64: those that are there already, or else the fewer.

        Both have the same eigenvalues but for zeros.
        """
        if self._gram is None and self._covariance is None:
            if self.shape[0] < self.shape[1]:
                self.gram()
            else:
                self._covariance = self._product(np.arange(self.shape[0]))
        return self._covariance if self._gram is None else self._gram
