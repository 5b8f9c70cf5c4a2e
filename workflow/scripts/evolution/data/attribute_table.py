"""The names of the columns that samples have in addition to their target, and a CSV file of them. Loads no NumPy."""

import csv
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from evolution.data.contents import unusable


def check_attribute_names(names: Iterable[str], where: str) -> None:
    """Refuse names that cannot be written or told apart.

    Raises
    ------
    DataError
    """
    seen = set()
    for name in names:
        if not isinstance(name, str) or not name.strip() or any(unicodedata.category(sign)[0] == "C" for sign in name):
            raise unusable(f"{where} has an attribute called {name!r}; give each a name of letters")
        if name in seen:
            raise unusable(f"{where} has two attributes called {name!r}; give each a name of its own")
        seen.add(name)


def csv_rows(path: Path) -> list[list[str]]:
    """The lines of a CSV file with a header, as texts; empty lines are left out.

    Raises
    ------
    DataError
        If it cannot be read, or a line has more or fewer values than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unusable(f"{path} cannot be read ({error}); it is CSV in UTF-8, a header and a line a sample") from None
    if not rows:
        raise unusable(f"{path} is empty; it is CSV, a header and a line a sample")
    check_attribute_names(rows[0], str(path))
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(rows[0]):
            raise unusable(
                f"{path}: sample {number - 1} has {len(row)} values, and the header names {len(rows[0])} columns"
            )
    return rows
