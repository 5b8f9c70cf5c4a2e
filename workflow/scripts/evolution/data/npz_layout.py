"""Which array of an .npz archive holds what: the names that are read, the kind of the samples, whether shapes fit."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evolution.data.contents import FEWEST, unusable
from evolution.data.kinds import AUTO, IMAGES, NONE, SIGNALS, TABLE, TOKENS
from evolution.data.npz_advice import label_shape_advice
from evolution.data.npz_archive import Header, image_axes, image_shape, read_array, read_headers
from evolution.errors import DataError

# The arrays that samples are in, and the kind that their name says.
SAMPLES = {"images": IMAGES, "tokens": TOKENS, "rows": TABLE, "signals": SIGNALS, "inputs": None}
NAME_OF = {kind: name for name, kind in SAMPLES.items() if kind is not None}

# The arrays that hold for both parts.
OF_ALL = ("class_names", "column_names", "vocabulary", "target_name")

# The parts to evaluate on that published sets have, the one that is taken first.
EVALUATION = ("test", "val", "valid")

# Floats of three axes are images where both sides are the same and as long as this.
SQUARE = 8

ONE = {IMAGES: "image", TOKENS: "sample", TABLE: "row", SIGNALS: "signal"}

AXES = {
    TOKENS: "tokens are whole numbers (N, length)",
    TABLE: "rows of a table are numbers (N, columns)",
    SIGNALS: "signals are numbers (N, length) or (N, channels, length)",
}


@dataclass(frozen=True)
class PartArrays:
    """The names of the arrays of one part.

    Attributes
    ----------
    inputs : str
    labels, mask, texts, previews : str or None
        None where there is no such array.
    attributes : dict of str to str
        The array of each further column, by the column's name.
    """

    inputs: str
    labels: str | None
    mask: str | None = None
    texts: str | None = None
    previews: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """What an archive holds, as its headers say.

    Attributes
    ----------
    path : Path
    kind : str
        See `evolution.data.kinds`.
    train : PartArrays
    evaluation : PartArrays or None
    headers : dict of str to Header
        Of all arrays.
    said : tuple of str
        How the archive was understood where that is not plain from its names, for the log.
    """

    path: Path
    kind: str
    train: PartArrays
    evaluation: PartArrays | None
    headers: dict[str, Header]
    said: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[PartArrays, ...]:
        """The part to train on and, where there is one, the part to evaluate on."""
        return (self.train,) if self.evaluation is None else (self.train, self.evaluation)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample, as `evolution.data.kinds.DataFacts` has it."""
        header = self.headers[self.train.inputs]
        if self.kind == IMAGES:
            return image_shape(self.path, self.train.inputs, header)
        # Signals without channels have one.
        return (1, *header.shape[1:]) if self.kind == SIGNALS and len(header.shape) == 2 else header.shape[1:]


def find_layout(path: Path, *, kind: str = AUTO, target: str = AUTO) -> Layout:
    """What an archive holds; no values are read, except to advise where labels do not fit.

    Parameters
    ----------
    path : Path
    kind, target : str
        As dataset.kind and dataset.target say.

    Raises
    ------
    DataError
        If the archive cannot be read, an array is missing, shapes or types do not fit, or it is not plain what an array
        holds.
    """
    headers, others = read_headers(path)
    names, word, said = _named_parts(path, headers, others, kind, target)
    for part in names:
        for name in (part.inputs, part.labels, part.mask, part.texts, part.previews, *part.attributes.values()):
            if name is not None:
                _require_plain(path, name, headers[name])
    for name in OF_ALL:
        if name in headers:
            _require_plain(path, name, headers[name])
    found, more = _kind(path, names[0].inputs, word, headers, kind)
    names, unread = _looked_at(names, found)
    more += unread
    layout = Layout(path, found, names[0], names[1] if names[1:] else None, headers, (*said, *more))
    for part in layout.parts:
        _check_part(layout, part)
    if layout.evaluation is not None:
        _require_alike(layout)
    count = sum(headers[part.inputs].shape[0] for part in layout.parts)
    if count < FEWEST:
        raise unusable(f"{path}: {layout.train.inputs} has {count} {ONE[found]}s; at least {FEWEST} are needed")
    return layout


