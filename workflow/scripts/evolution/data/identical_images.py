"""Which images are the same, pixel for pixel."""

import numpy as np

# Any will do.
SEED = 0


def identical_images(images: np.ndarray) -> np.ndarray:
    """Number images so that those with the same pixels have the same number, and no others.

    Parameters
    ----------
    images : uint8 array (N, ...)

    Returns
    -------
    int64 array (N,)
    """
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    _, numbers, counts = np.unique(_sums(rows), return_inverse=True, return_counts=True)
    # The same pixels have the same sum, and others hardly ever. So only images of equal sums are compared.
    found: dict[tuple[int, bytes], int] = {}
    for index in np.flatnonzero(counts[numbers] > 1):
        key = (int(numbers[index]), rows[index].tobytes())
        numbers[index] = found.setdefault(key, len(counts) + len(found))
    return numbers


def _sums(rows: np.ndarray) -> np.ndarray:
    """uint64 array (N,): a weighted sum of each row's bytes, eight at a time, in whole numbers that wrap around."""
    whole = rows.shape[1] // 8 * 8
    weights = np.random.default_rng(SEED).integers(0, 2**64, whole // 8 + rows.shape[1] - whole, dtype=np.uint64)
    words, rest = rows[:, :whole].view(np.uint64), rows[:, whole:].astype(np.uint64)
    return words @ weights[: whole // 8] + rest @ weights[whole // 8 :]
