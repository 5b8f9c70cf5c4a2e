"""Columns that samples have in addition to their target: numbers or text, checked."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from evolution.data.attribute_table import check_attribute_names, csv_rows
from evolution.data.contents import unusable

# What programs write into a CSV where a value is missing.
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None")
# 007 and 1_000 are names or codes: as numbers some of them would be the same.
NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def attribute_columns(given: Mapping[str, Sequence], where: str) -> dict[str, np.ndarray]:
    """Columns by their names, each as numbers or as text.

    Parameters
    ----------
    given : mapping of str to sequence (N,)
        Numbers and texts; None or NaN where a value is missing.
    where : str
        Where they come from, for messages.

    Returns
    -------
    dict of str to array (N,)
        float64 with NaN for what is missing; or text, empty where it is. False and True become text.

    Raises
    ------
    DataError
        If a name cannot be written, or a value is neither a number nor a text.
    """
    check_attribute_names(given, where)
    return {name: _column(values, name, where) for name, values in given.items()}


def _column(values: Sequence, name: str, where: str) -> np.ndarray:
    plain = [value.item() if hasattr(value, "item") and math.prod(value.shape) == 1 else value for value in values]
    numbers = all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in plain)
    if numbers:
        column = np.array([math.nan if value is None else value for value in plain], np.float64)
        if np.isinf(column).any():
            sample = int(np.flatnonzero(np.isinf(column))[0])
            raise unusable(
                f"{where}: the attribute {name!r} of sample {sample} is infinite; give None where a value is missing"
            )
        return column
    for index, value in enumerate(plain):
        if value is not None and not isinstance(value, (int, float, str)):
            raise unusable(
                f"{where}: the attribute {name!r} of sample {index} is {value!r}; an attribute is a number or a text"
            )
    missing = (None, "")
    return np.array(["" if value in missing or value != value else str(value) for value in plain], str)


def read_attributes_csv(path: Path, *, count: int) -> dict[str, np.ndarray]:
    """The columns of a CSV file with a header, and a line for each sample.

    Parameters
    ----------
    path : Path
    count : int
        How many samples there are.

    Returns
    -------
    dict of str to array (N,)
        As `attribute_columns` returns them. A column is of numbers where all in it are, but for `MISSING` values;
        numbers with leading zeros are codes, and so text.

    Raises
    ------
    DataError
        If it is no such file.
    """
    rows = csv_rows(path)
    header, lines = rows[0], rows[1:]
    if len(lines) != count:
        raise unusable(
            f"{path} has {len(lines)} lines after its header, and there are {count} samples; give each a line"
        )
    columns = {name: _read([line[place] for line in lines]) for place, name in enumerate(header)}
    return attribute_columns(columns, str(path))


def _read(values: list[str]) -> list:
    """Values as numbers, where all of them are numbers; what stands for a missing value is None."""
    known = [None if value.strip() in MISSING else value.strip() for value in values]
    if all(value is None or NUMBER.fullmatch(value) for value in known):
        return [None if value is None else float(value) for value in known]
    return known