def _named_parts(
    path: Path, headers: dict[str, Header], others: list[str], kind: str, target: str
) -> tuple[list[PartArrays], str, list[str]]:
    """The arrays of each part, the word of `SAMPLES` that names the samples, and what the log says."""
    wanted = [name for name, its_kind in SAMPLES.items() if kind in (AUTO, its_kind) or its_kind is None]
    own = [name for name in SAMPLES if name in headers]
    if len(own) > 1 and kind != AUTO:
        own = [name for name in own if name in wanted] or own
    if len(own) > 1:
        raise unusable(
            f"{path} has {' and '.join(own)}, and each sample is one of them; leave the others out, or say which is "
            f"meant: dataset: {{kind: {SAMPLES[own[0]] or TABLE}}}"
        )
    if own:
        word = own[0]
        train, labels = _part(headers, word, "labels", ""), "labels"
        candidates = [(f"eval_{word}", "eval_labels")]
    else:
        word, train, labels, candidates = _published(path, headers, others)
    said = []
    if target == NONE:
        unread = [name for name in (labels, *(pair[1] for pair in candidates)) if name in headers]
        said += [f"not read, as dataset.target is none: {', '.join(unread)}"] if unread else []
        headers = {name: header for name, header in headers.items() if name not in unread}
        train = replace(train, labels=None)
    elif train.labels is None and target == AUTO:
        known = {each for pair in candidates for each in pair} | {name for name in headers if name.startswith("eval_")}
        _require_no_labels(path, headers, train, labels, known)
        said.append("there are no labels")
    parts, faults = [train], {}
    for inputs, its_labels in candidates:
        if inputs not in headers and its_labels not in headers:
            continue
        if fault := _one_of_two(path, headers, inputs, its_labels, train):
            faults[inputs] = fault
        elif len(parts) == 1:
            parts.append(_part(headers, inputs, its_labels, "eval_"))
        else:
            said.append(f"not read, as {parts[1].inputs} is there to evaluate on: {inputs}")
    if len(parts) == 1 and faults:
        raise unusable(next(iter(faults.values())))
    said += [f"not read, as it has no labels: {inputs}" for inputs in faults if inputs in headers]
    if not own:
        two = f", and {parts[1].inputs} to evaluate on" if parts[1:] else ""
        said.insert(0, f"{train.inputs} to train on{two}")
    if parts[1:] and (only := sorted({*parts[0].attributes} ^ {*parts[1].attributes})):
        missing = ("eval_" if only[0] in parts[0].attributes else "") + f"attribute_{only[0]}"
        raise unusable(f"{path}: the column {only[0]!r} is there of one part alone; add {missing}, or leave both out")
    if parts[1:] and (parts[0].mask is None) != (parts[1].mask is None):
        there, missing = ("", "eval_") if parts[1].mask is None else ("eval_", "")
        raise unusable(
            f"{path} has {there}attention_mask and no {missing}attention_mask, so the padding of one part would count "
            "as text; add it, or leave both out where the padding is 0"
        )
    return parts, word, said


def _published(
    path: Path, headers: dict[str, Header], others: list[str]
) -> tuple[str, PartArrays, str, list[tuple[str, str]]]:
    """The word of `SAMPLES`, the training part, its labels' name, and the names of the parts to evaluate on.

    The parts are under the names of published sets: train_images and test_images, or x_train and x_test.
    """
    medmnist = [name for name in SAMPLES if f"train_{name}" in headers]
    keras = [letter for letter in ("x", "X") if f"{letter}_train" in headers]
    if len(medmnist) + len(keras) > 1:
        both = [*(f"train_{name}" for name in medmnist), *(f"{letter}_train" for letter in keras)]
        raise unusable(f"{path} has {' and '.join(both)}, of which one is to be trained on; leave the others out")
    if medmnist:
        word = medmnist[0]
        train = _part(headers, f"train_{word}", "train_labels", "")
        return word, train, "train_labels", [(f"{part}_{word}", f"{part}_labels") for part in EVALUATION]
    if keras:
        x, y = keras[0], "Y" if "Y_train" in headers else "y"
        train = _part(headers, f"{x}_train", f"{y}_train", "")
        return "inputs", train, f"{y}_train", [(f"{x}_{part}", f"{y}_{part}") for part in EVALUATION]
    found = [f"{name} ({header.dtype} {header.shape})" for name, header in headers.items()] + others
    raise unusable(
        f"{path} has none of the arrays {', '.join(SAMPLES)}; it has {', '.join(found) or 'nothing'}. "
        f"{_names_that_fit(headers)}"
    )


def _names_that_fit(headers: dict[str, Header]) -> str:
    """The line that saves arrays under names that are read, as a sentence."""
    numbers = {name: header for name, header in headers.items() if header.dtype.kind in "biuf" and header.shape}
    several = [name for name, header in numbers.items() if len(header.shape) in (2, 3, 4)]
    name = max(several, key=lambda each: math.prod(numbers[each].shape), default=None)
    if name is None:
        return "Samples are one of these, such as: np.savez_compressed(file, rows=..., labels=...)"
    shape, dtype = headers[name].shape, headers[name].dtype
    images = len(shape) == 4 or (len(shape) == 3 and (dtype == np.uint8 or shape[1] == shape[2] >= SQUARE))
    words = ["images"] if images else ["signals"] if len(shape) == 3 else ["rows", "signals"]
    if len(shape) == 2 and dtype.kind in "iu":
        words = ["rows", "tokens"]
    others = [each for each, header in headers.items() if each != name and header.shape[:1] == shape[:1]]
    # Labels are of one value a sample more often than of several.
    labels = min(
        others,
        key=lambda each: (each not in ("y", "labels", "label", "target"), len(headers[each].shape)),
        default=None,
    )
    more = f", labels={labels}" if labels else ""
    lines = " or ".join(f"np.savez_compressed(file, {word}={name}{more})" for word in words)
    return f"If {name} holds the samples, save it as what it is: {lines}"


