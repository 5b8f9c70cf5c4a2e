"""Figures of formats that the config no longer asks for: they lie next to the new ones and show what was."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from evolution.sources.sentences import few

# What `plots.formats` may name.
ALL_FORMATS = ("png", "pdf", "svg")


def former_figure_lines(figures: Iterable[str], formats: Iterable[str]) -> list[str]:
    """A sentence for each folder in which figures of another format are left.

    Parameters
    ----------
    figures : iterable of path
        The figures as they are drawn now.
    formats : iterable of str
        What the config asks for.

    Returns
    -------
    list of str
        Empty where nothing is left. Files that have another name than a figure are the user's, and are not named.
    """
    others = [f".{name}" for name in ALL_FORMATS if name not in formats]
    left: dict[Path, list[str]] = {}
    for figure in dict.fromkeys(Path(path).with_suffix("") for path in figures):
        # A name may have dots of its own.
        for path in (figure.with_name(figure.name + other) for other in others):
            if path.is_file():
                left.setdefault(path.parent, []).append(path.name)
    return [
        f"{folder} also has figures of formats that plots.formats does not name ({few(names)}). They were drawn "
        f"earlier and may show something else. Name their format too, or delete them: {_deletion(folder, names)}"
        for folder, names in left.items()
    ]


def _deletion(folder: Path, names: list[str]) -> str:
    """The command that deletes these files and no others."""
    return f"rm {' '.join(shlex.quote(str(folder / name)) for name in names)}"
