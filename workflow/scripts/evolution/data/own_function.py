"""`dataset.name: FILE.py:FUNCTION`, evaluation data that a function of the user's returns: its name."""

from pathlib import Path

from evolution.models.names import own_class


def own_function(name: str) -> tuple[Path, str] | None:
    """The file and the function in it that a `dataset.name` names; None for any other data set."""
    return own_class(name)
