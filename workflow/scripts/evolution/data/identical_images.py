"""Which images, or other samples as bytes, are the same, and whether many are."""

from collections.abc import Callable, Iterator

import numpy as np

# Any seed will do; a fixed one keeps the result the same.
SEED = 0

# With more copies among the training samples than this share, the number of samples says little.
MANY_COPIES = 0.1


def identical_images(*parts: np.ndarray) -> list[np.ndarray]:
    """Number images so that those with the same pixels have the same number, and no others.

    Parameters
    ----------
    parts : uint8 arrays (N, ...)
        Images of one shape; they are not copied.

    Returns
    -------
    list of int64 arrays (N,)
        The numbers of each part's images: the same pixels have the same number in all parts.
    """
    rows = [np.ascontiguousarray(images).reshape(len(images), -1) for images in parts]
    sums = np.concatenate([_sums(each) for each in rows])
    _, numbers, counts = np.unique(sums, return_inverse=True, return_counts=True)
    places = [(part, index) for part, images in enumerate(parts) for index in range(len(images))]
    # The same pixels have the same sum, and others hardly ever. So only images of equal sums are compared.
    found: dict[tuple[int, bytes], int] = {}
    for position in np.flatnonzero(counts[numbers] > 1):
        part, index = places[position]
        key = (int(numbers[position]), rows[part][index].tobytes())
        numbers[position] = found.setdefault(key, len(counts) + len(found))
    return np.split(numbers, np.cumsum([len(images) for images in parts])[:-1])


def many_copies(numbers: np.ndarray, place: Callable[[int], str], samples: str, *, alike: str = "") -> Iterator[str]:
    """A sentence on training samples many of which are copies of others; none where few are.

    Parameters
    ----------
    numbers : int64 array (N,)
        Of the training samples, as `identical_images` returns them.
    place : callable
        Takes a position, and says where the sample comes from.
    samples : str
        What the samples are called.
    alike : str
        How they are the same, with a comma before it.
    """
    _, firsts, counts = np.unique(numbers, return_index=True, return_counts=True)
    total, distinct = len(numbers), len(counts)
    if total - distinct > MANY_COPIES * total:
        most = int(counts.argmax())
        yield (
            f"The {total} training {samples} are only {distinct} different ones{alike}; one is there {counts[most]} "
            f"times (as {place(int(firsts[most]))})."
        )


def _sums(rows: np.ndarray) -> np.ndarray:
    """uint64 array (N,): a weighted sum of each row's bytes, eight at a time, in whole numbers that wrap around."""
    whole = rows.shape[1] // 8 * 8
    weights = np.random.default_rng(SEED).integers(0, 2**64, whole // 8 + rows.shape[1] - whole, dtype=np.uint64)
    words, rest = rows[:, :whole].view(np.uint64), rows[:, whole:].astype(np.uint64)
    return words @ weights[: whole // 8] + rest @ weights[whole // 8 :]
