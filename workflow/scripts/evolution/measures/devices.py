"""NumPy on the CPU, torch on a GPU: where a cell is measured, and what the two libraries do not call alike.

Code that runs on both takes its functions from `namespace(array)`. NumPy 2 and torch call nearly all of them alike, as
the array API standard has them; the rest is here. torch is imported by jobs that use a GPU alone: it takes longer to
import than most cells take to measure.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from evolution.errors import UserError, first_line

if TYPE_CHECKING:
    import torch

    Array = np.ndarray | torch.Tensor


def find_device(name: str) -> "torch.device | None":
    """The GPU that the config asks for; None where cells are measured on the CPU, with NumPy.

    A GPU then multiplies in whole float32 (no TF32), and gives the same bytes each time.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        `metrics.device` of the config. auto takes the first GPU where there is one.

    Raises
    ------
    UserError
        If cuda is asked for and torch finds no GPU.
    """
    if name == "cpu":
        return None
    # Without it cuBLAS may add up in another order. It counts from the first product on.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    from evolution.models.device import choose_device, exact_on_gpu

    device = choose_device(name, key="metrics.device")
    if device.type == "cpu":
        return None
    exact_on_gpu()
    return device


@contextmanager
def lack_of_memory_explained(device: "torch.device | None") -> Iterator[None]:
    """Turn what torch raises where a GPU has too little memory into a message with the remedy.

    Raises
    ------
    UserError
        In place of torch's exception.
    """
    try:
        yield
    except RuntimeError as error:
        if device is None:
            raise
        from evolution.models.device import lacks_memory

        if not lacks_memory(error):
            raise
        raise UserError(
            f"{device} has too little memory for this layer ({first_line(error)}). End what else uses the GPU, give it "
            "fewer jobs at once (--resources gpu=1), or set this to cpu",
            "metrics.device",
        ) from error


def namespace(array: "Array") -> ModuleType:
    """The library whose array it is: numpy or torch."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch


def place(array: np.ndarray, device: "torch.device | None") -> "Array":
    """The array on a device, as a copy; itself where this is None."""
    if device is None:
        return array
    import torch

    return torch.tensor(array, device=device)


def beside(array: np.ndarray, other: "Array") -> "Array":
    """The array where the other is; itself next to one of NumPy's."""
    return array if isinstance(other, np.ndarray) else place(array, other.device)


def on_host(array: "Array") -> np.ndarray:
    """The array as one of NumPy's; itself where it is one."""
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()


def exact(array: "Array") -> "Array":
    """The array in float64, as a copy that may be changed."""
    xp = namespace(array)
    return xp.asarray(array, dtype=xp.float64, copy=True)


def squared_lengths(rows: "Array") -> "Array":
    """The sum of squares along the last axis."""
    if isinstance(rows, np.ndarray):
        return np.einsum("...k,...k->...", rows, rows)
    # torch's einsum would make a product of matrices for each row, of which cuBLAS takes 65,535 at most.
    return (rows * rows).sum(-1)


def diagonal(square: "Array") -> "Array":
    """A view of the diagonal of an array (N, N) whose numbers lie one after the other."""
    return square.reshape(-1)[:: len(square) + 1]


def smallest(table: "Array", count: int) -> "Array":
    """Where the `count` smallest numbers of each row are, in any order; int (N, count)."""
    if isinstance(table, np.ndarray):
        return np.argpartition(table, count - 1, axis=1)[:, :count]
    return table.topk(count, dim=1, largest=False, sorted=False).indices


def along(table: "Array", chosen: "Array") -> "Array":
    """The chosen columns of each row; `chosen` int (N, M)."""
    return np.take_along_axis(table, chosen, 1) if isinstance(table, np.ndarray) else table.take_along_dim(chosen, 1)


def solve_positive(matrix: "Array", right: "Array") -> "Array":
    """The solution x of `matrix @ x = right`, of a positive definite matrix, which is overwritten."""
    if isinstance(matrix, np.ndarray):
        from scipy.linalg import cho_factor, cho_solve

        return cho_solve(cho_factor(matrix, overwrite_a=True), right)
    import torch

    return torch.cholesky_solve(right, torch.linalg.cholesky(matrix))


def eigenvalues(matrix: "Array") -> np.ndarray:
    """The eigenvalues of a symmetric matrix, ascending, float (N,)."""
    if isinstance(matrix, np.ndarray):
        from scipy.linalg import eigvalsh

        return eigvalsh(matrix, check_finite=False)
    import torch

    return on_host(torch.linalg.eigvalsh(matrix))
