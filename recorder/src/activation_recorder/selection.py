"""Which modules of a model are followed: names, globs and `auto`, as the workflow's config has them."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
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

# What the name of a file may have at most, without its ending.
LONGEST = 255 - len(".npy")

# Names of a recording's other files.
RESERVED = frozenset({"labels", "ids", "class_names", "predictions", "previews", "inputs"}) | {
    f"classifier_{part}" for part in ("inputs", "weight", "bias")
}


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
    if len(name) > LONGEST:
        return f"has a name of {len(name)} signs, and a file's may have {LONGEST}"
    if name in RESERVED:
        return "has a name that a recording uses for something else; rename it"
    return None


def wanted_layers(layers: object) -> str | list[str]:
    """What a person wrote for `layers`: "auto", or a list of names and globs.

    Raises
    ------
    RecorderError
        If it is something else.
    """
    if isinstance(layers, str) and layers:
        if layers.lower() == AUTO and layers != AUTO:
            raise RecorderError(f'layers={layers!r} is no layer; write "{AUTO}".')
        return layers if layers == AUTO else [layers]
    listed = list(layers) if isinstance(layers, Iterable) and not isinstance(layers, (str, Mapping)) else None
    if not listed or not all(isinstance(entry, str) and entry for entry in listed):
        raise RecorderError(
            f'layers={layers!r} must be "{AUTO}", or a list of the dotted names of modules, such as ["0", "layer1.*"].'
        )
    return listed


def choose_layers(wanted: Sequence[str] | str, modules: Sequence[TracedModule]) -> list[str]:
    """The concrete layers that `layers` asks for.

    Parameters
    ----------
    wanted : "auto", or list of str
        As `wanted_layers` gives it: names and globs. `*` of a glob never reaches over a dot, and finds only modules
        that can be followed.
    modules : sequence of TracedModule
        In network order.

    Returns
    -------
    list of str
        Each layer once, in the order asked for; of a glob and of auto in network order.

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
            why = "; ".join(f"{name} {fault}" for name, fault in list(unfit.items())[:MOST_LISTED])
            raise RecorderError(
                'layers="auto" finds no layer with weights that can be followed. '
                + (f"Modules that cannot: {why}. " if why else "")
                + f"The model has {', '.join(fit[:MOST_LISTED]) or 'no layer that can be followed'}. Name the layers."
            )
        return chosen
    chosen, faults = {}, []
    for entry in wanted:
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
    alike = {name.lower(): name for name in chosen}
    faults += [
        f"{name} and {alike[name.lower()]} are one file where case does not count; rename one, or leave it out"
        for name in chosen
        if alike[name.lower()] != name
    ]
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
