"""What is odd and possible in the samples that a function of the user's or a recording gives."""

import hashlib
from collections.abc import Iterator

import numpy as np

from evolution.data.evaluation_samples import MOST_NAMED, Samples


def sample_warnings(samples: Samples, names: list[str], where: str) -> list[str]:
    """A plain sentence or two for each odd thing.

    Parameters
    ----------
    samples : Samples
    names : list of str (N,)
        What samples are called.
    where : str
        Where they come from.
    """
    if not samples.inputs:
        return list(_without_samples(samples, where))
    return [
        *_without_samples(samples, where),
        *_copies(samples, names, where),
        *_of_one_value(samples, names, where),
    ]


def _without_samples(samples: Samples, where: str) -> Iterator[str]:
    counts = np.bincount(samples.labels, minlength=len(samples.class_names))
    absent = [name for name, count in zip(samples.class_names, counts) if not count]
    if absent:
        more = len(absent) - MOST_NAMED
        listed = ", ".join(absent[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield f"There is no sample of {len(absent)} of the {len(counts)} classes of {where}: {listed}."


def _copies(samples: Samples, names: list[str], where: str) -> Iterator[str]:
    """Samples whose inputs are all the same as another one's."""
    total = len(samples.labels)
    firsts: dict[bytes, int] = {}
    twins = [firsts.setdefault(_digest(samples, index), index) for index in range(total)]
    if len(firsts) == 1:
        yield f"All {total} samples of {where} are the same, so there is nothing to tell them apart by."
        return
    copies = [(index, twin) for index, twin in enumerate(twins) if index != twin]
    if copies:
        index, twin = copies[0]
        yield (
            f"{len(copies)} of the {total} samples of {where} are copies of another one (as {names[index]} of "
            f"{names[twin]})."
        )
    mixed = [(index, twin) for index, twin in copies if samples.labels[index] != samples.labels[twin]]
    if mixed:
        index, twin = mixed[0]
        one, other = (samples.class_names[samples.labels[each]] for each in (index, twin))
        yield (
            f"{len(mixed)} of them have another label than what they are a copy of ({names[index]} is {one}, and "
            f"{names[twin]} is {other}). Labels are mixed up, or the samples do not show the class."
        )


def _digest(samples: Samples, index: int) -> bytes:
    """A digest of all inputs of a sample."""
    digest = hashlib.sha256()
    for array in samples.inputs.values():
        row = array[index]
        digest.update((row if row.dtype == np.bool_ else row + 0).tobytes())  # -0 is 0.
    return digest.digest()


def _of_one_value(samples: Samples, names: list[str], where: str) -> Iterator[str]:
    """Samples of which the first input has one value everywhere, as an empty image has in each channel."""
    first = next(iter(samples.inputs.values()))
    if first.dtype != np.float32 or first[0].size < 2:
        return
    channels = first.shape[1] if first.ndim == 4 and first.shape[1] in (1, 3) else 1
    flat = []
    for index, sample in enumerate(first):
        planes = sample.reshape(channels, -1)
        if (planes == planes[:, :1]).all():
            flat.append(index)
    if flat:
        yield (
            f"{len(flat)} of the {len(first)} samples of {where} have one value everywhere, without anything in them "
            f"(as {names[flat[0]]})."
        )