def _one_of_two(path: Path, headers: dict[str, Header], inputs: str, labels: str, train: PartArrays) -> str | None:
    """What is wrong where a part has inputs without labels, or labels without inputs."""
    if inputs not in headers:
        return f"{path} has {labels} without {inputs}; add {inputs}, or leave both out"
    if train.labels is not None and labels not in headers:
        return f"{path} has {inputs} without {labels}; add {labels}, or leave both out"
    if train.labels is None and labels in headers:
        return f"{path} has {labels} and no labels of {train.inputs}; add these, or leave {labels} out"
    return None


def _part(headers: dict[str, Header], inputs: str, labels: str, prefix: str) -> PartArrays:
    """The arrays of one part, of which `inputs` is known to be there."""

    def known(name: str) -> str | None:
        return name if name in headers else None

    start = f"{prefix}attribute_"
    attributes = {name.removeprefix(start): name for name in headers if name.startswith(start) and name != start}
    return PartArrays(
        inputs,
        known(labels),
        mask=known(f"{prefix}attention_mask"),
        texts=known(f"{prefix}texts"),
        previews=known(f"{prefix}previews"),
        attributes=attributes,
    )


def _looked_at(parts: list[PartArrays], kind: str) -> tuple[list[PartArrays], list[str]]:
    """The parts, of which only samples that are no images and are followed have previews; and what the log says."""
    kept = [replace(part, previews=None) for part in parts]
    if kind != IMAGES:
        kept[-1] = parts[-1]
    reason = "images are looked at themselves" if kind == IMAGES else f"samples of {parts[-1].inputs} are looked at"
    unread = [part.previews for part, other in zip(parts, kept) if part.previews is not None and other.previews is None]
    return kept, [f"not read, as {reason}: {', '.join(unread)}"] if unread else []


def _require_no_labels(path: Path, headers: dict[str, Header], part: PartArrays, labels: str, known: set[str]) -> None:
    """Refuse samples without labels where another array of the archive may be the labels.

    `known` are arrays that are something else.
    """
    used = {part.inputs, part.mask, part.texts, part.previews, *part.attributes.values(), *SAMPLES, *OF_ALL, *known}
    count = headers[part.inputs].shape[:1]
    like = [name for name, header in headers.items() if name not in used and header.shape[:1] == count]
    if like and count:
        raise unusable(
            f"{path} has no array {labels}; it has {', '.join(headers)}. If {like[0]} holds the labels, save it as "
            f"{labels}; a column to colour by is attribute_{like[0]}; and if there are none, say so: "
            "dataset: {target: none}"
        )


def _require_plain(path: Path, name: str, header: Header) -> None:
    """Refuse arrays of Python objects, and of records."""
    if header.dtype.names:
        raise unusable(
            f"{path}: {name} holds records of {', '.join(header.dtype.names[:3])}; save it as one array of numbers: "
            f"np.lib.recfunctions.structured_to_unstructured({name}), with column_names=np.array({name}.dtype.names)"
        )
    if not header.dtype.hasobject:
        return
    text = name in OF_ALL or name.endswith("texts") or "attribute_" in name
    if text:
        mend = f"{name}.astype(str)"
    elif any(word in name for word in ("signals", "tokens")):
        mend = (
            "if they are of several lengths, pad them to one first: longest = max(map(len, "
            f"{name})); np.stack([np.pad(each, (0, longest - len(each))) for each in {name}])"
        )
    elif any(word in name for word in ("images", "rows", "inputs", "x_", "X_")):
        mend = (
            f"np.stack({name}); rows of several lengths first padded to one: longest = max(map(len, {name})); "
            f"np.stack([np.pad(each, (0, longest - len(each))) for each in {name}])"
        )
    else:
        mend = f"np.array({name}.tolist())"
    raise unusable(
        f"{path}: {name} holds Python objects, a pickle, which is not read as it can run code; save it as an array of "
        f"numbers or text: {mend}"
    )


