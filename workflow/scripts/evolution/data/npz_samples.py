"""Rows of a table, signals and tokens of an .npz archive, and what of them cannot be used."""

import logging
from pathlib import Path

import numpy as np

from evolution.data.contents import check_class_names, unusable
from evolution.data.kinds import PADDING, SIGNALS, TABLE, TOKENS
from evolution.data.npz_archive import read_array
from evolution.data.npz_contents import vocabulary_size
from evolution.data.npz_layout import Layout, PartArrays
from evolution.data.npz_targets import ArchiveTargets, PartTargets, read_texts
from evolution.data.sample_source import SamplePart, SampleSource

log = logging.getLogger("evolution")


def read_samples(layout: Layout, targets: ArchiveTargets) -> SampleSource:
    """Read an archive's samples that are no images.

    Parameters
    ----------
    layout : Layout
    targets : ArchiveTargets

    Raises
    ------
    DataError
        If the samples cannot be used: values that are not finite, tokens that are none, rows of padding alone.
    """
    path, columns, vocabulary = layout.path, (), ()
    warnings: list[str] = []
    if layout.kind == TABLE:
        columns = _columns(layout)
    if layout.kind == TOKENS and "vocabulary" in layout.headers:
        vocabulary = read_texts(path, "vocabulary")
    parts = []
    for arrays, found in zip(layout.parts, (targets.train, targets.evaluation)):
        inputs = read_array(path, arrays.inputs)
        if layout.kind == TABLE:
            inputs = _rows(path, arrays.inputs, inputs, columns)
        elif layout.kind == SIGNALS:
            inputs = _signals(path, arrays.inputs, inputs, warnings)
        else:
            inputs = _tokens(path, arrays, inputs, vocabulary)
        parts.append(_part(layout, arrays, found, inputs))
    return SampleSource(
        kind=layout.kind,
        target=targets.target,
        names=targets.names,
        train=parts[0],
        test=parts[1] if parts[1:] else None,
        target_name=targets.name,
        columns=columns,
        vocabulary=vocabulary,
        vocabulary_size=vocabulary_size(layout) if layout.kind == TOKENS else 0,
        # Both parts may have the same.
        warnings=tuple(dict.fromkeys(warnings)),
        arrays=(layout.train.inputs, layout.parts[-1].inputs),
    )


def _part(layout: Layout, arrays: PartArrays, found: PartTargets, inputs: np.ndarray) -> SamplePart:
    texts = None
    if arrays.texts is not None:
        header = layout.headers[arrays.texts]
        if header.dtype.kind not in "US":
            raise unusable(f"{layout.path}: {arrays.texts} is of type {header.dtype}; must be text")
        texts = np.array(read_texts(layout.path, arrays.texts), str)
    previews = None if arrays.previews is None else read_array(layout.path, arrays.previews)
    return SamplePart(inputs, found.values, found.attributes, texts, previews)


def _columns(layout: Layout) -> tuple[str, ...]:
    """The names of a table's columns: their numbers where the archive has no names."""
    (count,) = layout.sample_shape
    if "column_names" not in layout.headers:
        return tuple(f"column {number}" for number in range(count))
    names = read_texts(layout.path, "column_names")
    if len(names) != count:
        raise unusable(
            f"{layout.path}: column_names has {len(names)} names, and {layout.train.inputs} {count} columns; must have "
            "one for each"
        )
    check_class_names(names, str(layout.path), word="column")
    return names


def _rows(path: Path, name: str, rows: np.ndarray, columns: tuple[str, ...]) -> np.ndarray:
    """Rows of a table as float64 (N, D)."""
    rows = rows.astype(np.float64)
    bad = np.argwhere(~np.isfinite(rows))
    if len(bad):
        row, column = bad[0]
        count = len(np.unique(bad[:, 0]))
        raise unusable(
            f"{path}: {name} has {rows[row, column]} in column {columns[column]!r} of row {row}, and values that are "
            f"not finite in {count} of {len(rows)} rows. Leave these rows out, or fill in the column, such as by its "
            f"median: np.where(np.isfinite({name}), {name}, np.nanmedian({name}, axis=0))"
        )
    return rows


