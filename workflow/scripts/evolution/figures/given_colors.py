"""Colours of classes where the user gave some of them."""

from collections.abc import Mapping, Sequence

from evolution.figures.style import class_colors


def colors_of_classes(palette: str | None, names: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """The colour of each class: the one that it was given, or its own of the palette.

    Where a class's own colour was given to another class, it takes the first of the palette that no class has.

    Parameters
    ----------
    palette : str
        See `class_colors`.
    names : sequence of str
        Of the classes, in the order of their numbers.
    given : mapping of str to str
        Names of classes to `#rrggbb`; other names in it have no effect.

    Returns
    -------
    list of str
        `#rrggbb`; all different, but for colours that were given twice.
    """
    own = class_colors(palette, len(names))
    there = {given[name] for name in names if name in given}
    kept = {color for name, color in zip(names, own) if name not in given and color not in there}
    free = (color for color in own if color not in there | kept)
    return [given[name] if name in given else color if color in kept else next(free) for name, color in zip(names, own)]
