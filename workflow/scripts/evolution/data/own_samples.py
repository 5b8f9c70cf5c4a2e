"""The evaluation samples that a function of the user's returns, as arrays that are ready for the model."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from evolution.data.contents import unusable
from evolution.errors import DataError, ModelError
from evolution.models.build import seed_all
from evolution.models.model_file import describe_exception, load_class

log = logging.getLogger("evolution")

# The names of an item's entries that are no input of the model.
LABEL_NAMES = ("label", "labels", "target", "targets")
ID_NAMES, PREVIEW_NAMES = ("id", "ids"), ("preview", "previews")

# The name of an input that has none, because items are (input, label).
UNNAMED = "input"

# The fewest samples that can be measured.
FEWEST = 10

# Samples after which a line in the log says how far it is.
PROGRESS_EVERY = 1000


@dataclass
class Samples:
    """Samples that are ready for the model.

    Attributes
    ----------
    inputs : dict of str to array (N, ...)
        float32, int64 or bool, by the name of the model's argument; `UNNAMED` alone where it has none.
    labels : int64 array (N,)
    class_names : list of str (K,)
    indices : int64 array (N,)
        Positions in what the function returned.
    ids : list of str or None
    previews : list or None
        What a person looks at: an image of Pillow, an array, or a text each.
    """

    inputs: dict[str, np.ndarray]
    labels: np.ndarray
    class_names: list[str]
    indices: np.ndarray
    ids: list[str] | None = None
    previews: list | None = None


@dataclass
class _Source:
    """What the function returned, as something to take items from.

    Attributes
    ----------
    count : int or None
        None where it is not known before the items were seen.
    item : function of an index
        Returns (inputs by name, label, id or None, preview or None).
    labels : sequence of int or None
        All labels, where they are known without the items.
    class_names : list of str or None
    iterate : function
        Yields all items.
    """

    count: int | None
    item: Callable[[int], tuple]
    labels: Sequence[int] | None
    class_names: list[str] | None
    iterate: Callable[[], Iterator[tuple]] = field(default=None)


def load_samples(file: Path, attribute: str, *, most: int, seed: int) -> Samples:
    """Call a user's function, which is trusted, and take samples of what it returns.

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
    source = _call(file, attribute, seed)
    with _explained(file, where):
        if source.count is None:
            entries = list(_with_progress(source.iterate()))
            source = _Source(len(entries), entries.__getitem__, None, source.class_names)
    if source.count < FEWEST:
        raise unusable(f"{where} returned {source.count} samples; at least {FEWEST} are needed")
    labels = source.labels
    if labels is None:
        if source.count > most:
            log.info("Reading the labels of all %d samples, to draw %d of them", source.count, most)
        with _explained(file, where):
            labels = [entry[1] for entry in _with_progress(map(source.item, range(source.count)))]
    labels = _checked_labels(labels, source.count, where)
    class_names = _checked_names(source.class_names, labels, where)
    chosen = _drawn(labels, most=most, seed=seed)
    if len(chosen) < source.count:
        log.info("%d of %d samples, drawn at random, the same number of each class", len(chosen), source.count)
    with _explained(file, where):
        entries = list(_with_progress(source.item(index) for index in chosen))
    again = [_number(entry[1], where) for entry in entries]
    if again != labels[chosen].tolist():
        raise unusable(
            f"{where} gives other labels when it is asked a second time; return the same samples in the same order"
        )
    with _explained(file, where):
        for index, entry in list(zip(chosen, entries))[:FEWEST]:
            for name, value in source.item(index)[0].items():
                if not np.array_equal(
                    *(_array(each, name, where) for each in (value, entry[0].get(name))), equal_nan=True
                ):
                    raise unusable(
                        f"{where} gives another {name} of sample {index} when it is asked a second time, as random "
                        "transforms do; return the samples as they are evaluated"
                    )
    return Samples(
        inputs=_stacked([entry[0] for entry in entries], chosen, where),
        labels=labels[chosen],
        class_names=class_names,
        indices=chosen,
        ids=_checked_ids([entry[2] for entry in entries], where),
        previews=None if any(entry[3] is None for entry in entries) else [entry[3] for entry in entries],
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
    source = _call(file, attribute, seed)
    with _explained(file, where):
        if source.count is None:
            entries = list(source.iterate())
            source = _Source(len(entries), entries.__getitem__, None, source.class_names)
        if source.count < FEWEST:
            raise unusable(f"{where} returned {source.count} samples; at least {FEWEST} are needed")
        inputs = _stacked([source.item(index)[0] for index in range(count)], range(count), where)
        labels = source.labels
        if source.class_names is None and labels is None:
            labels = [source.item(index)[1] for index in range(source.count)]
    if source.class_names is not None:
        return inputs, len(source.class_names)
    return inputs, int(_checked_labels(labels, source.count, where).max()) + 1


class _explained:
    """Within it, whatever a user's code raises becomes a DataError with the line of the user's file."""

    def __init__(self, file: Path, where: str):
        self._file, self._where = file, where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> None:
        if isinstance(error, Exception) and not isinstance(error, DataError):
            raise unusable(f"{self._where} failed: {describe_exception(error, self._file)}") from error


def _call(file: Path, attribute: str, seed: int) -> _Source:
    """Call the user's function."""
    where = f"{file.name}:{attribute}"
    seed_all(seed)
    try:
        with _explained(file, where):
            returned = load_class(file, attribute)()
    except ModelError as error:
        raise unusable(error.problem) from error
    if isinstance(returned, torch.utils.data.DataLoader):
        raise unusable(f"{where} returned a DataLoader; return its Dataset, which gives single samples")
    if isinstance(returned, Mapping):
        return _of_arrays(dict(returned), where)
    if isinstance(returned, (tuple, list)) and len(returned) == 2 and _is_array(returned[1]):
        return _of_arrays({"inputs": returned[0], "labels": returned[1]}, where)
    return _of_items(returned, where)


def _is_array(value: object) -> bool:
    return isinstance(value, (np.ndarray, torch.Tensor)) or (
        isinstance(value, (list, tuple)) and bool(value) and all(isinstance(each, (int, np.integer)) for each in value)
    )


def _of_arrays(given: dict, where: str) -> _Source:
    """Samples in arrays, an entry of each a sample."""
    inputs, labels = given.pop("inputs", None), given.pop("labels", None)
    if inputs is None or labels is None:
        raise unusable(f"{where} returned {', '.join(map(str, given)) or 'nothing'}; it must have inputs and labels")
    inputs = dict(inputs) if isinstance(inputs, Mapping) else {UNNAMED: inputs}
    # As arrays and lists: a table's column is indexed by its labels, and not by position.
    inputs = {name: value if isinstance(value, torch.Tensor) else np.asarray(value) for name, value in inputs.items()}
    labels = labels if isinstance(labels, torch.Tensor) else np.asarray(labels)
    ids, previews = (None if (value := given.pop(name, None)) is None else list(value) for name in ("ids", "previews"))
    names = given.pop("class_names", None)
    if isinstance(names, (Mapping, set, frozenset, str)):
        raise unusable(f"{where} has class_names as a {type(names).__name__}; give a list, in the order of the labels")
    if given:
        raise unusable(
            f"{where} returned {', '.join(map(str, given))}, which is not known; known are inputs, labels, ids, "
            "previews, class_names"
        )
    lengths = {name: len(value) for name, value in inputs.items()} | {"labels": len(labels)}
    lengths |= {name: len(value) for name, value in (("ids", ids), ("previews", previews)) if value is not None}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise unusable(f"{where} returned arrays of different lengths: {shown}")

    def item(index: int) -> tuple:
        return (
            {name: value[index] for name, value in inputs.items()},
            labels[index],
            None if ids is None else ids[index],
            None if previews is None else previews[index],
        )

    return _Source(len(labels), item, labels, None if names is None else [str(name) for name in names])


def _of_items(returned: object, where: str) -> _Source:
    """Samples in a torch Dataset, or anything else that gives them one by one."""

    def parsed(entry: object) -> tuple:
        if isinstance(entry, Mapping):
            rest = dict(entry)
            label, identity, preview = (
                next((rest.pop(name) for name in names if name in rest), None)
                for names in (LABEL_NAMES, ID_NAMES, PREVIEW_NAMES)
            )
            if label is None or not rest:
                raise unusable(f"{where}: an item has {', '.join(map(str, entry))}; it must have a label, and inputs")
            return rest, label, identity, preview
        if isinstance(entry, (tuple, list)) and len(entry) == 2:
            inputs, label = entry
            return dict(inputs) if isinstance(inputs, Mapping) else {UNNAMED: inputs}, label, None, None
        raise unusable(
            f"{where}: an item is a {type(entry).__name__}"
            + (f" of {len(entry)}" if isinstance(entry, (tuple, list)) else "")
            + "; it must be (input, label), or a dict with the model's inputs and label"
        )

    names = getattr(returned, "classes", None)
    class_names = [str(name) for name in names] if isinstance(names, (list, tuple)) else None
    if hasattr(returned, "__getitem__") and hasattr(returned, "__len__"):
        labels = next((getattr(returned, name) for name in ("targets", "labels") if hasattr(returned, name)), None)
        if labels is not None and not (hasattr(labels, "__len__") and len(labels) == len(returned)):
            labels = None
        return _Source(len(returned), lambda index: parsed(returned[int(index)]), labels, class_names)
    if not hasattr(returned, "__iter__"):
        raise unusable(
            f"{where} returned a {type(returned).__name__}; return a torch Dataset, (inputs, labels), or a dict with "
            "inputs and labels"
        )
    return _Source(None, None, None, class_names, lambda: map(parsed, returned))


def _with_progress(entries: Iterator) -> Iterator:
    for count, entry in enumerate(entries, start=1):
        if count % PROGRESS_EVERY == 0:
            log.info("%d samples read", count)
        yield entry


def _number(value: object, where: str) -> int:
    """A label as an integer."""
    number = value
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        number = value.item() if math.prod(value.shape) == 1 else f"of shape {tuple(value.shape)}"
    if type(number) is not int or number < 0:
        raise unusable(f"{where} gives the label {number!r}; labels are whole numbers from 0")
    return number


def _checked_labels(labels: object, count: int, where: str) -> np.ndarray:
    if len(labels) != count:
        raise unusable(f"{where} returned {len(labels)} labels for {count} samples")
    return np.array([_number(label, where) for label in labels], np.int64)


def _checked_names(names: list[str] | None, labels: np.ndarray, where: str) -> list[str]:
    classes = int(labels.max()) + 1
    if names is None:
        names = [str(label) for label in range(classes)]
    if len(names) < classes:
        raise unusable(f"{where} has {len(names)} names of classes, and the label {classes - 1}; name each class")
    if len(set(names)) < len(names):
        raise unusable(f"{where} gives two classes one name; give each class a name of its own")
    if len(np.unique(labels)) < 2:
        raise unusable(f"{where} has samples of one class; at least two are needed")
    return names


def _checked_ids(ids: list, where: str) -> list[str] | None:
    if any(identity is None for identity in ids):
        return None
    texts = [str(identity.item() if isinstance(identity, (torch.Tensor, np.generic)) else identity) for identity in ids]
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise unusable(f"{where} gives the id {twice!r} to two samples; ids are unique")
    return texts


def _drawn(labels: np.ndarray, *, most: int, seed: int) -> np.ndarray:
    """The positions of at most so many samples, ascending, as even over the classes as there are samples."""
    from evolution.seeds import generator

    if len(labels) <= most:
        return np.arange(len(labels))
    random = generator(seed, "sampling")
    order = [random.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    counts = np.zeros(len(order), int)
    available = np.array([len(each) for each in order])
    while (left := most - counts.sum()) > 0:
        open_classes = np.flatnonzero(counts < available)
        share = max(left // len(open_classes), 1)
        for label in open_classes[: left if share == 1 else None]:
            counts[label] = min(counts[label] + share, available[label])
    return np.sort(np.concatenate([each[:count] for each, count in zip(order, counts)]))


def _stacked(inputs: list[dict[str, object]], indices: Sequence[int], where: str) -> dict[str, np.ndarray]:
    """The samples' inputs as arrays."""
    names = list(inputs[0])
    stacked = {}
    for name in names:
        first = _array(inputs[0].get(name), name, where)
        out = np.empty((len(inputs), *first.shape), first.dtype)
        for place, (entry, index) in enumerate(zip(inputs, indices)):
            if entry.keys() != inputs[0].keys():
                raise unusable(
                    f"{where}: sample {index} has the inputs {', '.join(entry)}, and sample {indices[0]} has "
                    f"{', '.join(names)}"
                )
            array = _array(entry[name], name, where)
            if array.shape != first.shape:
                raise unusable(
                    f"{where}: {name} of sample {index} is {array.shape}, and of sample {indices[0]} {first.shape}; "
                    "bring all to one shape, by padding or resizing"
                )
            if array.dtype == np.float32 and out.dtype != np.float32:
                out = out.astype(np.float32)
            if not np.isfinite(array).all():
                raise unusable(f"{where}: {name} of sample {index} holds values that are not finite (NaN or infinite)")
            out[place] = array
        stacked[name] = out
    return stacked


def _array(value: object, name: str, where: str) -> np.ndarray:
    """One input of one sample, float32, int64 or bool."""
    if type(value).__module__.startswith("PIL."):
        raise unusable(f"{where}: {name} is an image of Pillow; return what the model takes, as transforms make it")
    array = value.detach().cpu().float().numpy() if _is_float(value) else np.asarray(value)
    if array.dtype.kind == "f":
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


def _is_float(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()
