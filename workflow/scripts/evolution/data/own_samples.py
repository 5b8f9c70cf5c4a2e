"""The evaluation samples that a function of the user's returns, as arrays that are ready for the model."""

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from evolution.data.contents import FEWEST, unusable
from evolution.data.evaluation_samples import (
    Samples,
    checked_ids,
    checked_names,
    drawn_samples,
    require_enough,
)
from evolution.data.own_items import INPUT, Item, Items, call_function, explained, label_number
from evolution.data.previews import thumbnail

log = logging.getLogger("evolution")

# How a message says where the classes' names come from.
HOW_TO_NAME = "class_names in a dict, or the Dataset's classes"

# Samples after which a line in the log says how far it is.
PROGRESS_EVERY = 1000


def load_samples(file: Path, attribute: str, *, most: int, seed: int) -> Samples:
    """Call a user's function, which is trusted, and take samples of what it returns.

    Of many samples only the arrays are held, and no items.

    Parameters
    ----------
    file, attribute : Path, str
        See `evolution.data.own_function.own_function`.
    most : int
        Samples at most, the same number of each class as far as there are so many.
    seed : int
        Of the global generators while the function and its items run, and of the draw.

    Raises
    ------
    DataError
        If the function fails, or what it returns cannot be used.
    """
    where = f"{file.name}:{attribute}"
    items = call_function(file, attribute, seed)
    with explained(file, where):
        labels = _all_labels(items, where)
        class_names = checked_names(items.class_names, labels, where, how_to_name=HOW_TO_NAME)
        chosen = drawn_samples(labels, most=most, seed=seed)
        stack, ids, previews = _Stack(len(chosen), where), [], []
        for index, item in zip(chosen, _with_progress(items.at(chosen))):
            if label_number(item.label, where) != labels[index]:
                raise unusable(
                    f"{where} gives another label of sample {index} when it is asked a second time; return the same "
                    "samples in the same order (and of a Dataset with `targets`, the same labels)"
                )
            stack.add(index, item)
            ids.append(item.identity)
            name = f"sample {index}"
            previews.append(None if item.preview is None else thumbnail(item.preview, name, where))
        if len(ids) < len(chosen):
            raise unusable(f"{where} gives fewer samples when it is asked a second time")
        for place, (index, item) in enumerate(zip(chosen[:FEWEST], items.at(chosen[:FEWEST]))):
            stack.compare(place, index, item)
    return Samples(
        inputs=stack.arrays,
        labels=labels[chosen],
        class_names=class_names,
        indices=chosen,
        ids=checked_ids(ids, where),
        previews=None if all(preview is None for preview in previews) else previews,
    )


def first_samples(file: Path, attribute: str, *, count: int, seed: int) -> tuple[dict[str, np.ndarray], int]:
    """The inputs of the first few samples, and the number of classes: what a model must be built with.

    Parameters
    ----------
    file, attribute, seed
        See `load_samples`.
    count : int

    Returns
    -------
    inputs : dict of str to array (count, ...)
    classes : int

    Raises
    ------
    DataError
        As `load_samples` raises it.
    """
    where = f"{file.name}:{attribute}"
    items = call_function(file, attribute, seed)
    with explained(file, where):
        if items.count is not None:
            require_enough(items.count, where)
        stack = _Stack(count, where)
        taken = list(islice(items.at(range(FEWEST)), FEWEST))
        require_enough(len(taken), where)
        for index, item in enumerate(taken[:count]):
            stack.add(index, item)
        if items.class_names is not None:
            return stack.arrays, len(items.class_names)
        return stack.arrays, len(checked_names(None, _all_labels(items, where), where, how_to_name=HOW_TO_NAME))


def _with_progress(items: Iterator[Item]) -> Iterator[Item]:
    for count, item in enumerate(items, start=1):
        if count % PROGRESS_EVERY == 0:
            log.info("%d samples read", count)
        yield item


def _all_labels(items: Items, where: str) -> np.ndarray:
    """The labels of all samples, int64; each sample is read where they are not known without."""
    if items.count is not None:
        require_enough(items.count, where)
    if items.labels is not None:
        return items.labels
    log.info("Reading all samples for their labels")
    labels = np.array([label_number(item.label, where) for item in _with_progress(items.all())], np.int64)
    require_enough(len(labels), where)
    return labels


class _Stack:
    """The samples' inputs, put into arrays one by one.

    Attributes
    ----------
    arrays : dict of str to array (count, ...)
    """

    def __init__(self, count: int, where: str):
        self.arrays: dict[str, np.ndarray] = {}
        self._count, self._where = count, where
        self._filled, self._first = 0, 0

    def add(self, index: int, item: Item) -> None:
        """Take over the next sample; `index` is its position in what the function returned."""
        if not self._filled:
            self._first = index
            for name, value in item.inputs.items():
                array = _array(value, name or INPUT, self._where)
                self.arrays[name] = np.empty((self._count, *array.shape), array.dtype)
        if item.inputs.keys() != self.arrays.keys():
            has, first_has = (", ".join(name or INPUT for name in names) for names in (item.inputs, self.arrays))
            raise unusable(
                f"{self._where}: sample {index} has the inputs {has}, and sample {self._first} has {first_has}"
            )
        for name, value in item.inputs.items():
            shown, array, into = name or INPUT, _array(value, name or INPUT, self._where), self.arrays[name]
            if array.shape != into.shape[1:]:
                raise unusable(
                    f"{self._where}: {shown} of sample {index} is {array.shape}, and of sample {self._first} "
                    f"{into.shape[1:]}; bring all to one shape, by padding or resizing"
                )
            if not array.size:
                raise unusable(f"{self._where}: {shown} of sample {index} is empty, of shape {array.shape}")
            if not np.isfinite(array).all():
                raise unusable(
                    f"{self._where}: {shown} of sample {index} holds values that are not finite (NaN or infinite)"
                )
            if array.dtype != into.dtype and KINDS.index(array.dtype) > KINDS.index(into.dtype):
                into = self.arrays[name] = into.astype(array.dtype)
            into[self._filled] = array
        self._filled += 1

    def compare(self, place: int, index: int, item: Item) -> None:
        """Refuse a sample that is no longer what it was."""
        for name, array in self.arrays.items():
            if not np.array_equal(array[place], _array(item.inputs.get(name), name or INPUT, self._where)):
                raise unusable(
                    f"{self._where} gives another {name or INPUT} of sample {index} when it is asked a second time, "
                    "as random transforms do; return the samples as they are evaluated"
                )


# What inputs are stored as, each one with room for those before it.
KINDS = [np.dtype(kind) for kind in (np.bool_, np.int64, np.float32)]


def _array(value: object, name: str, where: str) -> np.ndarray:
    """One input of one sample, float32, int64 or bool."""
    if isinstance(value, Image.Image):
        raise unusable(f"{where}: {name} is an image of Pillow; return what the model takes, as transforms make it")
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
    try:
        array = np.asarray(value)
    except ValueError:
        raise unusable(
            f"{where}: {name} of a sample has rows of several lengths; bring them to one, by padding or resizing"
        ) from None
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # What is too large becomes infinite, and is refused as such.
            return array.astype(np.float32, copy=False)
    if array.dtype == np.uint8 and array.ndim >= 2:
        raise unusable(
            f"{where}: {name} is uint8, from 0 to 255; return what the model takes, scaled and normalised to float"
        )
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind in "iu":
        return array.astype(np.int64)
    raise unusable(f"{where}: {name} is {array.dtype}; a model takes numbers")
