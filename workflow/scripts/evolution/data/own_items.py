"""What a function of the user's returned, whatever its form, as something that gives samples one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, Subset

from evolution.data.contents import unusable
from evolution.data.evaluation_targets import Label, plain_label, plain_labels
from evolution.errors import DataError, ModelError
from evolution.models.model_file import describe_exception, load_function
from evolution.models.seeding import seed_all

# The names of an item's entries that are no input of the model.
LABEL_NAMES = ("label", "labels", "target", "targets")
ID_NAMES, PREVIEW_NAMES = ("id", "ids"), ("preview", "previews")
ATTRIBUTES, TEXT_NAMES = "attributes", ("text", "texts")

# What the names of a table's columns and the words of tokens are called, and the field of `Items` that has them.
SAID_NAMES = {"column_names": "columns", "vocabulary": "vocabulary"}

# The name of an input that is given to the model without one; and the name that says so in a dict, as the only one.
UNNAMED, INPUT = "", "input"

# Items whose labels are compared with the labels that a Dataset says it has.
PROBES = 20


class Item(NamedTuple):
    """A sample as the user's code gives it: its inputs by name, and its label and what else it has, or None."""

    inputs: dict[str, object]
    label: object
    identity: object = None
    preview: object = None
    attributes: Mapping[str, object] | None = None
    text: str | None = None


@dataclass(frozen=True)
class Items:
    """The samples that a function returned.

    Attributes
    ----------
    count : int or None
        None where it is not known before the items were seen.
    labels : list of Label (N,) or None
        All labels, where they are known without the items; of samples without labels each is None.
    class_names : tuple of str or None
    item : function of an index, or None
        None where items only come one after the other.
    start : function, or None
        Starts from the first item and yields all. None where items are taken by index.
    target_name : str
        What the labels are called; empty where nobody says.
    columns, vocabulary : tuple of str
        The names of a table's columns, and the words of tokens; empty where they are not known.
    """

    count: int | None
    labels: list[Label] | None
    class_names: tuple[str, ...] | None
    item: Callable[[int], Item] | None = None
    start: Callable[[], Iterator[Item]] | None = None
    target_name: str = ""
    columns: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()

    def at(self, indices: Sequence[int]) -> Iterator[Item]:
        """The items at ascending positions."""
        if self.item is not None:
            yield from (self.item(int(index)) for index in indices)
            return
        wanted = iter(indices)
        next_one = next(wanted, None)
        for index, item in enumerate(self.start()):
            if next_one is None:
                return
            if index == next_one:
                yield item
                next_one = next(wanted, None)

    def all(self) -> Iterator[Item]:
        """All items in their order."""
        return self.start() if self.item is None else (self.item(index) for index in range(self.count))


@contextmanager
def explained(file: Path, where: str) -> Iterator[None]:
    """Within it, whatever a user's code raises becomes a DataError that names the line of the user's file."""
    try:
        yield
    except DataError:
        raise
    except ModelError as error:
        raise unusable(error.problem) from error
    except SyntaxError as error:
        name = Path(error.filename or "<unknown>").name
        where_within = f" ({name})" if name not in ("<unknown>", file.name) else ""
        raise unusable(f"{file} is not Python{where_within}: {error.msg}, line {error.lineno}") from error
    except (Exception, SystemExit) as error:
        raise unusable(f"{where} failed: {describe_exception(error, file)}") from error


def call_function(file: Path, attribute: str, seed: int) -> Items:
    """Call a user's function, which is trusted.

    Parameters
    ----------
    file, attribute : Path, str
        See `evolution.data.own_function.own_function`.
    seed : int
        Of the global generators from here on.

    Raises
    ------
    DataError
        If the function fails, or returns nothing that gives samples.
    """
    where = f"{file.name}:{attribute}"
    with explained(file, where):
        function = load_function(file, attribute)

        def returned() -> object:
            seed_all(seed)
            return function()

        return _items_of(returned(), returned, where)


