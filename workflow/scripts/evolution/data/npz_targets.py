"""Labels of an .npz archive in the forms that people save them in: as classes, as a number, or as several labels."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from evolution.data.contents import check_class_names, listed, unusable
from evolution.data.kinds import AUTO, CLASSES, LABELS, NONE, NUMBER
from evolution.data.npz_advice import label_advice, label_shape_advice
from evolution.data.npz_archive import read_array
from evolution.data.npz_layout import ONE, Layout

# With more different values than this, and fewer samples of each than that, whole numbers may be amounts.
MANY_VALUES, FEW_EACH = 20, 5


@dataclass(frozen=True)
class PartTargets:
    """The targets of one part.

    Attributes
    ----------
    values : array or None
        As `evolution.data.targets.Targets` has them.
    attributes : dict of str to array (N,)
        The same.
    """

    values: np.ndarray | None
    attributes: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class ArchiveTargets:
    """What the samples of an archive are measured against.

    Attributes
    ----------
    target : str
        See `evolution.data.kinds`.
    names : tuple of str
        Of the classes or of the labels.
    train : PartTargets
    evaluation : PartTargets or None
    name : str
        What the target is called; empty where the archive does not say.
    said : tuple of str
        How labels were understood where they are not classes from 0, for the log.
    """

    target: str
    names: tuple[str, ...]
    train: PartTargets
    evaluation: PartTargets | None
    name: str = ""
    said: tuple[str, ...] = ()


def read_targets(layout: Layout, *, target: str = AUTO) -> ArchiveTargets:
    """The labels, their names and the further columns of an archive; samples are not read.

    Parameters
    ----------
    layout : Layout
    target : str
        As dataset.target says.

    Raises
    ------
    DataError
        If labels cannot be used, or may be understood in two ways.
    """
    path, said = layout.path, []
    labels = {
        part.labels: _flat(read_array(path, part.labels), part.labels, said) for part in layout.parts if part.labels
    }
    names = read_texts(path, "class_names") if "class_names" in layout.headers else None
    if not labels:
        if target not in (AUTO, NONE):
            raise unusable(f"{path} has no labels, and dataset.target is {target}; add labels, or set it to none")
        found, values = NONE, {}
        names = names or ()
    else:
        found, names, values = _Reader(layout, labels, names, target, said).read()
    name = read_texts(path, "target_name")[0] if "target_name" in layout.headers else ""
    parts = [PartTargets(values.get(part.labels), _attributes(layout, part.attributes)) for part in layout.parts]
    return ArchiveTargets(found, names, parts[0], parts[1] if parts[1:] else None, name, tuple(said))


def read_texts(path: Path, name: str) -> tuple[str, ...]:
    """An array of text in one dimension; bytes are read as UTF-8.

    Raises
    ------
    DataError
        If it is none.
    """
    array = read_array(path, name)
    if array.dtype.kind not in "US" or array.ndim > 1:
        raise unusable(
            f"{path}: {name} is of type {array.dtype} and shape {array.shape}; must be text in one dimension: "
            "np.array(['cat', 'dog'])"
        )
    return tuple(map(str, _text(path, name, array.reshape(-1))))


def _text(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """An array of text, of text or bytes."""
    if array.dtype.kind == "U":
        return array
    try:
        return np.char.decode(array, "utf-8")
    except UnicodeDecodeError as error:
        raise unusable(
            f"{path}: {name} holds bytes that are no UTF-8 ({error.reason}); decode them as they were written: "
            f"np.char.decode({name}, 'latin-1')"
        ) from error


def _flat(labels: np.ndarray, name: str, said: list[str]) -> np.ndarray:
    """Labels of one column (N, 1) as (N,)."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        said.append(f"{name} of shape {labels.shape}: its one column")
        return labels[:, 0]
    return labels


# A target, its names, and each part's values by the name of its array.
Found = tuple[str, tuple[str, ...], dict[str, np.ndarray]]


