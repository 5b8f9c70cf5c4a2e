"""N coordinates that stand for N rows of many features, with the same lengths and angles, made from blocks of the rows.

The rows themselves are never needed together: their inner products are added up block by block, on the device where
the rows are.
"""

import torch
from torch import Tensor

# Features whose products are taken at once, in float64.
BLOCK = 4096

# Columns that are eliminated before the rest of the matrix is brought up to date.
PANEL = 64

# The most samples for which coordinates are computed: of more they take more time and memory than they save. It is the
# workflow's number.
MOST_SAMPLES = 10_000


class Gram:
    """Inner products of rows, added up from blocks of their features.

    Parameters
    ----------
    samples : int
    device : torch.device
        Where the rows are. On a device that lacks float64 the blocks travel to the CPU.
    """

    def __init__(self, samples: int, device: torch.device):
        self._device = device if device.type in ("cpu", "cuda") else torch.device("cpu")
        self.products = torch.zeros(samples, samples, dtype=torch.float64, device=self._device)

    def add(self, rows: Tensor) -> None:
        """Add the products of some features.

        Parameters
        ----------
        rows : float32 tensor (N, D)
        """
        for start in range(0, rows.shape[1], BLOCK):
            block = rows[:, start : start + BLOCK].to(self._device).to(torch.float64)
            self.products.addmm_(block, block.T)


def coordinates(products: Tensor) -> Tensor:
    """Coordinates of rows, from their inner products.

    With the products C of the rows scaled to unit length, the coordinates are the rows of the Cholesky factor L of
    C = L L^T, times the rows' norms. The elimination takes the row that has the largest remainder first (Higham 1990),
    and ends when only rounding remains: columns beyond the rank are zero. Rows are scaled to unit length first, so that
    the angles of small rows are as exact as those of large ones. Rows that differ by no more than rounding get the same
    coordinates.

    Parameters
    ----------
    products : float64 tensor (N, N)
        It is overwritten. A row whose product with itself is not finite gets coordinates of NaN.

    Returns
    -------
    float32 tensor (N, N)
        On the same device.
    """
    squares = products.diagonal().clone()
    broken = ~torch.isfinite(squares)
    if broken.any():
        products[broken] = 0
        products[:, broken] = 0
        squares[broken] = 0
    norms = squares.sqrt()
    scale = torch.where(norms > 0, 1 / norms, 0)
    products *= scale[:, None]
    products *= scale
    tolerance = len(products) * torch.finfo(torch.float64).eps
    # The first row that a row equals. Products decide it, since the rows are gone.
    near = (2 - 2 * products <= 2 * tolerance) & ((squares[:, None] - squares).abs() <= 2 * tolerance * squares)
    first = near.to(torch.uint8).argmax(1)
    equal = near.any(1) & ~broken
    result = (_factor(products, tolerance) * norms[:, None]).to(torch.float32)
    result[equal] = result[first[equal]]
    result[broken] = torch.nan
    return result


def _factor(matrix: Tensor, tolerance: float) -> Tensor:
    """The Cholesky factor of a positive semidefinite matrix, its rows in the matrix's order.

    Parameters
    ----------
    matrix : float64 tensor (N, N)
        It is overwritten.
    tolerance : float
        Remainders up to this are rounding.

    Returns
    -------
    float64 tensor (N, N)
        Triangular up to an order of its rows.
    """
    size = len(matrix)
    factor = torch.zeros_like(matrix)
    remainder = matrix.diagonal().clone()
    # 1 for rows that have not been eliminated: the others have nothing in later columns but rounding.
    open_rows = torch.ones_like(remainder)
    for start in range(0, size, PANEL):
        panel = factor[:, start : start + PANEL]
        for column in range(panel.shape[1]):
            # Indices stay tensors, so that a GPU is not waited for at each column.
            pivot = remainder.argmax(keepdim=True)
            value = remainder.index_select(0, pivot)
            root = torch.where(value > tolerance, value, 0).sqrt()
            filled = panel[:, :column]
            values = matrix.index_select(1, pivot).squeeze(1) - filled @ filled.index_select(0, pivot).squeeze(0)
            values *= open_rows * torch.where(root > 0, 1 / root, 0)
            values.index_copy_(0, pivot, root)
            remainder -= values.square()
            remainder.index_fill_(0, pivot, 0)
            open_rows.index_fill_(0, pivot, 0)
            panel[:, column] = values
        if remainder.max() <= tolerance:
            break
        matrix.addmm_(panel, panel.T, alpha=-1)
    return factor