def _items_of(returned: object, call_again: Callable[[], object], where: str) -> Items:
    """What was returned, by its form."""
    if isinstance(returned, DataLoader):
        raise unusable(f"{where} returned a DataLoader; return its Dataset, which gives single samples")
    if isinstance(returned, Mapping):
        return _of_arrays(dict(returned), where)
    if isinstance(returned, (tuple, list)) and len(returned) == 2 and not _is_item(returned[1]):
        return _of_arrays({"inputs": returned[0], "labels": returned[1]}, where)
    # Every Dataset of torch has __getitem__, also one that can only be iterated.
    if hasattr(returned, "__getitem__") and not isinstance(returned, (IterableDataset, str, bytes)):
        if not hasattr(returned, "__len__"):
            raise unusable(f"{where} returned {_a(returned)} without a length; give it __len__")
        return _of_dataset(returned, where)
    if not hasattr(returned, "__iter__") or isinstance(returned, (str, bytes)):
        raise unusable(
            f"{where} returned {_a(returned)}; return a torch Dataset, (inputs, labels), or a dict with inputs and "
            "labels"
        )
    # A generator gives its items once, so each pass calls the function again. The first has been called already.
    ready = [returned]

    def start() -> Iterator[Item]:
        return (_item(entry, where) for entry in (ready.pop() if ready else call_again()))

    return Items(None, None, _class_names(returned, where), start=start, **_said_names(returned, where))


def _is_item(value: object) -> bool:
    """Whether a list of two is a Dataset of two samples, and not inputs and labels: it is known by the second."""
    return isinstance(value, Mapping) or (isinstance(value, tuple) and len(value) == 2)


def _a(value: object) -> str:
    """A value's type, with its article."""
    if value is None:
        return "None"
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _item(entry: object, where: str) -> Item:
    """What a Dataset gives for one sample."""
    if isinstance(entry, Mapping):
        rest = dict(entry)
        label, identity, preview = (
            next((rest.pop(name) for name in names if name in rest), None)
            for names in (LABEL_NAMES, ID_NAMES, PREVIEW_NAMES)
        )
        text = next((rest.pop(name) for name in TEXT_NAMES if isinstance(rest.get(name), str)), None)
        attributes = rest.pop(ATTRIBUTES) if isinstance(rest.get(ATTRIBUTES), Mapping) else None
        if not rest:
            raise unusable(f"{where}: an item has {', '.join(map(str, entry)) or 'nothing'}; it must have inputs")
        return Item(_by_name(rest), label, identity, preview, attributes, text)
    if isinstance(entry, (tuple, list)) and len(entry) == 2:
        inputs, label = entry
        return Item(_by_name(inputs), label)
    if isinstance(entry, (np.ndarray, torch.Tensor)):
        return Item({UNNAMED: entry}, None)
    size = f" of {len(entry)}" if isinstance(entry, (tuple, list)) else ""
    raise unusable(
        f"{where}: an item is {_a(entry)}{size}; it must be (input, label), an array without a label, or a dict "
        "with the model's inputs and label"
    )


def _by_name(inputs: object) -> dict[str, object]:
    """Inputs by the names of the model's arguments."""
    if not isinstance(inputs, Mapping):
        return {UNNAMED: inputs}
    return {UNNAMED: inputs[INPUT]} if list(inputs) == [INPUT] else {str(name): inputs[name] for name in inputs}


def _of_arrays(given: dict, where: str) -> Items:
    """Samples in arrays, an entry of each a sample."""
    names = ", ".join(map(str, given)) or "nothing"
    inputs, labels = given.pop("inputs", None), given.pop("labels", None)
    if inputs is None:
        raise unusable(f"{where} returned a dict of {names}; it must have inputs")
    inputs = {name: _indexed(value, name or INPUT, where) for name, value in _by_name(inputs).items()}
    # As an array, a list of texts and numbers would be one of texts.
    labels = labels if labels is None or isinstance(labels, (list, tuple)) else _indexed(labels, "labels", where)
    ids, previews, texts = (
        None if value is None else list(value)
        for value in (given.pop(name, None) for name in ("ids", "previews", "texts"))
    )
    attributes = given.pop(ATTRIBUTES, None) or {}
    if not isinstance(attributes, Mapping):
        raise unusable(f"{where} returned attributes as {_a(attributes)}; give a dict, each column by its name")
    attributes = {str(name): list(values) for name, values in attributes.items()}
    class_names, columns, vocabulary = (
        _names_in_order(given.pop(name, None), where, name) for name in ("class_names", *SAID_NAMES)
    )
    target_name = str(given.pop("target_name", "") or "")
    if given:
        raise unusable(
            f"{where} returned {', '.join(map(str, given))}, which is not known; known are inputs, labels, ids, "
            "previews, texts, attributes, class_names, target_name, column_names, vocabulary"
        )
    lengths = {name or INPUT: len(value) for name, value in inputs.items()}
    others = {"labels": labels, "ids": ids, "previews": previews, "texts": texts}
    others |= {f"attribute {name!r}": values for name, values in attributes.items()}
    lengths |= {name: len(value) for name, value in others.items() if value is not None}
    if len(set(lengths.values())) != 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise unusable(f"{where} returned arrays of different lengths: {shown}")
    count = next(iter(lengths.values()))

    def item(index: int) -> Item:
        return Item(
            {name: value[index] for name, value in inputs.items()},
            None if labels is None else labels[index],
            None if ids is None else ids[index],
            None if previews is None else previews[index],
            {name: values[index] for name, values in attributes.items()} or None,
            None if texts is None else texts[index],
        )

    known = [None] * count if labels is None else plain_labels(labels, where)
    return Items(
        count,
        known,
        class_names,
        item,
        target_name=target_name,
        columns=columns or (),
        vocabulary=vocabulary or (),
    )


