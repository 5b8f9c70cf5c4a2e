"""Evaluation samples as arrays, wherever they come from: their checks, and the draw of as many as are asked for."""

import logging
import math
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image

from evolution.data.contents import FEWEST, MOST_NAMED, check_class_names, unusable
from evolution.data.targets import Targets
from evolution.seeds import generator

log = logging.getLogger("evolution")


@dataclass(frozen=True)
class Samples:
    """Samples that are ready for the model.

    Attributes
    ----------
    inputs : dict of str to array (N, ...)
        float32, int64 or bool, by the name of the model's argument; "" alone where it has none. Empty where only
        activations are known.
    targets : Targets
        What they are, what they are measured against, and their other columns.
    indices : int64 array (N,)
        Positions among all samples that there are.
    ids : list of str or None
    previews : list or None
        A small image of what a person looks at; None for a sample without one, or where there are none.
    texts : list of str or None
        What a person reads.
    columns : tuple of str (D,)
        The names of a table's columns; empty where they are not known.
    vocabulary : tuple of str (V,)
        The words of tokens; empty where they are not known.
    """

    inputs: dict[str, np.ndarray]
    targets: Targets
    indices: np.ndarray
    ids: list[str] | None = None
    previews: list[Image.Image | None] | None = None
    texts: list[str] | None = None
    columns: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()


def require_enough(count: int, where: str) -> None:
    """Refuse fewer samples than can be measured."""
    if count < FEWEST:
        raise unusable(f"{where} returned {count} samples; at least {FEWEST} are needed")


def checked_names(
    names: tuple[str, ...] | None, labels: np.ndarray, where: str, *, how_to_name: str
) -> tuple[str, ...]:
    """The classes' names, by default their numbers.

    Parameters
    ----------
    names : tuple of str or None
    labels : int array (N,)
    where : str
        Where the samples come from, for messages.
    how_to_name : str
        How classes are named there, for messages.

    Raises
    ------
    DataError
        If the labels are of one class, or the names do not fit them.
    """
    present = np.unique(labels)
    if len(present) < 2:
        raise unusable(f"{where} has samples of one class; at least two are needed")
    largest = int(present[-1])
    if names is None:
        if largest >= len(present):
            # A few of them: there may be a billion.
            known = set(present.tolist())
            shown = ", ".join(map(str, islice((label for label in range(largest) if label not in known), MOST_NAMED)))
            raise unusable(
                f"{where} has labels from {present[0]} to {largest}, and none of {shown}"
                f"{', ...' if largest + 1 - len(present) > MOST_NAMED else ''}; count labels from 0 without gaps, or, "
                f"where a class has no sample, name all that the model knows: {how_to_name}"
            )
        return tuple(map(str, range(largest + 1)))
    if len(names) <= largest:
        raise unusable(f"{where} has {len(names)} names of classes, and the label {largest}; name each class")
    check_class_names(names, where)
    return names


def checked_ids(ids: list, where: str) -> list[str] | None:
    """The ids as text; None where no sample has one.

    Raises
    ------
    DataError
        If an id is neither text nor a whole number, or two samples share one.
    """
    if all(identity is None for identity in ids):
        return None
    seen = set()
    texts = []
    for identity in ids:
        # A number of NumPy's, or an array or tensor of one number.
        if hasattr(identity, "item") and math.prod(identity.shape) == 1:
            identity = identity.item()
        text = str(identity)
        if isinstance(identity, bool) or not isinstance(identity, (int, str)) or not text.strip():
            raise unusable(
                f"{where} gives the id {identity!r}; an id is a text or a whole number, and all samples have one or "
                "none do"
            )
        if text in seen:
            raise unusable(f"{where} gives the id {text!r} to two samples; ids are unique")
        seen.add(text)
        texts.append(text)
    return texts


def drawn_samples(count: int, *, classes: np.ndarray | None, most: int, seed: int) -> np.ndarray:
    """The positions of at most so many samples, ascending, as even over the classes as there are samples.

    The log says how many they are, where that is not what was asked for or not all.

    Parameters
    ----------
    count : int
        Samples in all.
    classes : int array (count,) or None
        None where they have no classes: each sample is then as likely as any other.
    most : int
    seed : int
    """
    if count <= most:
        if count < most:
            log.info("All %d samples are taken; dataset.eval_size is %d", count, most)
        return np.arange(count)
    random = generator(seed, "sampling")
    if classes is None:
        log.info("%d of %d samples, drawn at random", most, count)
        return np.sort(random.permutation(count)[:most])
    log.info("%d of %d samples, drawn at random, the same number of each class", most, count)
    order = [random.permutation(np.flatnonzero(classes == label)) for label in np.unique(classes)]
    counts = np.zeros(len(order), int)
    available = np.array([len(each) for each in order])
    while (left := most - counts.sum()) > 0:
        open_classes = np.flatnonzero(counts < available)
        share = max(left // len(open_classes), 1)
        for label in open_classes[: left if share == 1 else None]:
            counts[label] = min(counts[label] + share, available[label])
    return np.sort(np.concatenate([each[:count] for each, count in zip(order, counts)]))
