"""A run's warnings on disk, results/{run}/warnings.json: a list of sentences. Loads no NumPy, as planning reads it."""

import json
from collections.abc import Sequence
from pathlib import Path

from evolution.io.reading import damaged, reading
from evolution.io.whole_files import whole_file


def parse_warnings(text: str | bytes, path: str | Path) -> list[str]:
    """Warnings from JSON.

    Parameters
    ----------
    text : str or bytes
        A JSON list of str.
    path : path
        Of the file that holds it, for the message.

    Raises
    ------
    UserError
        If it is anything else.
    """
    with reading(path):
        warnings = json.loads(text)
    if not isinstance(warnings, list) or not all(isinstance(warning, str) for warning in warnings):
        raise damaged(path, "its warnings are no list of sentences")
    return warnings


def save_warnings(path: str | Path, warnings: Sequence[str]) -> None:
    """Write a run's warnings, an empty list where there are none.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    with whole_file(path) as temporary:
        text = json.dumps(list(warnings), ensure_ascii=False, indent=1)
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")


def load_warnings(path: str | Path) -> list[str]:
    """Read a run's warnings.

    Raises
    ------
    UserError
        If the file cannot be read, or holds anything else.
    """
    with reading(path):
        text = Path(path).read_text(encoding="utf-8")
    return parse_warnings(text, path)
