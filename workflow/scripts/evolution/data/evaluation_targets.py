"""What labels of evaluation samples mean that a person's own code or files give: classes, a number, several labels."""

import logging
import math
from collections.abc import Sequence

import numpy as np

from evolution.data.contents import check_class_names, listed, unusable
from evolution.data.evaluation_samples import checked_names
from evolution.data.kinds import AUTO, CLASSES, LABELS, NONE, NUMBER

log = logging.getLogger("evolution")

# A label as it comes: a class or a number, a text, one value for each of several labels; or none.
Label = int | float | bool | str | tuple | None

# The line to write where labels have two meanings.
SAY_WHICH = "say which: dataset: {target: classes}, or dataset: {target: number}"


def plain_label(label: object, where: str) -> Label:
    """A label without its array or tensor: a number or text, or a tuple of numbers.

    Raises
    ------
    DataError
        If it is none of these.
    """
    if hasattr(label, "detach"):
        label = label.detach().cpu().numpy()
    if isinstance(label, (list, tuple)):
        label = np.asarray(label)
    if isinstance(label, (np.ndarray, np.generic)):
        shape = label.shape
        if math.prod(shape) == 1:
            label = label.item()
        elif len(shape) == 1 and shape[0] and label.dtype.kind in "biuf":
            return tuple(label.tolist())
        else:
            raise unusable(
                f"{where} gives a label of shape {tuple(shape)}; a label is one value, or a row of 0 and 1 with an "
                "entry for each of several labels"
            )
    if label is not None and not isinstance(label, (int, float, bool, str)):
        raise unusable(
            f"{where} gives the label {label!r}; labels are whole numbers from 0, numbers, texts or rows of 0 and 1"
        )
    return label


def plain_labels(labels: object, where: str) -> list[Label]:
    """All labels of an array, a table's column or a list; see `plain_label`."""
    if hasattr(labels, "detach"):
        labels = labels.detach().cpu().numpy()
    if not isinstance(labels, np.ndarray):
        labels = list(labels)
    if isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype.kind in "biufU":
        return labels.tolist()
    return [plain_label(label, where) for label in labels]


def read_targets(
    labels: Sequence[Label], names: tuple[str, ...] | None, where: str, *, how_to_name: str, asked: str = AUTO
) -> tuple[str, np.ndarray | None, tuple[str, ...]]:
    """Labels by their meaning.

    Parameters
    ----------
    labels : sequence of Label (N,)
    names : tuple of str or None
        Of the classes or the labels, where they are given.
    where : str
        Where the samples come from, for messages.
    how_to_name : str
        How classes are named there, for messages.
    asked : str
        `dataset.target` of the config.

    Returns
    -------
    target : str
        One of `evolution.data.kinds.TARGETS`.
    values : array or None
        See `evolution.data.targets.Targets`.
    names : tuple of str

    Raises
    ------
    DataError
        If they have no meaning, or two.
    """
    missing = [index for index, label in enumerate(labels) if label is None]
    if asked == NONE or len(missing) == len(labels):
        if asked not in (AUTO, NONE):
            raise unusable(f"{where} gives no labels, and dataset.target is {asked}; give them, or set it to none")
        return NONE, None, names or ()
    if missing:
        raise unusable(
            f"{where} gives no label of sample {missing[0]}, and labels of others; leave samples without a label out, "
            "or set dataset: {target: none}"
        )
    forms = {type(label) for label in labels}
    if forms == {int, float}:
        forms = {float}
    if len(forms) > 1:
        shown = ", ".join(sorted(form.__name__ for form in forms))
        raise unusable(f"{where} gives labels of several types ({shown}); make them alike")
    form = forms.pop()
    read = {tuple: _rows, str: _texts, bool: _switches, int: _whole, float: _floats}[form]
    return read(labels, names, where, how_to_name, asked)


def _refuse(target: str, what: str, where: str, asked: str) -> None:
    """Refuse what is asked for where labels of this form cannot be it."""
    if asked not in (AUTO, target):
        raise unusable(f"{where} gives {what} as labels, which are {target}, and dataset.target is {asked}")