def _kind(path: Path, name: str, word: str, headers: dict[str, Header], wanted: str) -> tuple[str, list[str]]:
    """The kind of the samples, and what the log says of it."""
    said = SAMPLES[word]
    if said is not None:
        if wanted not in (AUTO, said):
            raise unusable(
                f"{path} has {name}, and dataset.kind is {wanted}; call the array {NAME_OF[wanted]}, or leave "
                "dataset.kind out"
            )
        return said, []
    if wanted != AUTO:
        return wanted, []
    shape, dtype = headers[name].shape, headers[name].dtype
    where = f"{path}: {name} is {dtype} of shape {shape}"
    marks = {"vocabulary": TOKENS, "attention_mask": TOKENS, "texts": TOKENS, "column_names": TABLE}
    if len(shape) == 2:
        for mark, kind in marks.items():
            if mark in headers:
                return kind, [f"{name} of {shape[1]} {_parts_of(kind)}, as there is {mark}"]
        if dtype.kind in "iub":
            kinds = [TOKENS, TABLE]
            side = round(shape[1] ** 0.5)
            images = (
                f"; if they are images: {name}.reshape(-1, {side}, {side})" if side > 1 and side**2 == shape[1] else ""
            )
            raise _two_meanings(where, kinds, images)
        raise _two_meanings(where, [TABLE, SIGNALS])
    if len(shape) == 3:
        if dtype == np.uint8 or dtype.kind == "b":
            return IMAGES, []
        if shape[1] == shape[2] >= SQUARE:
            return IMAGES, [
                f"{name} of {shape[1]} x {shape[2]} are images; if they are signals: dataset: {{kind: signals}}"
            ]
        raise _two_meanings(where, [IMAGES, SIGNALS])
    if len(shape) == 4:
        return IMAGES, []
    column = f": {name}[:, None] for one column" if len(shape) == 1 else ""
    raise unusable(f"{where}; {AXES[TABLE]}, {AXES[SIGNALS]}, and images have three axes or four{column}")


def _parts_of(kind: str) -> str:
    return {TOKENS: "tokens each", TABLE: "columns"}[kind]


def _two_meanings(where: str, kinds: list[str], more: str = "") -> DataError:
    """The error for an array that may be samples of several kinds."""
    lines = " or ".join(f"dataset: {{kind: {kind}}}" for kind in kinds)
    return unusable(f"{where}, which may be {' or '.join(kinds)}; say which: {lines}{more}")


def _check_part(layout: Layout, part: PartArrays) -> None:
    """Check types and shapes of the arrays of a part against each other."""
    path, headers, kind = layout.path, layout.headers, layout.kind
    header = headers[part.inputs]
    if kind == IMAGES:
        if header.dtype.kind not in "iufb":
            raise unusable(f"{path}: {part.inputs} is of type {header.dtype}; pixels must be whole numbers or floats")
        image_axes(path, part.inputs, header.shape)
    else:
        allowed = (2, 3) if kind == SIGNALS else (2,)
        numbers = "iuf" if kind == TOKENS else "iufb"
        if header.dtype.kind not in numbers or len(header.shape) not in allowed or 0 in header.shape:
            raise unusable(f"{path}: {part.inputs} is {header.dtype} of shape {header.shape}; {AXES[kind]}")
    count = header.shape[0]
    if part.mask is not None and kind == TOKENS and headers[part.mask].shape != header.shape:
        raise unusable(
            f"{path}: {part.mask} has shape {headers[part.mask].shape} and {part.inputs} {header.shape}; must be alike"
        )
    for name in (*part.attributes.values(), *([part.texts] if part.texts else [])):
        shape = headers[name].shape
        if shape not in ((count,), (count, 1)):
            raise unusable(
                f"{path}: {name} has shape {shape} and {part.inputs} {header.shape}; {name} must be ({count},), one "
                f"for each {ONE[kind]}"
            )
    if part.previews is not None and headers[part.previews].shape[:1] != (count,):
        raise unusable(
            f"{path}: {part.previews} has shape {headers[part.previews].shape} and {part.inputs} {header.shape}; must "
            f"be {count} images, one for each {ONE[kind]}"
        )
    if part.labels is not None:
        shape = headers[part.labels].shape
        if len(shape) not in (1, 2) or shape[0] != count or 0 in shape:
            advice = label_shape_advice(part.labels, read_array(path, part.labels), count)
            raise unusable(
                f"{path}: {part.labels} has shape {shape} and {part.inputs} {header.shape}; {part.labels} must be "
                f"({count},), one for each {ONE[kind]}{advice}"
            )


def _require_alike(layout: Layout) -> None:
    """Check that samples of both parts have one shape."""
    path, names = layout.path, [part.inputs for part in layout.parts]
    if layout.kind == IMAGES:
        shapes = [image_shape(path, name, layout.headers[name]) for name in names]
        axes = " (channels, height, width)"
    else:
        shapes, axes = [layout.headers[name].shape[1:] for name in names], ""
    if shapes[0] != shapes[1]:
        raise unusable(f"{path}: {names[0]} are {shapes[0]}{axes} and {names[1]} {shapes[1]}; make them alike")
