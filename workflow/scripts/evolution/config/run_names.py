"""What the runs of a sweep are called: names that say what differs, and that are safe as folders."""

import itertools
import re
from collections import Counter
from collections.abc import Set

# As the schema's pattern for the names of runs has it.
LONGEST_NAME = 100

LONGEST_FORM = 40

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def run_name(*, entry: str, labelled: list[tuple[str, str]], number: int, suffix: str, taken: Set[str]) -> str:
    """A run's name: its entry's, then the values that the grid sets, then its seed.

    Where that is longer than a name may be, the labels are left out; where it still is, the combination's number
    replaces labels and values. A name that is taken (in any case of letters) gets a number.

    Parameters
    ----------
    entry : str
        The name in `runs`.
    labelled : list of (str, str)
        A label for each key of the grid, with its value's form.
    number : int
        Of the combination, from 1.
    suffix : str
        Of the seed.
    taken : set of str
        The names of other runs, in lower case.
    """
    stems = ["".join(f"-{label}-{form}" for label, form in labelled), "".join(f"-{form}" for _, form in labelled)]
    names = [f"{entry}{stem}{suffix}" for stem in stems]
    # The number of a taken name needs up to four more characters.
    room = LONGEST_NAME - 4
    fitting = [name for name in names if len(name) <= room or name == entry]
    end = f"-{number}{suffix}" if labelled else suffix
    name = fitting[0] if fitting else f"{entry[: room - len(end)]}{end}"
    if name.lower() not in taken or name == entry:
        return name
    stem = name.removesuffix(suffix)
    return next(other for again in itertools.count(2) if (other := f"{stem}-{again}{suffix}").lower() not in taken)


def value_forms(grid: dict[str, list]) -> dict[str, list[str]]:
    """How the grid's keys and values are written in names.

    Returns
    -------
    dict
        A label for each key, in order, to a form for each value. A label is the key's last word, or the whole key
        where two keys end in the same word. A value without a safe form, and one whose form an earlier value has, gets
        its position in the list, from 1.
    """
    short = [_label(key) for key in grid]
    counts = Counter(short)
    labels = [label if counts[label] == 1 else key for label, key in zip(short, grid)]
    forms: dict[str, list[str]] = {}
    for label, values in zip(labels, grid.values()):
        found: list[str] = []
        for position, value in enumerate(values, start=1):
            form = safe_form(value)
            if form is None or form.lower() in map(str.lower, found):
                form = str(position) if form is None else f"{form}-{position}"
            while form.lower() in map(str.lower, found):
                form += f"-{position}"
            found.append(form)
        forms[label] = found
    return forms


def _label(key: str) -> str:
    """The last word of a key; for model.name and dataset.name the word before it."""
    *parents, last = key.split(".")
    label = parents[-1] if parents and last == "name" else last
    return label if SAFE.fullmatch(label) else "value"


def safe_form(value: object) -> str | None:
    """A value as part of a run's name, short and of characters that names may have; None where it has no such form."""
    if isinstance(value, dict):
        return safe_form(value["name"]) if "name" in value else None
    if isinstance(value, list):
        forms = [safe_form(item) for item in value]
        text = "x".join(map(str, forms)) if forms and None not in forms else ""
    elif isinstance(value, bool) or value is None:
        text = {True: "true", False: "false", None: "null"}[value]
    elif isinstance(value, float):
        text = repr(value).removesuffix(".0").replace("+", "")
    elif isinstance(value, str):
        # The last part of a path, and the class of FILE.py:CLASS.
        text = re.split(r"[/:]", value)[-1]
    else:
        text = str(value) if isinstance(value, int) else ""
    return text if SAFE.fullmatch(text) and len(text) <= LONGEST_FORM else None