def _rows(labels: Sequence[tuple], names: tuple[str, ...] | None, where: str, how_to_name: str, asked: str) -> tuple:
    """Rows of 0 and 1: several labels, or classes where one holds in each row."""
    widths = {len(row) for row in labels}
    if len(widths) > 1:
        raise unusable(f"{where} gives rows of {min(widths)} and of {max(widths)} labels; make them alike")
    array = np.array(labels, np.float64)
    if not np.isin(array, (0, 1)).all():
        sample = int(np.flatnonzero(~np.isin(array, (0, 1)).all(axis=1))[0])
        raise unusable(
            f"{where} gives the labels {list(labels[sample])} of sample {sample}; a row of several labels is of 0 and 1"
        )
    held = array.astype(bool)
    if names is not None and len(names) != held.shape[1]:
        raise unusable(f"{where} has {len(names)} names of classes, and rows of {held.shape[1]} labels; name each one")
    names = names or tuple(map(str, range(held.shape[1])))
    if asked != LABELS and (held.sum(axis=1) == 1).all():
        _refuse(CLASSES, "rows with one 1 each", where, asked)
        log.info("Each row of labels has one 1: taken as classes. For several labels: dataset: {target: labels}")
        values = held.argmax(axis=1).astype(np.int64)
        return CLASSES, values, checked_names(names, values, where, how_to_name=how_to_name)
    _refuse(LABELS, "rows of 0 and 1", where, asked)
    check_class_names(names, where, word="label")
    if not held.any():
        raise unusable(f"{where} gives rows of labels of which none holds; at least one does of some sample")
    return LABELS, held, names


def _texts(labels: Sequence[str], names: tuple[str, ...] | None, where: str, how_to_name: str, asked: str) -> tuple:
    """Texts as classes, in the order of the names, or else of the alphabet."""
    _refuse(CLASSES, "texts", where, asked)
    found = sorted(set(labels))
    if names is None:
        names = tuple(found)
        log.info("Labels are texts: taken as classes in the order of the alphabet, %s", listed(names))
    elif others := [text for text in found if text not in names]:
        raise unusable(
            f"{where} gives the label {others[0]!r}, which is none of the names of classes ({listed(names)})"
        )
    number = {name: place for place, name in enumerate(names)}
    values = np.array([number[label] for label in labels], np.int64)
    return CLASSES, values, checked_names(names, values, where, how_to_name=how_to_name)


def _switches(labels: Sequence[bool], names: tuple[str, ...] | None, where: str, how_to_name: str, asked: str) -> tuple:
    """False and True as two classes."""
    _refuse(CLASSES, "False and True", where, asked)
    values = np.array(labels).astype(np.int64)
    return CLASSES, values, checked_names(names or ("False", "True"), values, where, how_to_name=how_to_name)


def _whole(labels: Sequence[int], names: tuple[str, ...] | None, where: str, how_to_name: str, asked: str) -> tuple:
    """Whole numbers as classes, counted from 0 as a model's outputs are; or as a number, where that is asked for."""
    if asked == NUMBER:
        return _number(np.array(labels, np.float64), where)
    _refuse(CLASSES, "whole numbers", where, asked)
    negative = next((label for label in labels if label < 0), None)
    if negative is not None:
        raise unusable(
            f"{where} gives the label {negative!r}; labels are whole numbers from 0. For a number to predict: "
            "dataset: {target: number}"
        )
    values = np.array(labels, np.int64)
    return CLASSES, values, checked_names(names, values, where, how_to_name=how_to_name)


def _floats(labels: Sequence[float], names: tuple[str, ...] | None, where: str, how_to_name: str, asked: str) -> tuple:
    """Numbers with a fraction as a number; without any they may be classes too."""
    values = np.array(labels, np.float64)
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd):
        raise unusable(
            f"{where} gives the label {values[odd[0]]} of sample {odd[0]}; leave samples without a label out"
        )
    whole = bool((values == np.rint(values)).all())
    if whole and asked == AUTO:
        raise unusable(
            f"{where} gives labels that are floats without a fraction ({listed(np.unique(values).tolist())}), which "
            f"may be classes or a number; {SAY_WHICH}"
        )
    if asked in (AUTO, NUMBER):
        return _number(values, where)
    if not whole:
        _refuse(NUMBER, "numbers with a fraction", where, asked)
    return _whole([int(value) for value in values], names, where, how_to_name, asked)


def _number(values: np.ndarray, where: str) -> tuple:
    if values.min() == values.max():
        raise unusable(f"{where} gives the label {values[0]:g} of every sample, so there is nothing to measure against")
    return NUMBER, values, ()
