"""One-line sweeps: `seeds` and `grid` make more runs of each entry of `runs`, with names that say what differs."""

import copy
import difflib
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from evolution.config.schema import KeyPath, schema_faults

# A run makes twenty jobs at the least, and config_checks.MOST_JOBS holds for all of them together.
MOST_RUNS = 10_000

LONGEST_NAME = 100  # as the schema's pattern for the names of runs has it

LONGEST_FORM = 40

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

# A run called like the folder of the comparison would share it.
RESERVED = "comparison"


@dataclass(frozen=True)
class Origin:
    """Where a run's settings are written: its entry in `runs`, and what the sweeps change of it."""

    entry: str
    swept: dict[str, dict] = field(default_factory=dict)  # "grid" and "seeds", each to the changes it makes


@dataclass(frozen=True)
class Expansion:
    """The runs that a config's `runs`, `grid` and `seeds` make together."""

    changes: dict[str, dict]  # run to what differs from the config
    origins: dict[str, Origin]
    faults: list[str]


def merged(base: dict, changes: dict) -> dict:
    """`base` with `changes` laid over it, mapping by mapping."""
    both = copy.deepcopy(base)
    for key, value in changes.items():
        mappings = isinstance(value, dict) and isinstance(both.get(key), dict)
        both[key] = merged(both[key], value) if mappings else copy.deepcopy(value)
    return both


def nested(key: str, value: object) -> dict:
    """The mapping that a dotted key stands for."""
    for step in reversed(key.split(".")):
        value = {step: value}
    return value


def holds(changes: object, path: KeyPath) -> bool:
    """Whether a mapping says something at a path."""
    for step in path:
        if not isinstance(changes, dict) or step not in changes:
            return False
        changes = changes[step]
    return True


def grid_faults(grid: dict[str, list], schema: dict) -> tuple[dict[str, None], set[KeyPath]]:
    """Hold each value of the grid against what the schema allows a run at its key.

    Returns
    -------
    faults, paths
        As of `config_schema.schema_faults`; the paths are those of the values, and of the keys that they would set.
    """
    faults: dict[str, None] = {}
    paths: set[KeyPath] = set()
    for key, values in grid.items():
        for place, value in enumerate(values):
            # As a run called grid, to which its own messages then fit.
            lines, _ = schema_faults({"runs": {"grid": nested(key, value)}}, schema)
            faults |= {line.removeprefix("runs."): None for line in lines}
            if lines:
                paths |= {("grid", key, place), tuple(key.split("."))}
    return faults, paths


def expand(config: dict) -> Expansion:
    """Make the runs: each entry of `runs`, for each combination of the grid's values, for each seed.

    Parameters
    ----------
    config : dict
        With defaults, and without what the schema does not allow.

    Returns
    -------
    Expansion
        Of the entries alone where they and the sweeps do not go together; its faults then say why.
    """
    entries = {name: changes or {} for name, changes in config["runs"].items()}
    grid, seeds = {key: values for key, values in config["grid"].items() if values}, config["seeds"]
    count = len(entries) * math.prod(map(len, grid.values())) * max(len(seeds), 1)
    faults = list(dict.fromkeys(_collisions(entries, grid, seeds)))
    if count > MOST_RUNS:
        faults.append(
            f"{'grid' if grid else 'seeds'}: makes {count} runs together with the other keys, and more than "
            f"{MOST_RUNS} cannot be planned; give fewer values"
        )
    if faults:
        grid, seeds = {}, []
    changes: dict[str, dict] = {}
    origins: dict[str, Origin] = {}
    forms = value_forms(grid)
    taken: set[str] = set()
    for entry, own in entries.items():
        for number, places in enumerate(itertools.product(*(range(len(values)) for values in grid.values())), start=1):
            point: dict = {}
            for (key, values), place in zip(grid.items(), places):
                point = merged(point, nested(key, values[place]))
            parts = [(label, values[place]) for (label, values), place in zip(forms.items(), places)]
            for seed in seeds or [None]:
                swept = {"grid": point} if grid else {}
                if seed is not None:
                    swept["seeds"] = {"seed": seed}
                suffix = "" if seed is None else f"-seed-{seed}"
                name = run_name(entry, parts, number, suffix, taken)
                taken.add(name.lower())
                changes[name] = merged(merged(own, point), swept.get("seeds", {}))
                origins[name] = Origin(entry, swept)
    faults += _skip(config["skip"], changes, origins)
    return Expansion(changes, origins, faults)


def _skip(names: list[str], changes: dict[str, dict], origins: dict[str, Origin]) -> Iterator[str]:
    """Take the named runs out; say which names are none, and where no run is left."""
    known = list(changes)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"skip: {name} is not the name of a run{hint}"
        elif len(changes) == 1:
            yield f"skip: {name} is the last run that is left; at least one must stay"
        else:
            del changes[name], origins[name]


