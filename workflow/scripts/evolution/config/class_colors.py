"""The colours that `plots.colors` gives to classes: what is wrong with them, and which each run has."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import yaml

from evolution.config.checks import CheckedConfig
from evolution.config.sample_faults import WITHOUT
from evolution.config.schema import value_repr
from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, LABELS, DataFacts, shown_names

KEY = "plots.colors"
# How many classes a message names.
MOST_NAMED = 20


def color_faults(checked: CheckedConfig, facts: Mapping[str, DataFacts] | None = None) -> list[str]:
    """What is no colour, and what the runs have no class for.

    Parameters
    ----------
    checked : CheckedConfig
    facts : mapping of str to DataFacts, optional
        Of each run. Without it nothing is said of classes unless those of all runs are known without calling a function
        of the user's.

    Returns
    -------
    list of str
        A line each.
    """
    if not checked.sound(KEY) or checked.config["plots"]["colors"] is None:
        return []
    colors = checked.config["plots"]["colors"]
    faults = list(_no_colors(colors))
    if facts is None:
        known = {name: run["recording"] is None and data_facts(run["dataset"]) for name, run in checked.runs("dataset")}
        if len(known) < len(checked.config["runs"]) or not all(known.values()):
            return faults
        facts = known
    colored = {run: found for run, found in facts.items() if found.target in (CLASSES, LABELS) and found.names}
    if not colored:
        without = next((WITHOUT[found.target] for found in facts.values() if found.target in WITHOUT), "no classes")
        return [*faults, f"{KEY}: has no meaning, as the samples have {without}; must be null"]
    if isinstance(colors, list):
        return faults + [
            f"{KEY}: {len(colors)} colours are too few, as run {run} has {len(found.names)} classes; give one for each "
            "class, or a mapping of some classes to colours"
            for run, found in colored.items()
            if len(colors) < len(found.names)
        ]
    return faults + list(dict.fromkeys(_no_classes(colors, colored)))


def _no_colors(colors: list | dict) -> Iterator[str]:
    """Each value that is no colour."""
    for key, color in enumerate(colors) if isinstance(colors, list) else colors.items():
        if color is None:
            yield (
                f"{KEY}.{key}: None is not allowed; must be a colour in quotes, such as '#d00', as a # without quotes "
                "begins a comment in YAML"
            )
        elif as_hex(color) is None:
            yield f"{KEY}.{key}: {value_repr.repr(color)} is no colour; {_what_was_meant(color)}"


def _what_was_meant(color: str) -> str:
    from PIL import ImageColor  # Loaded only where there are colours to read.

    if as_hex(f"#{color}") is not None:
        return f"write '#{color}'"
    near = difflib.get_close_matches(color.lower(), ImageColor.colormap, n=1)
    return "must be opaque, as '#d00', '#dd0000', or a name that CSS has, as red" + (
        f"; did you mean {near[0]}?" if near else ""
    )


def _no_classes(colors: dict, colored: Mapping[str, DataFacts]) -> Iterator[str]:
    """Each key that no run has as a class, and keys that stand for one class."""
    every = list(dict.fromkeys(name for found in colored.values() for name in shown_names(found.target, found.names)))
    for key in colors:
        if all(class_of(key, found) is None for found in colored.values()):
            named = ", ".join(every[:MOST_NAMED]) + (f", ... ({len(every)} in all)" if len(every) > MOST_NAMED else "")
            near = difflib.get_close_matches(key, every, n=1) if isinstance(key, str) else []
            hint = f"did you mean {near[0]}? " if near else ""
            several = next((alike for found in colored.values() if (alike := _read_as(key, found))), [])
            if several:
                yield f"{KEY}.{key}: YAML reads {' and '.join(several)} as this; put the class's name in quotes"
            else:
                yield f"{KEY}.{key}: no run has this class; {hint}there are {named}"
    for found in colored.values():
        named: dict[int | None, list[str]] = {}
        for key in colors:
            named.setdefault(class_of(key, found), []).append(repr(key))
        for place, keys in named.items():
            if place is not None and len(keys) > 1:
                yield f"{KEY}: {' and '.join(keys)} are the same class; keep one of them"


def class_of(key: object, facts: DataFacts) -> int | None:
    """The number of the class that a key of `plots.colors` names; None where there is none.

    YAML reads a bare 3, yes or 2020-01-01 as no text: such a key is the class whose name YAML reads the same way.

    Parameters
    ----------
    key : object
        As YAML reads it.
    facts : DataFacts
        Of the run.
    """
    if not isinstance(key, str):
        alike = _read_as(key, facts)
        return facts.names.index(alike[0]) if len(alike) == 1 else None
    for names in (facts.names, shown_names(facts.target, facts.names)):
        if key in names:
            return names.index(key)
    return None


def _read_as(key: object, facts: DataFacts) -> list[str]:
    """The classes whose names, written without quotes, YAML reads as a key that is no text."""
    alike = []
    for name in facts.names:
        with suppress(yaml.YAMLError, ValueError):
            read = yaml.safe_load(name)
            # 1 and true are equal in Python.
            if type(read) is type(key) and read == key:
                alike.append(name)
    return alike


def as_hex(color: str) -> str | None:
    """A colour as `#rrggbb`; None where it is none, or not opaque.

    Parameters
    ----------
    color : str
        In any of the forms of https://pillow.readthedocs.io/en/stable/reference/ImageColor.html.
    """
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(color.strip())
    except ValueError:
        return None
    return f"#{red:02x}{green:02x}{blue:02x}"


def run_colors(colors: Sequence[str] | Mapping | None, facts: DataFacts) -> dict[str, str]:
    """The colours that a run's classes are given: the name of each class or label that has one, to `#rrggbb`.

    Of a list, each class has the colour at its own place. Of a mapping, a run has the classes that are its own.

    Parameters
    ----------
    colors : sequence, mapping or None
        `plots.colors` of a config that was checked.
    facts : DataFacts
        Of the run.
    """
    if not colors or facts.target not in (CLASSES, LABELS):
        return {}
    names = shown_names(facts.target, facts.names)
    if isinstance(colors, Mapping):
        places = {class_of(key, facts): color for key, color in colors.items()}
        return {name: as_hex(places[place]) for place, name in enumerate(names) if place in places}
    return {name: as_hex(color) for name, color in zip(names, colors)}


def color_notes(config: dict, facts: Mapping[str, DataFacts]) -> list[str]:
    """Classes of one run that are given the same colour, a sentence each pair.

    Parameters
    ----------
    config : dict
        As `evolution.config.resolve.resolve` returns it.
    facts : mapping of str to DataFacts
        Of each run.
    """
    notes: dict[str, None] = {}
    for found in facts.values():
        first: dict[str, str] = {}
        for name, color in run_colors(config["plots"]["colors"], found).items():
            if (other := first.setdefault(color, name)) != name:
                notes[f"{KEY}: {other} and {name} have one colour ({color}), so figures do not tell them apart."] = None
    return list(notes)
