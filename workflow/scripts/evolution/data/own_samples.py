"""The evaluation samples that a function of the user's returns, as arrays that are ready for the model."""

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from evolution.data.attribute_columns import attribute_columns
from evolution.data.attribute_table import check_attribute_names
from evolution.data.contents import FEWEST, unusable
from evolution.data.evaluation_inputs import kind_of, require_inputs
from evolution.data.evaluation_samples import Samples, checked_ids, drawn_samples, require_enough
from evolution.data.evaluation_targets import Label, plain_label, read_targets
from evolution.data.kinds import AUTO, CLASSES, NONE, DataFacts
from evolution.data.network_input import first_input
from evolution.data.own_items import INPUT, Item, Items, call_function, explained
from evolution.data.previews import thumbnail
from evolution.data.targets import Targets

log = logging.getLogger("evolution")

# How a message says where the classes' names come from.
HOW_TO_NAME = "class_names in a dict, or the Dataset's classes"

# Samples after which a line in the log says how far it is.
PROGRESS_EVERY = 1000


def load_samples(file: Path, attribute: str, *, most: int, seed: int, kind: str = AUTO, target: str = AUTO) -> Samples:
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
    kind, target : str
        `dataset.kind` and `dataset.target` of the config.

    Raises
    ------
    DataError
        If the function fails, or what it returns cannot be used.
    """
    where = f"{file.name}:{attribute}"
    items = call_function(file, attribute, seed)
    with explained(file, where):
        labels = _all_labels(items, where)
        target, values, names = read_targets(labels, items.class_names, where, how_to_name=HOW_TO_NAME, asked=target)
        chosen = drawn_samples(len(labels), classes=values if target == CLASSES else None, most=most, seed=seed)
        stack, taken = _Stack(len(chosen), where, items.columns), []
        previews = []
        for index, item in zip(chosen, _with_progress(items.at(chosen))):
            # A label that is not there may be NaN, which differs from itself.
            if target != NONE and plain_label(item.label, where) != labels[index]:
                raise unusable(
                    f"{where} gives another label of sample {index} when it is asked a second time; return the same "
                    "samples in the same order (and of a Dataset with `targets`, the same labels)"
                )
            stack.add(index, item)
            name = f"sample {index}"
            previews.append(None if item.preview is None else thumbnail(item.preview, name, where))
            # Of the item all but its inputs, which are in the arrays, and a picture, of which the thumbnail will do.
            taken.append(item._replace(inputs={}, preview=item.preview if isinstance(item.preview, str) else None))
        if len(taken) < len(chosen):
            raise unusable(f"{where} gives fewer samples when it is asked a second time")
        for place, (index, item) in enumerate(zip(chosen[:FEWEST], items.at(chosen[:FEWEST]))):
            stack.compare(place, index, item)
    ids = checked_ids([item.identity for item in taken], where)
    kind = kind_of(stack.arrays, where, asked=kind)
    names_of_samples = ids or [str(index) for index in chosen]
    require_inputs(
        kind, stack.arrays, where, names=names_of_samples, vocabulary=items.vocabulary, columns=items.columns
    )
    texts = _texts(taken)
    # Where there are texts, those that are given as previews are drawn anyway, and only pictures add to them.
    seen = [preview is not None and (texts is None or item.preview is None) for preview, item in zip(previews, taken)]
    return Samples(
        inputs=stack.arrays,
        targets=Targets(
            kind=kind,
            target=target,
            values=None if values is None else values[chosen],
            names=names,
            count=len(chosen),
            name=items.target_name,
            attributes=_attributes(taken, where),
        ),
        indices=chosen,
        ids=ids,
        previews=previews if any(seen) else None,
        texts=texts,
        columns=items.columns,
        vocabulary=items.vocabulary,
    )


def _texts(taken: list[Item]) -> list[str] | None:
    """What a person reads of each sample: its text, or its preview where all previews are texts."""
    for texts in ([item.text for item in taken], [item.preview for item in taken]):
        if all(isinstance(text, str) for text in texts):
            return texts
    return None


def _attributes(taken: list[Item], where: str) -> dict[str, np.ndarray]:
    """The further columns of samples, which all have the same."""
    given = [item.attributes or {} for item in taken]
    for columns in given:
        if columns.keys() != given[0].keys():
            raise unusable(
                f"{where}: a sample has the attributes {', '.join(map(str, columns)) or 'none'}, and another one "
                f"{', '.join(map(str, given[0])) or 'none'}; give all samples the same, and None where one is missing"
            )
    return attribute_columns({str(name): [columns[name] for columns in given] for name in given[0]}, where)


def first_samples(
    file: Path, attribute: str, *, count: int, seed: int, kind: str = AUTO, target: str = AUTO
) -> tuple[dict[str, np.ndarray], DataFacts]:
    """The inputs of the first few samples, and what all of them are: what a model must be built with.

    Parameters
    ----------
    file, attribute, seed, kind, target
        See `load_samples`.
    count : int

    Returns
    -------
    inputs : dict of str to array (count, ...)
    facts : DataFacts
        The vocabulary is that which the function gives; 0 where it gives none.

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
        stack = _Stack(count, where, items.columns)
        taken = list(islice(items.at(range(FEWEST)), FEWEST))
        require_enough(len(taken), where)
        for index, item in enumerate(taken[:count]):
            stack.add(index, item)
        kind = kind_of(stack.arrays, where, asked=kind)
        found, _, names = read_targets(
            _all_labels(items, where), items.class_names, where, how_to_name=HOW_TO_NAME, asked=target
        )
        attributes = tuple(map(str, taken[0].attributes or ()))
        check_attribute_names(attributes, where)
    return stack.arrays, DataFacts(
        kind=kind,
        target=found,
        names=names,
        attributes=attributes,
        shape=first_input(stack.arrays).shape[1:],
        vocabulary=len(items.vocabulary),
    )


def _with_progress(items: Iterator[Item]) -> Iterator[Item]:
    for count, item in enumerate(items, start=1):
        if count % PROGRESS_EVERY == 0:
            log.info("%d samples read", count)
        yield item


def _all_labels(items: Items, where: str) -> list[Label]:
    """The labels of all samples; each sample is read where they are not known without."""
    if items.count is not None:
        require_enough(items.count, where)
    if items.labels is not None:
        return items.labels
    log.info("Reading all samples for their labels")
    labels = [plain_label(item.label, where) for item in _with_progress(items.all())]
    require_enough(len(labels), where)
    return labels


class _Stack:
    """The samples' inputs, put into arrays one by one.

    Attributes
    ----------
    arrays : dict of str to array (count, ...)
    """

    def __init__(self, count: int, where: str, columns: tuple[str, ...] = ()):
        self.arrays: dict[str, np.ndarray] = {}
        self._count, self._where, self._columns = count, where, columns
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
                    f"{self._where}: {shown} of sample {index} holds values that are not finite (NaN or "
                    f"infinite){self._column(array)}"
                )
            if array.dtype != into.dtype and KINDS.index(array.dtype) > KINDS.index(into.dtype):
                into = self.arrays[name] = into.astype(array.dtype)
            into[self._filled] = array
        self._filled += 1

    def _column(self, array: np.ndarray) -> str:
        """Where in a row of a table a value is not finite, for a message."""
        if array.ndim != 1:
            return ""
        column = int(np.flatnonzero(~np.isfinite(array))[0])
        known = column < len(self._columns)
        return f", in column {repr(self._columns[column]) if known else column}; fill it in, or leave the row out"

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