class _Reader:
    """Understands the labels of all parts, which are of one kind."""

    def __init__(
        self, layout: Layout, labels: dict[str, np.ndarray], names: tuple[str, ...] | None, wanted: str, said: list[str]
    ):
        self.path, self.labels, self.names, self.wanted, self.said = layout.path, labels, names, wanted, said
        self.one = ONE[layout.kind]
        self.first = next(iter(labels))

    def read(self) -> Found:
        """The target, the names, and each part's values by the name of its array."""
        shapes = {values.shape[1:] for values in self.labels.values()}
        if len(shapes) > 1:
            raise unusable(
                f"{self.path}: {' and '.join(self.labels)} differ in shape: {sorted(shapes)}; make them alike"
            )
        for name, values in self.labels.items():
            if values.dtype.kind not in "biufUS":
                raise unusable(f"{self.path}: {name} is of type {values.dtype}; labels are numbers or text")
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                advice = label_advice({name: values.reshape(len(values), -1)[:, 0]}) if values.ndim == 1 else ""
                raise unusable(
                    f"{self.path}: {name} holds values that are not finite{advice or '; leave these samples out'}"
                )
        if shapes != {()}:
            return self._columns()
        kinds = {values.dtype.kind for values in self.labels.values()}
        if kinds & set("US"):
            return self._text_classes(kinds)
        if kinds == {"b"}:
            return self._bool_classes()
        return self._numbers()

    def _wants(self, target: str) -> None:
        """Refuse a target that labels of this form cannot be."""
        if self.wanted not in (AUTO, target):
            found = self.labels[self.first]
            raise unusable(
                f"{self.path}: {self.first} is {found.dtype} of shape {found.shape}, and dataset.target is "
                f"{self.wanted}; such labels are {target}"
            )

    def _classes(self, names: tuple[str, ...], values: dict[str, np.ndarray]) -> Found:
        check_class_names(names, str(self.path))
        return CLASSES, names, {name: array.astype(np.int64) for name, array in values.items()}

    def _columns(self) -> Found:
        """Labels of several columns: one-hot classes, or several labels a sample."""
        for name, values in self.labels.items():
            if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
                advice = label_shape_advice(name, values, len(values))
                raise unusable(
                    f"{self.path}: {name} is {values.dtype} of shape {values.shape}; one label for each {self.one}, or "
                    f"columns of 0 and 1{advice}"
                )
        held = {name: values.astype(bool) for name, values in self.labels.items()}
        count = self.labels[self.first].shape[1]
        if self.names is not None and len(self.names) != count:
            raise unusable(
                f"{self.path}: {self.first} has {count} columns, and class_names has {len(self.names)} names; there is "
                "one for each column"
            )
        names = self.names or tuple(map(str, range(count)))
        one_hot = all((values.sum(axis=1) == 1).all() for values in held.values())
        if one_hot and self.wanted in (AUTO, CLASSES):
            self.said.append(
                f"{self.first} has one 1 in each row: taken as classes. For several labels a sample: "
                "dataset: {target: labels}"
            )
            classes = {name: values.argmax(axis=1) for name, values in held.items()}
            self._require_all(classes, np.arange(count), names)
            return self._classes(names, classes)
        self._wants(LABELS)
        check_class_names(names, str(self.path), word="label")
        for name, values in held.items():
            constant = np.flatnonzero(values.all(axis=0) | ~values.any(axis=0))
            if len(constant):
                column = int(constant[0])
                raise unusable(
                    f"{self.path}: {name} holds {int(values[0, column])} alone in column {column} (label "
                    f"{names[column]!r}), so nothing can be told of it; leave the column out: "
                    f"np.delete({name}, {column}, axis=1)"
                )
        self.said.append(f"{self.first} has rows of 0 and 1: taken as {count} labels, each of which holds or not")
        return LABELS, names, held

    def _text_classes(self, kinds: set[str]) -> Found:
        self._wants(CLASSES)
        if not kinds <= set("US"):
            raise unusable(f"{self.path}: {' and '.join(self.labels)} are text and numbers; make them alike")
        texts = {name: _text(self.path, name, values) for name, values in self.labels.items()}
        for name, values in texts.items():
            empty = np.flatnonzero(np.char.str_len(np.char.strip(values)) == 0)
            if len(empty):
                raise unusable(
                    f"{self.path}: {name} is empty at position {empty[0]}; leave {self.one}s without a label out"
                )
        values = np.unique(np.concatenate([*texts.values()]))
        names = self.names
        if names is None:
            names = tuple(map(str, values))
        elif others := sorted({*map(str, values)} - {*names}):
            name = next(name for name, values in texts.items() if others[0] in values)
            raise unusable(f"{self.path}: {name} has {others[0]!r}, which is not among class_names")
        number = {name: place for place, name in enumerate(names)}
        classes = {name: np.array([number[str(value)] for value in values], np.int64) for name, values in texts.items()}
        self._require_all(classes, np.arange(len(names)), names)
        self.said.append(f"{self.first} is text: taken as {len(names)} classes ({listed(names)})")
        return self._classes(names, classes)

    def _bool_classes(self) -> Found:
        self._wants(CLASSES)
        names = self.names or ("False", "True")
        if len(names) != 2:
            raise unusable(f"{self.path}: {self.first} is bool, and class_names has {len(names)} names; must have two")
        classes = {name: values.astype(np.int64) for name, values in self.labels.items()}
        self._require_all(classes, np.arange(2), names)
        self.said.append(f"{self.first} is bool: taken as the classes {names[0]} and {names[1]}")
        return self._classes(names, classes)

    def _numbers(self) -> Found:
        every = np.concatenate([values.astype(np.float64) for values in self.labels.values()])
        # Unsigned numbers beyond those of float64 would be rounded; no class has such a number.
        whole = bool((every == np.rint(every)).all())
        floats = any(values.dtype.kind == "f" for values in self.labels.values())
        if self.wanted == NUMBER or (self.wanted == AUTO and not whole):
            return self._number(every)
        self._wants(CLASSES)
        if not whole:
            raise unusable(
                f"{self.path}: {self.first} has fractions, and dataset.target is classes"
                f"{label_advice(self.labels, named=self.names is not None)}"
            )
        values = np.unique(every)
        from_zero = bool((values == np.arange(len(values))).all())
        many = len(values) > MANY_VALUES and len(values) * FEW_EACH > len(every)
        odd = floats and not from_zero
        # An amount has no class_names.
        if self.wanted == AUTO and self.names is None and (many or odd):
            how = f"{len(values)} different values" if many else listed(_shown(values))
            raise unusable(
                f"{self.path}: {self.first} is {self.labels[self.first].dtype} of whole numbers ({how}), which may be "
                "classes or an amount; say which: dataset: {target: classes} or dataset: {target: number}"
            )
        if floats:
            self.said.append(f"{self.first} is of type {self.labels[self.first].dtype}, all whole: taken as classes")
        return self._whole_classes({name: array.astype(np.int64) for name, array in self.labels.items()})

    def _number(self, every: np.ndarray) -> Found:
        if every.min() == every.max():
            raise unusable(f"{self.path}: {self.first} is {every[0]:g} everywhere, so there is nothing to learn")
        if self.names is not None:
            self.said.append("class_names is not read, as the target is a number")
        self.said.append(f"{self.first} from {every.min():g} to {every.max():g}: taken as a number")
        return NUMBER, (), {name: values.astype(np.float64) for name, values in self.labels.items()}

    def _whole_classes(self, labels: dict[str, np.ndarray]) -> Found:
        """Classes of whole numbers: from 0 without gaps, from 1, or of any values where they have no names."""
        values = np.unique(np.concatenate([*labels.values()]))
        names, advice = self.names, label_advice(self.labels, named=self.names is not None)
        if values[0] < 0 and values.tolist() != [-1, 1]:
            name = next(name for name, each in labels.items() if each.min() < 0)
            raise unusable(
                f"{self.path}: {name} has {labels[name].min()}; labels are whole numbers from 0. Leave out {self.one}s "
                f"without a label, where this number stands for them{advice}"
            )
        if names is None:
            self._require_all(labels, values, None)
            names = tuple(_shown(values))
            if (values == np.arange(len(values))).all():
                return self._classes(names, labels)
            self.said.append(
                f"{self.first} has {len(values)} values from {values[0]} to {values[-1]}: taken as the classes "
                f"{listed(names)}"
            )
            return self._classes(names, {name: np.searchsorted(values, each) for name, each in labels.items()})
        if len(values) == len(names) and (values == np.arange(1, len(values) + 1)).all():
            self._require_all(labels, values, names)
            self.said.append(
                f"{self.first} is from 1 to {len(names)}, and there are as many class_names: {listed(names)}"
            )
            return self._classes(names, {name: each - 1 for name, each in labels.items()})
        if values[-1] >= len(names) or values[0] < 0:
            name = next(name for name, each in labels.items() if each.max() >= len(names) or each.min() < 0)
            worst = labels[name].min() if values[0] < 0 else labels[name].max()
            raise unusable(
                f"{self.path}: {name} has {worst}, and class_names has {len(names)} names; labels are from 0 "
                f"to {len(names) - 1}, or a name is missing"
            )
        self._require_all(labels, np.arange(len(names)), names)
        return self._classes(names, labels)

    def _require_all(self, labels: dict[str, np.ndarray], values: np.ndarray, names: tuple[str, ...] | None) -> None:
        """Refuse a part that has no sample of a class."""
        for name, each in labels.items():
            missing = np.setdiff1d(values, each)
            if not len(missing):
                continue
            place = int(np.searchsorted(values, missing[0]))
            called = f" ({names[place]!r})" if names else ""
            if self.labels[name].dtype.kind not in "iu" or self.labels[name].ndim > 1:
                raise unusable(
                    f"{self.path}: {name} has no {self.one} of class {place}{called}, of {len(values)}; leave "
                    "the class out, or add some"
                )
            raise unusable(
                f"{self.path}: {name} has no {self.one} of class {missing[0]}{called}, of {len(values)}; number the "
                f"classes that there are from 0 without gaps{label_advice(self.labels, named=names is not None)}"
            )


def _shown(values: np.ndarray) -> list[str]:
    """Whole numbers as text."""
    return [str(int(value)) for value in values]


def _attributes(layout: Layout, arrays: dict[str, str]) -> dict[str, np.ndarray]:
    """The further columns of a part, by their names: numbers as float64, all else as text."""
    columns = {}
    for name, array in arrays.items():
        values = read_array(layout.path, array).reshape(-1)
        if values.dtype.kind in "iuf":
            columns[name] = values.astype(np.float64)
            if np.isinf(columns[name]).any():
                place = int(np.flatnonzero(np.isinf(columns[name]))[0])
                raise unusable(f"{layout.path}: {array} is infinite at position {place}; leave it missing: np.nan")
        elif values.dtype.kind in "US":
            columns[name] = _text(layout.path, array, values)
        elif values.dtype.kind == "b":
            columns[name] = np.where(values, "True", "False")
        else:
            raise unusable(f"{layout.path}: {array} is of type {values.dtype}; a column is numbers or text")
    check_class_names(tuple(columns), str(layout.path), word="column")
    return columns
