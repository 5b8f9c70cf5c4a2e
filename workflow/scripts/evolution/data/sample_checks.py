"""Whether drawn rows, signals and texts hold what their owner believes: constant, copied or mixed up ones are found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from evolution.data.contents import listed
from evolution.data.identical_images import identical_images, many_copies
from evolution.data.kinds import CLASSES, IMAGES, LABELS, NUMBER, SIGNALS, TABLE, TOKENS
from evolution.errors import DataError

PLURAL = {IMAGES: "images", TABLE: "rows", SIGNALS: "signals", TOKENS: "texts"}


@dataclass(frozen=True)
class DrawnPart:
    """The samples of one part that were drawn.

    Attributes
    ----------
    inputs : array (n, ...)
        As in the source.
    values : array or None
        Their targets, as `evolution.data.targets.Targets` has them.
    array : str
        What the samples are called in their source.
    indices : int64 array (n,)
        Their positions there.
    """

    inputs: np.ndarray
    values: np.ndarray | None
    array: str
    indices: np.ndarray

    def place(self, index: int) -> str:
        """Where one of the drawn samples comes from."""
        return f"{self.array}[{self.indices[index]}]"


def require_samples(train: DrawnPart, evaluation: DrawnPart, *, kind: str, target: str, source: str) -> None:
    """Refuse samples that are all the same, and numbers that are.

    Raises
    ------
    DataError
    """
    first = train.inputs[:1]
    if (train.inputs == first).all() and (evaluation.inputs == first).all():
        raise DataError(
            f"{source}: all {len(train.inputs) + len(evaluation.inputs)} {PLURAL[kind]} that were drawn are the same, "
            f"so there is nothing to learn. Look at {train.place(0)}, and at how it was saved.",
            key="dataset.name",
        )
    if target == NUMBER:
        require_numbers([(part.array, part.values) for part in (train, evaluation)], kind=kind, source=source)


def require_numbers(parts: Iterable[tuple[str, np.ndarray]], *, kind: str, source: str) -> None:
    """Refuse numbers to predict that are all the same in a part: they have no deviation to be standardised by.

    Parameters
    ----------
    parts : iterable of (str, array (n,))
        What the samples of each part are called in their source, and their numbers.
    kind : str
        See `evolution.data.kinds`.
    source : str
        The data set's name in the config.

    Raises
    ------
    DataError
    """
    for array, values in parts:
        if (values == values[0]).all():
            raise DataError(
                f"{source}: the number to predict is {values[0]:g} for all {len(values)} {PLURAL[kind]} "
                f"of {array} that were drawn; draw more, or leave it out",
                key="dataset.name",
            )


def sample_warnings(
    train: DrawnPart, evaluation: DrawnPart, *, kind: str, target: str, names: tuple[str, ...], columns: tuple[str, ...]
) -> list[str]:
    """What is odd and possible in the samples that were drawn.

    Parameters
    ----------
    train, evaluation : DrawnPart
    kind, target : str
        See `evolution.data.kinds`.
    names : tuple of str
        Of the classes or labels.
    columns : tuple of str
        Of a table.

    Returns
    -------
    list of str
        A plain sentence or two each.
    """
    numbers = identical_images(*(_bytes(part.inputs) for part in (train, evaluation)))
    return [
        *_constant(train, kind, columns),
        *_flat_signals(train, evaluation, kind),
        *_constant_labels(train, evaluation, target, names),
        *many_copies(numbers[0], train.place, PLURAL[kind]),
        *_other_targets(train, evaluation, numbers, kind, target),
        *_in_both_parts(train, evaluation, numbers, kind),
    ]


def _bytes(inputs: np.ndarray) -> np.ndarray:
    """The samples as bytes, (n, bytes): the same numbers have the same bytes."""
    rows = np.ascontiguousarray(inputs).reshape(len(inputs), -1) + 0  # -0 is 0.
    return rows.view(np.uint8)


def _constant(train: DrawnPart, kind: str, columns: tuple[str, ...]) -> Iterator[str]:
    """Columns of a table, or channels of signals, that have one value everywhere."""
    if kind == TOKENS:
        return
    axes = (0, *range(2, train.inputs.ndim))
    constant = np.flatnonzero(train.inputs.min(axis=axes) == train.inputs.max(axis=axes))
    if len(constant) and kind == TABLE:
        shown = listed([columns[column] for column in constant], more="more columns")
        yield (
            f"{len(constant)} of the {len(columns)} columns have one value in all training rows ({shown}). They are 0 "
            "for the network, and tell it nothing."
        )
    elif len(constant):
        shown = listed([f"channel {channel}" for channel in constant], more="more channels")
        yield (
            f"{len(constant)} of the {train.inputs.shape[1]} channels have one value in all training signals "
            f"({shown}). They tell the network nothing."
        )


def _flat_signals(train: DrawnPart, evaluation: DrawnPart, kind: str) -> Iterator[str]:
    if kind != SIGNALS:
        return
    flat = [np.flatnonzero((part.inputs == part.inputs[:, :, :1]).all(axis=(1, 2))) for part in (train, evaluation)]
    count = sum(map(len, flat))
    if count:
        part, first = (train, flat[0]) if len(flat[0]) else (evaluation, flat[1])
        yield (
            f"{count} of the {len(train.inputs) + len(evaluation.inputs)} signals that were drawn have one value "
            f"everywhere, without anything in them (as {part.place(int(first[0]))})."
        )


def _constant_labels(train: DrawnPart, evaluation: DrawnPart, target: str, names: tuple[str, ...]) -> Iterator[str]:
    """Labels that hold of all samples of a part that were drawn, or of none."""
    if target != LABELS:
        return
    for part, role in ((train, "training"), (evaluation, "evaluation")):
        constant = np.flatnonzero(part.values.all(axis=0) | ~part.values.any(axis=0))
        if len(constant):
            shown = listed([names[label] for label in constant], more="more labels")
            yield (
                f"{len(constant)} of the {len(names)} labels hold of all {role} samples that were drawn, or of none "
                f"({shown}): nothing can be told of them. Draw more samples, or leave the labels out."
            )


def _other_targets(
    train: DrawnPart, evaluation: DrawnPart, numbers: list[np.ndarray], kind: str, target: str
) -> Iterator[str]:
    """Samples of one part that are the same, and whose classes or labels are not."""
    if target not in (CLASSES, LABELS):
        return
    count, example = 0, ""
    for part, own in ((train, numbers[0]), (evaluation, numbers[1])):
        order = np.argsort(own, kind="stable")
        _, starts = np.unique(own[order], return_index=True)
        for group in np.split(order, starts[1:]):
            values = part.values[group].reshape(len(group), -1)
            other = np.flatnonzero((values != values[0]).any(axis=1))
            if len(other):
                count += len(group)
                example = example or f"{part.place(int(group[0]))} and {part.place(int(group[other[0]]))}"
    if count:
        what = "another label" if target == CLASSES else "other labels"
        yield (
            f"{count} {PLURAL[kind]} have a copy that has {what} ({example}). Labels are mixed up, or the "
            f"{PLURAL[kind]} do not show the class."
        )


def _in_both_parts(train: DrawnPart, evaluation: DrawnPart, numbers: list[np.ndarray], kind: str) -> Iterator[str]:
    """Evaluation samples that are training samples too."""
    shared = np.flatnonzero(np.isin(numbers[1], numbers[0]))
    if len(shared):
        first = int(shared[0])
        twin = int(np.flatnonzero(numbers[0] == numbers[1][first])[0])
        yield (
            f"{len(shared)} of the {len(evaluation.inputs)} evaluation {PLURAL[kind]} are training {PLURAL[kind]} too "
            f"(as {evaluation.place(first)} and {train.place(twin)}). How well they are predicted says nothing about "
            "new ones; remove the copies."
        )
