"""Which modules of a model are followed: names, globs and `auto`, as the workflow's config has them."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from activation_recorder.errors import RecorderError

AUTO = "auto"

# The most layers that `auto` follows: more make figures hard to read.
MOST_AUTO = 8

# The most names that a message lists.
MOST_LISTED = 20

GLOB = frozenset("*?[")

# What a layer may be called, as its name becomes a file's.
NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")

# Names of a recording's other files, and what the workflow calls the raw inputs.
RESERVED = re.compile(r"labels|ids|predictions|previews|inputs|class_names|classifier_\w+|pixels")


@dataclass(frozen=True)
class TracedModule:
    """What a module did while samples passed.

    Attributes
    ----------
    name, kind : str
        Its dotted name, and its class.
    shape : tuple of int or None
        Of its output for one sample.
    own_parameters : int
        Its own tensors of weights.
    fault : str or None
        Why it cannot be followed: the end of a sentence that begins with its name.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None
    own_parameters: int
    fault: str | None


def name_fault(name: str) -> str | None:
    """Why a module's name cannot be a file's; None where it can."""
    if not NAME.fullmatch(name):
        return "has a name with other signs than letters, digits and _"
    if RESERVED.fullmatch(name):
        return "has a name that a recording uses for something else; rename it"
    return None


def choose_layers(wanted: Sequence[str] | str, modules: Sequence[TracedModule]) -> list[str]:
    """The concrete layers that `layers` asks for.

    Parameters
    ----------
    wanted : list of str, or "auto"
        Names and globs. `*` of a glob never reaches over a dot, and finds only modules that can be followed.
    modules : sequence of TracedModule
        In network order.

    Returns
    -------
    list of str
        Each layer once.

    Raises
    ------
    RecorderError
        Names everything that is wrong.
    """
    fit = [module.name for module in modules if module.fault is None]
    unfit = {module.name: module.fault for module in modules if module.fault is not None}
    if wanted == AUTO:
        chosen = auto_layers(modules)
        if not chosen:
            raise RecorderError('layers="auto" finds no layer with weights that can be followed. Name the layers.')
        return chosen
    entries = [wanted] if isinstance(wanted, str) else list(wanted)
    chosen, faults = {}, [] if entries else ["is empty"]
    for entry in entries:
        found = [entry]
        if not GLOB.isdisjoint(entry):
            found = [name for name in fit if _matches(name, entry)]
            if not found:
                missed = [name for name in unfit if _matches(name, entry)]
                faults.append(
                    f"{entry} only finds modules that cannot be followed: {missed[0]} {unfit[missed[0]]}"
                    if missed
                    else f"{entry} finds nothing"
                )
        elif entry in unfit:
            faults.append(f"{entry} {unfit[entry]}")
        elif entry not in fit:
            near = difflib.get_close_matches(entry, fit, n=3)
            faults.append(f"{entry} is not in the model" + (f" (did you mean {' or '.join(near)}?)" if near else ""))
        chosen.update(dict.fromkeys(found))
    if faults:
        more = len(fit) - MOST_LISTED
        listed = ", ".join(fit[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
        raise RecorderError(f"layers: {'; '.join(faults)}. The model has {listed or 'no layer that can be followed'}.")
    return list(chosen)


def _matches(name: str, glob: str) -> bool:
    parts, patterns = name.split("."), glob.split(".")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def auto_layers(modules: Sequence[TracedModule]) -> list[str]:
    """A readable choice of layers for any module tree; the workflow makes the same.

    It begins with the model's children. A child that holds at least half of all layers with weights is replaced by its
    own children, until no child does; so is a child that cannot be followed. Modules without weights and single
    normalisations are left out. Of more than eight layers eight are taken, evenly spread, with the first and the last.

    Parameters
    ----------
    modules : sequence of TracedModule
        In network order.

    Returns
    -------
    list of str
        Dotted names, at most eight.
    """
    rows = {module.name: module for module in modules}

    def is_weighted(name: str) -> bool:
        return rows[name].own_parameters > 0 and "norm" not in rows[name].kind.lower()

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
        fit = rows[name].fault is None
        if inner and (not fit or (weighted(name) > 1 and 2 * weighted(name) >= total)):
            pending = inner + pending
        elif fit:
            units.append(name)
    if len(units) <= MOST_AUTO:
        return units
    last = len(units) - 1
    return [units[round(step * last / (MOST_AUTO - 1))] for step in range(MOST_AUTO)]
