"""One-line sweeps: `seeds` and `grid` make several runs of each entry of `runs`."""

import copy
import difflib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from evolution.config.run_names import run_name, value_forms
from evolution.config.schema import Fault, KeyPath, dotted, schema_faults

# checks.MOST_JOBS bounds the jobs of all runs together, and a run has at least twenty.
MOST_RUNS = 10_000


@dataclass(frozen=True)
class Origin:
    """Where a run's settings are written.

    Attributes
    ----------
    entry : str
        The name in `runs`.
    swept : dict
        "grid" and "seeds", where they are given, each to what it changes in this run.
    """

    entry: str
    swept: dict[str, dict] = field(default_factory=dict)


@dataclass(frozen=True)
class Expansion:
    """The runs that `runs`, `grid` and `seeds` make together.

    Attributes
    ----------
    changes : dict
        Run to its settings that differ from the config.
    origins : dict
        Run to where its settings are written.
    faults : list of str
        A line each.
    """

    changes: dict[str, dict]
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
    """The mapping that a dotted key with its value stands for."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


def holds(changes: object, key: KeyPath) -> bool:
    """Whether a mapping says something at a key."""
    for name in key:
        if not isinstance(changes, dict) or name not in changes:
            return False
        changes = changes[name]
    return True


def grid_faults(grid: dict[str, list], schema: dict) -> list[Fault]:
    """Every value of the grid that the schema does not allow a run at its key.

    The culprits are the value, and the key that it would set.
    """
    faults = []
    for key, values in grid.items():
        for index, value in enumerate(values):
            # Checked as settings of a run called grid: without "runs", the message names the key in the grid.
            found = schema_faults({"runs": {"grid": nested(key, value)}}, schema)
            culprits = (("grid", key, index), tuple(key.split(".")))
            faults += [replace(fault, key=fault.key[1:], culprits=culprits) for fault in found]
    return faults


def expand(config: dict) -> Expansion:
    """Make the runs: each entry of `runs`, for each combination of the grid's values, for each seed.

    Parameters
    ----------
    config : dict
        With defaults, and without what the schema does not allow.

    Returns
    -------
    Expansion
        Where the entries and the sweeps do not go together, the faults say why, and the runs are the entries alone.
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
    taken: set[str] = set()
    combinations = list(_combinations(grid))
    for entry, own in entries.items():
        for number, (point, labelled) in enumerate(combinations, start=1):
            for seed in seeds or [None]:
                swept = {"grid": point} if grid else {}
                if seed is not None:
                    swept["seeds"] = {"seed": seed}
                suffix = "" if seed is None else f"-seed-{seed}"
                name = run_name(entry=entry, labelled=labelled, number=number, suffix=suffix, taken=taken)
                taken.add(name.lower())
                changes[name] = merged(merged(own, point), swept.get("seeds", {}))
                origins[name] = Origin(entry, swept)
    faults += _skip(config["skip"], changes, origins)
    return Expansion(changes, origins, faults)


def _combinations(grid: dict[str, list]) -> Iterator[tuple[dict, list[tuple[str, str]]]]:
    """The grid's combinations: the settings of each, and the labels of its keys with its values as names have them."""
    forms = value_forms(grid)
    for indices in itertools.product(*(range(len(values)) for values in grid.values())):
        point: dict = {}
        for (key, values), index in zip(grid.items(), indices):
            point = merged(point, nested(key, values[index]))
        yield point, [(label, texts[index]) for (label, texts), index in zip(forms.items(), indices)]


def _skip(names: list[str], changes: dict[str, dict], origins: dict[str, Origin]) -> Iterator[str]:
    """Take the named runs out; say which names belong to no run, and where no run would be left."""
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
    """Where two of `seeds`, the keys of `grid` and a run's own settings set the same key, a line each."""
    swept = {
        f"grid.{key}": {leaf for value in values for leaf in _leaves(nested(key, value))}
        for key, values in grid.items()
    }
    if seeds:
        swept["seeds"] = {("seed",)}
    for (first, keys), (second, others) in itertools.combinations(swept.items(), 2):
        for key in _shared(keys, others):
            yield f"{first}: and {second} both set {dotted(key)}; keep one of the two"
    for entry, own in entries.items():
        for sweep, keys in swept.items():
            for key in _shared(_leaves(own), keys):
                yield f"runs.{entry}.{dotted(key)}: is set by {sweep} too, for every run; keep one of the two"


def _leaves(value: object, key: KeyPath = ()) -> set[KeyPath]:
    """The keys of a mapping of mappings that have a value, which is no mapping, each under `key`."""
    if isinstance(value, dict):
        return {leaf for name, part in value.items() for leaf in _leaves(part, (*key, name))}
    return {key}


def _shared(first: set[KeyPath], second: set[KeyPath]) -> list[KeyPath]:
    """The keys that both sets have, in full where the other set has a key above them."""
    shared = {max(a, b, key=len) for a in first for b in second if a[: len(b)] == b[: len(a)]}
    return sorted(shared, key=str)
