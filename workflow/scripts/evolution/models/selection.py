"""Which modules of a model are followed: names, globs and `auto`, resolved against the modules that the model has."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

AUTO = "auto"

# The most layers that `auto` follows: more make the grid and the animation hard to read.
MOST_AUTO = 8

# The most names that a message lists.
MOST_LISTED = 20

# Why a module that has several outputs cannot be followed.
REPEATED = "runs more than once"

GLOB = frozenset("*?[")

LISTING = "`snakemake layers --cores 1` lists them all (with `layers: auto`)"


@dataclass(frozen=True)
class Modules:
    """A model's modules, by dotted name.

    Attributes
    ----------
    names : sequence of str
        The modules that can be followed, in network order.
    unfit : dict of str to str
        The modules that cannot be followed, and why.
    auto : sequence of str
        The layers that `layers: auto` stands for.
    """

    names: Sequence[str]
    unfit: dict[str, str] = field(default_factory=dict)
    auto: Sequence[str] = ()

    def listed(self) -> str:
        """The names that can be followed, as a message lists them."""
        more = len(self.names) - MOST_LISTED
        listed = ", ".join(self.names[:MOST_LISTED])
        return f"{listed} and {more} more; {LISTING}" if more > 0 else listed


def is_glob(wanted: str) -> bool:
    """Whether an entry of `layers` is a glob and not a plain name."""
    return not GLOB.isdisjoint(wanted)


def matches(name: str, glob: str) -> bool:
    """Whether a dotted name fits a glob, part by part: `*` never reaches over a dot."""
    parts, patterns = name.split("."), glob.split(".")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def choose(wanted: Sequence[str] | str, modules: Modules, model: str, key: str) -> tuple[list[str], list[str]]:
    """The concrete layers that `layers` asks for.

    Parameters
    ----------
    wanted : list of str, or "auto"
        Names and globs. A glob finds only modules that can be followed, in network order.
    modules : Modules
    model, key : str
        What messages call the model, and the key of the config that names it.

    Returns
    -------
    layers : list of str
        Each layer once.
    faults : list of str
        What is wrong, each without its key.
    """
    if wanted == AUTO:
        faults = [] if modules.auto else [f"auto finds no layer with weights in {model} ({key}) that can be followed"]
        return list(modules.auto), faults
    layers: dict[str, None] = {}
    faults = []
    for entry in wanted:
        found, fault = [entry], None
        if is_glob(entry):
            found = [name for name in modules.names if matches(name, entry)]
            unfit = [name for name in modules.unfit if matches(name, entry)]
            if not found and unfit:
                fault = f"only finds what cannot be followed, {unfit[0]} {modules.unfit[unfit[0]]}; leave it out. "
            elif not found:
                fault = f"finds nothing in {model} ({key}); "
        elif entry in modules.unfit:
            fault = f"{_unfit(modules.unfit[entry], model, key)}; leave it out. "
        elif entry not in modules.names:
            near = difflib.get_close_matches(entry, modules.names, n=1)
            fault = f"is not in {model} ({key}); " + (f"did you mean {near[0]}? " if near else "")
        if fault is None:
            layers.update(dict.fromkeys(found))
        else:
            faults.append(f"{entry} {fault}{model} has {modules.listed()}")
    return list(layers), faults


def _unfit(why: str, model: str, key: str) -> str:
    """The reason that a module cannot be followed, as a message gives it."""
    if why == REPEATED:
        return f"{why} as a sample passes through {model} ({key}), so it has several outputs"
    return f"of {model} ({key}) cannot be followed, it {why}"


def auto_layers(tree: list[dict]) -> list[str]:
    """A readable choice of layers for any module tree.

    It begins with the model's children. A child that holds at least half of all layers with weights is replaced by its
    own children, until no child does; so is a child that cannot be followed. Modules without weights and single
    normalisations are left out, but for the pooling that hands the last layer one number a channel, as in a ResNet: its
    output is what most people call the representation. Of more than eight layers eight are taken, evenly spread, with
    that pooling, the first and the last.

    Parameters
    ----------
    tree : list of dict
        See `evolution.models.module_tree.trace`; in network order.

    Returns
    -------
    list of str
        Dotted names, at most eight.
    """
    rows = {row["name"]: row for row in tree}

    def is_weighted(name: str) -> bool:
        return rows[name]["own_parameters"] > 0 and "norm" not in rows[name]["type"].lower()

    def weighted(name: str) -> int:
        """The layers in a module, itself included, that have weights of their own and are no normalisation."""
        return sum(is_weighted(inner) for inner in rows if inner == name or inner.startswith(f"{name}."))

    def children(name: str) -> list[str]:
        prefix = f"{name}." if name else ""
        inner = [other for other in rows if other.startswith(prefix) and other != name]
        return [other for other in inner if "." not in other[len(prefix) :] and weighted(other)]

    total = sum(map(is_weighted, rows))
    units, pending = [], children("")
    while pending:
        name, *pending = pending
        inner = children(name)
        fit = rows[name]["fault"] is None
        if inner and (not fit or (weighted(name) > 1 and 2 * weighted(name) >= total)):
            pending = inner + pending
        elif fit:
            units.append(name)
    pooling = _last_pooling(tree, units)
    chosen = spread_layers(units, MOST_AUTO - len(pooling))
    return chosen[:-1] + pooling + chosen[-1:]


def _last_pooling(tree: list[dict], units: list[str]) -> list[str]:
    """The pooling between the last two units whose output is one number a channel; none where it pools nothing."""
    if len(units) < 2:
        return []
    before, last = (next(place for place, row in enumerate(tree) if row["name"] == unit) for unit in units[-2:])
    return [
        row["name"]
        for row in tree[before + 1 : last]
        if "pool" in row["type"].lower()
        and row["fault"] is None
        and "." not in row["name"].removeprefix(f"{units[-1].rpartition('.')[0]}.")
        and math.prod(row["shape"]) == row["shape"][0] < math.prod(tree[before]["shape"])
    ][-1:]


def spread_layers(names: Sequence[str], most: int = MOST_AUTO) -> list[str]:
    """All layers, or of more than `most` so many, evenly spread, with the first and the last."""
    if len(names) <= most:
        return list(names)
    last = len(names) - 1
    return [names[round(step * last / (most - 1))] for step in range(most)]


def tree_modules(tree: list[dict]) -> Modules:
    """The modules of a traced model, see `evolution.models.module_tree.trace`."""
    return Modules(
        [row["name"] for row in tree if row["fault"] is None],
        {row["name"]: row["fault"] for row in tree if row["fault"] is not None},
        auto_layers(tree),
    )
