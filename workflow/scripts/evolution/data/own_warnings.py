"""What is odd and possible in the samples that a function of the user's or a recording gives."""

import hashlib
from collections.abc import Iterator

import numpy as np

from evolution.data.contents import listed
from evolution.data.evaluation_samples import Samples
from evolution.data.kinds import CLASSES, LABELS, MASK, NONE, PADDING, SIGNALS, TABLE, TOKENS
from evolution.data.network_input import first_input


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
        *_inner_padding(samples, names, where),
        *_copies(samples, names, where),
        *(_constant_columns(samples, where) if samples.targets.kind == TABLE else _of_one_value(samples, names, where)),
    ]


def _inner_padding(samples: Samples, names: list[str], where: str) -> Iterator[str]:
    """Texts with a token between others that counts as padding, where no mask says so."""
    if samples.targets.kind != TOKENS or MASK in samples.inputs:
        return
    used = first_input(samples.inputs).reshape(samples.targets.count, -1) != PADDING
    inner = np.flatnonzero((np.diff(used.astype(np.int8), axis=1) > 0).sum(axis=1) + used[:, 0] > 1)
    if len(inner):
        yield (
            f"{len(inner)} of the {samples.targets.count} samples of {where} have the token {PADDING} between others "
            f"(as {names[inner[0]]}). It counts as padding: means over tokens and the baseline leave it out. If it is "
            f"a word, say where text is: {MASK}, 1 for each token that is text."
        )


def _without_samples(samples: Samples, where: str) -> Iterator[str]:
    targets = samples.targets
    if targets.target == CLASSES:
        counts = np.bincount(targets.values, minlength=len(targets.names))
        absent = [name for name, count in zip(targets.names, counts) if not count]
        if absent:
            yield f"There is no sample of {len(absent)} of the {len(counts)} classes of {where}: {listed(absent)}."
    elif targets.target == LABELS:
        held = targets.values.sum(axis=0)
        for absent, what in ((held == 0, "no sample"), (held == targets.count, "every sample")):
            if absent.any():
                names = [name for name, flag in zip(targets.names, absent) if flag]
                yield (
                    f"{len(names)} of the {len(held)} labels of {where} hold of {what}, so nothing can be told of "
                    f"them: {listed(names)}."
                )


def _copies(samples: Samples, names: list[str], where: str) -> Iterator[str]:
    """Samples whose inputs are all the same as another one's."""
    targets, total = samples.targets, samples.targets.count
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
    if targets.target == NONE:
        return
    mixed = [pair for pair in copies if not np.array_equal(*(targets.values[each] for each in pair))]
    if mixed:
        index, twin = mixed[0]
        one, other = (_value(samples, each) for each in (index, twin))
        what = "the class" if targets.target == CLASSES else "what they are labelled by"
        yield (
            f"{len(mixed)} of them have another label than what they are a copy of ({names[index]} is {one}, and "
            f"{names[twin]} is {other}). Labels are mixed up, or the samples do not show {what}."
        )


def _value(samples: Samples, index: int) -> str:
    """The label of a sample, in words."""
    targets = samples.targets
    value = targets.values[index]
    if targets.target == CLASSES:
        return targets.names[value]
    if targets.target == LABELS:
        return " and ".join(name for name, holds in zip(targets.names, value) if holds) or "none of the labels"
    return f"{value:g}"


def _digest(samples: Samples, index: int) -> bytes:
    """A digest of all inputs of a sample."""
    digest = hashlib.sha256()
    for array in samples.inputs.values():
        row = array[index]
        digest.update((row if row.dtype == np.bool_ else row + 0).tobytes())  # -0 is 0.
    return digest.digest()


def _of_one_value(samples: Samples, names: list[str], where: str) -> Iterator[str]:
    """Samples of which the first input has one value everywhere, as an empty image has in each channel."""
    first = first_input(samples.inputs)
    if first is None or first.dtype != np.float32 or first[0].size < 2:
        return
    channels = first.shape[1] if first.ndim == 4 and first.shape[1] in (1, 3) else 1
    if samples.targets.kind == SIGNALS and first.ndim == 3:
        channels = first.shape[1]
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


def _constant_columns(samples: Samples, where: str) -> Iterator[str]:
    """Columns of a table with one value in all rows."""
    rows = first_input(samples.inputs)
    constant = np.flatnonzero((rows == rows[:1]).all(axis=0))
    if len(constant) and len(constant) < rows.shape[1]:
        names = [samples.columns[column] if samples.columns else str(column) for column in constant]
        yield (
            f"{len(constant)} of the {rows.shape[1]} columns of {where} have one value in all rows, which tells "
            f"nothing: {listed(names)}."
        )