def _signals(path: Path, name: str, signals: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Signals as float64 (N, C, T)."""
    signals = (signals[:, None] if signals.ndim == 2 else signals).astype(np.float64)
    channels, length = signals.shape[1:]
    if length < 2:
        raise unusable(
            f"{path}: {name} has shape {signals.shape}, in which signals have a single sample; they are (N, length) or "
            f"(N, channels, length){f': {name}.transpose(0, 2, 1)' if channels > 1 else ''}"
        )
    bad = np.argwhere(~np.isfinite(signals))
    if len(bad):
        signal, channel, place = bad[0]
        count = len(np.unique(bad[:, 0]))
        raise unusable(
            f"{path}: {name} has {signals[signal, channel, place]} in signal {signal} (channel {channel}, sample "
            f"{place}), and values that are not finite in {count} of {len(signals)} signals. If shorter signals were "
            f"filled up with it, fill up with their last value or cut all to one length; else leave these out"
        )
    if channels > length:
        warnings.append(
            f"The signals have {channels} channels of {length} samples each. If it is the other way round, save "
            f"{name}.transpose(0, 2, 1)."
        )
    return signals


def _tokens(path: Path, arrays: PartArrays, tokens: np.ndarray, vocabulary: tuple[str, ...]) -> np.ndarray:
    """Tokens as int64 (N, T), with the padding at the end."""
    name = arrays.inputs
    wrong = tokens < 0
    if tokens.dtype.kind == "f":
        wrong |= ~np.isfinite(tokens) | (tokens != np.floor(tokens))
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        raise unusable(
            f"{path}: {name} has {tokens[row, place]} in row {row} at position {place}; tokens are whole numbers from "
            "1, and 0 fills texts up to one length"
        )
    if tokens.dtype.kind == "f":
        log.info("%s: %s is of type %s, all whole: taken as tokens", path.name, name, tokens.dtype)
    tokens = tokens.astype(np.int64)
    used = tokens != PADDING if arrays.mask is None else read_array(path, arrays.mask) != 0
    if (used & (tokens == PADDING)).any():
        row, place = np.argwhere(used & (tokens == PADDING))[0]
        raise unusable(
            f"{path}: {name} has the token 0 in row {row} at position {place}, which {arrays.mask} counts as text; "
            f"0 is the padding here. Move all by one: np.where({arrays.mask}, {name} + 1, 0)"
            + (", and begin vocabulary with '<pad>'" if vocabulary else "")
        )
    if vocabulary and (beyond := used & (tokens >= len(vocabulary))).any():
        row, place = np.argwhere(beyond)[0]
        raise unusable(
            f"{path}: {name} has the token {tokens[row, place]} in row {row} at position {place}, and vocabulary has "
            f"{len(vocabulary)} words, of the tokens 0 to {len(vocabulary) - 1}; add the words, or cut the tokens"
        )
    empty = np.flatnonzero(~used.any(axis=1))
    if len(empty):
        raise unusable(
            f"{path}: {len(empty)} rows of {name} are padding alone (as row {empty[0]}); leave texts without a word out"
        )
    if arrays.mask is None:
        _require_padding_at_one_end(path, name, used)
    at_end = (np.diff(used.astype(np.int8), axis=1) <= 0).all()
    if not at_end:
        log.info("%s: padding of %s moved to the end of each row", path.name, name)
        order = np.argsort(~used, axis=1, kind="stable")
        tokens, used = np.take_along_axis(tokens, order, axis=1), np.take_along_axis(used, order, axis=1)
    return np.where(used, tokens, PADDING)


def _require_padding_at_one_end(path: Path, name: str, used: np.ndarray) -> None:
    """Refuse zeros that may be padding, and may be a word: between other tokens, or where all texts begin."""
    if not used[:, 0].any() and used[:, 1:2].all():
        raise unusable(
            f"{path}: each row of {name} begins with one token 0, which is the padding here. If it marks the beginning "
            f"of a text, save {name} + 1, with 0 where there is no token; else cut this column off: {name}[:, 1:]"
        )
    inner = (np.diff(used.astype(np.int8), axis=1) > 0).sum(axis=1) + used[:, 0] > 1
    inner |= ~used[:, 0] & ~used[:, -1]
    if inner.any():
        row = int(np.flatnonzero(inner)[0])
        raise unusable(
            f"{path}: {name} has the token 0 between others or at both ends in row {row}; 0 is the padding here, "
            f"before or after a text. If it is a word, save {name} + 1; and if texts are filled up with another "
            "number, say where they are: attention_mask, 1 where there is a token and 0 where there is none"
        )