def _indexed(value: object, name: str, where: str) -> np.ndarray | torch.Tensor:
    """An array of all samples, of which an index gives one: a table's column is indexed by its labels otherwise."""
    if not isinstance(value, torch.Tensor):
        try:
            value = np.asarray(value)
        except ValueError:
            raise unusable(
                f"{where}: {name} has entries of several lengths; bring all to one shape, by padding or resizing"
            ) from None
    if not value.ndim:
        raise unusable(f"{where}: {name} is a single value; it must be an array with an entry for each sample")
    return value


def _of_dataset(dataset: object, where: str) -> Items:
    """Samples that are taken by their index."""
    count = len(dataset)

    def item(index: int) -> Item:
        return _item(dataset[index], where)

    labels, class_names = _said_labels(dataset), _class_names(dataset, where)
    if labels is not None:
        probes = np.unique(np.linspace(0, count - 1, PROBES).astype(int)) if count else []
        found = {int(index): plain_label(item(int(index)).label, where) for index in probes}
        if any(type(label) is not type(labels[index]) for index, label in found.items()):
            labels = None  # Something else: texts of the labels, boxes.
        elif any(label != labels[index] for index, label in found.items()):
            # As with a target_transform. The classes' names are then those of other labels.
            labels = class_names = None
    return Items(count, labels, class_names, item, **_said_names(dataset, where))


def _said_labels(dataset: object) -> list[Label] | None:
    """All labels, where a Dataset says them without reading its samples."""
    if isinstance(dataset, Subset):
        labels = _said_labels(dataset.dataset)
        return None if labels is None else [labels[int(index)] for index in dataset.indices]
    for name in ("targets", "labels"):
        said = getattr(dataset, name, None)
        if said is not None and hasattr(said, "__len__") and len(said) == len(dataset):
            try:
                return plain_labels(said, "")
            except (DataError, ValueError, TypeError):
                continue  # Something else: boxes.
    return None


def _class_names(dataset: object, where: str) -> tuple[str, ...] | None:
    """The names of a Dataset's classes, if it has such a list."""
    if isinstance(dataset, Subset):
        return _class_names(dataset.dataset, where)
    names = getattr(dataset, "classes", None)
    return _names_in_order(names, where) if isinstance(names, (list, tuple, np.ndarray)) and len(names) else None


def _said_names(dataset: object, where: str) -> dict[str, object]:
    """What else a Dataset says of its samples, as attributes of its own: target_name, column_names, vocabulary."""
    if isinstance(dataset, Subset):
        return _said_names(dataset.dataset, where)
    said = {}
    for name, field in SAID_NAMES.items():
        names = getattr(dataset, name, None)
        if isinstance(names, (list, tuple, np.ndarray)):
            said[field] = _names_in_order(names, where, name)
    target_name = getattr(dataset, "target_name", "")
    return said | ({"target_name": target_name} if isinstance(target_name, str) else {})


def _names_in_order(names: object, where: str, what: str = "class_names") -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, (Mapping, set, frozenset, str)):
        order = "labels" if what == "class_names" else "columns" if what == "column_names" else "tokens"
        raise unusable(f"{where} has {what} as {_a(names)}; give a list, in the order of the {order}")
    return tuple(map(str, names))