def _collisions(entries: dict[str, dict], grid: dict[str, list], seeds: list[int]) -> Iterator[str]:
    """Where two of `seeds`, the keys of `grid` and a run's own changes say the same thing, a line each."""
    said = {
        f"grid.{key}": {path for value in values for path in _leaves(nested(key, value))}
        for key, values in grid.items()
    }
    if seeds:
        said["seeds"] = {("seed",)}
    for (first, paths), (second, others) in itertools.combinations(said.items(), 2):
        for path in _shared(paths, others):
            yield f"{first}: and {second} both set {'.'.join(path)}; keep one of the two"
    for entry, own in entries.items():
        for sweep, paths in said.items():
            for path in _shared(_leaves(own), paths):
                key = ".".join(map(str, path))
                yield f"runs.{entry}.{key}: is set by {sweep} too, for every run; keep one of the two"


def _leaves(value: object, path: KeyPath = ()) -> set[KeyPath]:
    """Where a mapping of mappings has its values."""
    if isinstance(value, dict):
        return {leaf for key, part in value.items() for leaf in _leaves(part, (*path, key))}
    return {path}


def _shared(first: set[KeyPath], second: set[KeyPath]) -> list[KeyPath]:
    """The paths of which one set has a value at, or above, one of the other's."""
    shared = {max(a, b, key=len) for a in first for b in second if a[: len(b)] == b[: len(a)]}
    return sorted(shared, key=str)


# Names


def run_name(entry: str, parts: list[tuple[str, str]], number: int, suffix: str, taken: set[str]) -> str:
    """A run's name: its entry's, then what the grid sets, then its seed.

    Where that is longer than a name may be, the labels are left out, and then the combination's number stands for it
    all. A name that is taken (in any case of letters) gets a number.

    Parameters
    ----------
    entry : str
    parts : list of (label, value's form)
    number : int
        Of the combination.
    suffix : str
        Of the seed.
    taken : set of str
        Names, in lower case.
    """
    stems = ["".join(f"-{label}-{form}" for label, form in parts), "".join(f"-{form}" for _, form in parts)]
    names = [f"{entry}{stem}{suffix}" for stem in stems]
    # Four more characters may be needed below.
    room = LONGEST_NAME - 4
    fitting = [name for name in names if len(name) <= room or name == entry]
    end = f"-{number}{suffix}" if parts else suffix
    name = fitting[0] if fitting else f"{entry[: room - len(end)]}{end}"
    if name.lower() not in taken or name == entry:
        return name
    stem = name.removesuffix(suffix)
    return next(other for again in itertools.count(2) if (other := f"{stem}-{again}{suffix}").lower() not in taken)


def value_forms(grid: dict[str, list]) -> dict[str, list[str]]:
    """What stands for the grid's keys and values in names.

    Returns
    -------
    dict
        A label for each key, in order, to a form for each value. A label is the key's last word, and the whole key
        where two keys have that in common. A value without a safe form, and one whose form an earlier value has,
        gets its place in the list.
    """
    short = [_label(key) for key in grid]
    counts = Counter(short)
    labels = [label if counts[label] == 1 else key for label, key in zip(short, grid)]
    forms: dict[str, list[str]] = {}
    for label, values in zip(labels, grid.values()):
        found: list[str] = []
        for place, value in enumerate(values, start=1):
            form = safe_form(value)
            if form is None or form.lower() in map(str.lower, found):
                form = str(place) if form is None else f"{form}-{place}"
            while form.lower() in map(str.lower, found):
                form += f"-{place}"
            found.append(form)
        forms[label] = found
    return forms


def _label(key: str) -> str:
    """The last word of a key; of a name, what it is the name of."""
    *parents, last = key.split(".")
    label = parents[-1] if parents and last == "name" else last
    return label if SAFE.fullmatch(label) else "value"


def safe_form(value: object) -> str | None:
    """A value as part of a run's name: short, readable and of characters that a name may have; None: it has none."""
    if isinstance(value, dict):
        return safe_form(value["name"]) if "name" in value else None
    if isinstance(value, list):
        forms = [safe_form(part) for part in value]
        text = "x".join(map(str, forms)) if forms and None not in forms else ""
    elif isinstance(value, bool) or value is None:
        text = {True: "true", False: "false", None: "null"}[value]
    elif isinstance(value, float):
        text = repr(value).removesuffix(".0").replace("+", "")
    elif isinstance(value, str):
        # Of a path, and of a class in a file, what comes last.
        text = re.split(r"[/:]", value)[-1]
    else:
        text = str(value) if isinstance(value, int) else ""
    return text if SAFE.fullmatch(text) and len(text) <= LONGEST_FORM else None
