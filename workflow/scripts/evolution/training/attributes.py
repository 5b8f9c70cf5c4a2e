"""What differs between two objects of one class, in all that can be reached from them.

The second object was made like the first and given its state dict. What differs all the same is kept outside of it: in
an attribute, in one of the class, in a variable of the user's file or of a file that it imports, or in a function.

Code that both objects share, such as that of an installed package, says nothing: it is one object and not two. A file
of the user's is run once for each of the two objects, so that its classes, functions and variables can be compared.
"""

import logging
import random
import threading
import types
import warnings
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath

import numpy as np
import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

# What says nothing of how far a training is: the number of a hook, what is written for people, and who waits for whom.
IGNORED = (RemovableHandle, logging.Logger, logging.Handler, threading.Thread, weakref.ref)
# Packages whose objects note what they have compiled so far.
COMPILERS = ("torch._dynamo", "torch._inductor", "torch._functorch")

# Values that are compared as they are.
PLAIN = (str, bytes, bytearray, bool, int, float, complex, type(None), PurePath)

# Attributes that a Module keeps for itself: its tensors and modules, which are looked at one by one, and the hooks.
# What the mode of training changes is seen in a step, and most recipes set it in each of them.
OWN_OF_A_MODULE = frozenset(vars(nn.Module()))

MISSING = object()


def differing_attributes(one: object, other: object, *, leave_out: Set[int] = frozenset()) -> list[str]:
    """The names of what differs, dotted; a variable of a file is followed by the file's name.

    Parameters
    ----------
    one, other : object
        Of classes of the same name; each has a class and a file of its own where a file was run twice.
    leave_out : set of int
        The ids of objects that are not looked into, such as a network that both know.
    """
    comparison = _Comparison(leave_out)
    comparison.compare(one, other, "")
    return list(dict.fromkeys(comparison.found))


class _Comparison:
    """A walk through two objects side by side.

    Parameters
    ----------
    leave_out : set of int
        As in `differing_attributes`.

    Attributes
    ----------
    found : list of str
        The names of what differs so far.
    """

    def __init__(self, leave_out: Set[int]):
        self._leave_out = leave_out
        # The pairs are kept, as an id is given again once an object is gone.
        self._seen: dict[tuple[int, int], tuple[object, object]] = {}
        self.found: list[str] = []

    def compare(self, one: object, other: object, name: str) -> None:
        """Add the names of what differs at or below a name."""
        if one is other or {id(one), id(other)} & self._leave_out or _is_ignored(one):
            return
        pair = (id(one), id(other))
        if pair in self._seen:
            return
        self._seen[pair] = (one, other)
        # An object may compute its attributes or its items, and code of other people raises anything.
        with suppress(Exception):
            self._compare(one, other, name)

    def _compare(self, one: object, other: object, name: str) -> None:
        states = _generator_state(one), _generator_state(other)
        if all(state is not None for state in states):
            self._add(states[0] != states[1], name)
        elif type(one).__qualname__ != type(other).__qualname__:
            self.found.append(name)
        elif isinstance(one, torch.Tensor):
            self._add(not _equal(one.detach().cpu(), other.detach().cpu()), name)
        elif isinstance(one, np.ndarray) and not one.dtype.hasobject:
            self._add((one.shape, one.dtype, one.tobytes()) != (other.shape, other.dtype, other.tobytes()), name)
        elif isinstance(one, PLAIN):
            self._add(not (one == other or (one != one and other != other)), name)
        elif isinstance(one, torch.optim.Optimizer):
            # The numbers that it goes on with: everything else in it is bookkeeping.
            self._whole(one.state_dict(), other.state_dict(), name)
        elif isinstance(one, types.ModuleType):
            self._file(vars(one), vars(other))
        elif isinstance(one, type):
            self._class(one, other)
        elif isinstance(one, CODE):
            self._code(one, other, name)
        else:
            self._object(one, other, name)

    def _add(self, differs: bool, name: str) -> None:
        if differs:
            self.found.append(name)

    def _object(self, one: object, other: object, name: str) -> None:
        """Compare what an object contains, its attributes and those of its class."""
        if isinstance(one, Mapping):
            self._items(one, other, name)
        elif isinstance(one, Set):
            # Nothing says which of one set's objects is which of the other's.
            plain = [{each for each in values if isinstance(each, PLAIN)} for values in (one, other)]
            self._add(len(one) != len(other) or plain[0] != plain[1], name)
        elif isinstance(one, (list, tuple, deque, np.ndarray)):
            self._sequence(list(one), list(other), name)
        elif not hasattr(one, "__dict__") and not _slots(one):
            self._opaque(one, other, name)
            return
        if isinstance(one, nn.Module):
            for part in ("_parameters", "_buffers", "_modules"):
                self._attributes(getattr(one, part), getattr(other, part), name)
        self._attributes(_attributes(one), _attributes(other), name)
        self.compare(type(one), type(other), name)

    def _items(self, one: Mapping, other: Mapping, name: str) -> None:
        """Compare two mappings, key by key in their order, as a network is a key that has no equal."""
        if len(one) != len(other):
            self.found.append(name)
            return
        for key, theirs in zip(list(one), list(other)):
            before = len(self.found)
            self._whole(key, theirs, name)
            if len(self.found) == before:
                self.compare(one[key], other[theirs], f"{name}[{key!r}]" if isinstance(key, PLAIN) else name)

    def _sequence(self, one: list, other: list, name: str) -> None:
        if len(one) != len(other):
            self.found.append(name)
            return
        for index, (value, theirs) in enumerate(zip(one, other)):
            self.compare(value, theirs, f"{name}[{index}]")

    def _attributes(self, one: Mapping[str, object], other: Mapping[str, object], name: str) -> None:
        """Compare what lies at the names of two objects."""
        for key in dict.fromkeys([*one, *other]):
            dotted = f"{name}.{key}" if name else key
            self.compare(one.get(key, MISSING), other.get(key, MISSING), dotted)

    def _class(self, one: type, other: type) -> None:
        """Compare the attributes of two classes and of the classes above them, such as a shared counter."""
        for mine, theirs in zip(reversed(one.__mro__), reversed(other.__mro__)):
            if mine is not theirs:
                self._attributes(_public(vars(mine)), _public(vars(theirs)), mine.__name__)

    def _code(self, one: object, other: object, name: str) -> None:
        """Compare what functions, methods and their like hold on to."""
        if isinstance(one, types.FunctionType):
            for each, theirs in zip(one.__closure__ or (), other.__closure__ or ()):
                self.compare(each, theirs, name)
            for part in ("__defaults__", "__kwdefaults__", "__dict__"):
                self._whole(getattr(one, part), getattr(other, part), name)
            if one.__globals__ is not other.__globals__:
                self._file(one.__globals__, other.__globals__)
        elif isinstance(one, types.CellType):
            self._whole(one.cell_contents, other.cell_contents, name)
        elif isinstance(one, types.GeneratorType):
            frames = [(each.gi_frame and each.gi_frame.f_lasti, each.gi_running) for each in (one, other)]
            self._add(frames[0] != frames[1], name)
            if one.gi_frame and other.gi_frame:
                self._whole(one.gi_frame.f_locals, other.gi_frame.f_locals, name)
        elif isinstance(one, partial):
            self._whole((one.func, one.args, one.keywords), (other.func, other.args, other.keywords), name)
        else:
            for part in ("__self__", "__func__", "fget", "fset", "fdel"):
                self.compare(getattr(one, part, None), getattr(other, part, None), name)

    def _file(self, one: dict[str, object], other: dict[str, object]) -> None:
        """Compare the variables of two runs of one file."""
        if self._was_seen(one, other):
            return
        before = len(self.found)
        self._attributes(_public(one), _public(other), "")
        file = Path(one.get("__file__") or one.get("__name__") or "its file").name
        # What lies in a file that it imports has the name of that file already.
        self.found[before:] = [each if each.endswith(")") else f"{each} (of {file})" for each in self.found[before:]]

    def _whole(self, one: object, other: object, name: str) -> None:
        """Compare two values whose parts have no names that a user knows."""
        before = len(self.found)
        self.compare(one, other, name)
        inner = self.found[before:]
        self.found[before:] = dict.fromkeys(each if each.endswith(")") else name for each in inner)

    def _opaque(self, one: object, other: object, name: str) -> None:
        """Compare objects of C: by what a pickle of them would hold, or else by their text."""
        parts = [_reduced(each) for each in (one, other)]
        if None not in parts:
            self._whole(*parts, name)
        elif " at 0x" not in repr(one):
            self._add(repr(one) != repr(other), name)

    def _was_seen(self, one: object, other: object) -> bool:
        """Whether two objects were met before; from now on they were."""
        pair = (id(one), id(other))
        met = pair in self._seen
        self._seen[pair] = (one, other)
        return met


# What runs, or holds on to something that does.
CODE = (
    *(types.FunctionType, types.MethodType, types.BuiltinMethodType, types.CellType, types.GeneratorType),
    *(staticmethod, classmethod, property, partial),
)


def _is_ignored(value: object) -> bool:
    return isinstance(value, IGNORED) or type(value).__module__.startswith(COMPILERS)


def _slots(value: object) -> list[str]:
    """The attributes that an object's classes have a place for."""
    found: list[str] = []
    for each in type(value).__mro__:
        slots = vars(each).get("__slots__", ())
        found += [slots] if isinstance(slots, str) else slots
    return [name for name in found if not name.startswith("__")]


def _attributes(value: object) -> dict[str, object]:
    """An object's own attributes; those of a Module without what torch keeps for itself."""
    own = {name: getattr(value, name, MISSING) for name in _slots(value)} | getattr(value, "__dict__", {})
    return {name: each for name, each in own.items() if not (isinstance(value, nn.Module) and name in OWN_OF_A_MODULE)}


def _public(names: Mapping[str, object]) -> dict[str, object]:
    """What is not Python's own, of the variables of a file or of the attributes of a class."""
    return {name: value for name, value in names.items() if not (name.startswith("__") and name.endswith("__"))}


def _reduced(value: object) -> object:
    """What a pickle of an object would hold, such as how far an iterator is; None where there is no pickle of it."""
    try:
        with warnings.catch_warnings():
            # Some of Python's iterators will lose their pickles. Their text says how far they are.
            warnings.simplefilter("ignore", DeprecationWarning)
            reduced = value.__reduce_ex__(4)
    except Exception:  # Of any kind: a lock or an open file cannot be pickled.
        return None
    if isinstance(reduced, str):
        return None
    return [list(part) if isinstance(part, Iterator) else part for part in reduced]


def _generator_state(value: object) -> object:
    """Where a generator of random numbers is in its stream; None for anything else."""
    if isinstance(value, torch.Generator):
        return value.get_state().numpy().tobytes()
    if isinstance(value, np.random.Generator):
        value = value.bit_generator
    if isinstance(value, np.random.RandomState):
        return repr(_plain_arrays(value.get_state(legacy=False)))
    if isinstance(value, np.random.BitGenerator):
        return repr(_plain_arrays(value.state))
    # A generator of the operating system is nowhere in a stream.
    is_random = isinstance(value, random.Random) and not isinstance(value, random.SystemRandom)
    return value.getstate() if is_random else None


def _plain_arrays(state: object) -> object:
    """A generator's state with its arrays as bytes, as the text of a long one leaves numbers out."""
    if isinstance(state, dict):
        return {name: _plain_arrays(value) for name, value in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors have the same numbers, NaN in the same places among them."""
    if one.shape != other.shape or one.dtype != other.dtype or one.layout != other.layout:
        return False
    if one.layout != torch.strided:
        one, other = one.to_dense(), other.to_dense()
    return torch.equal(one, other) or bool(((one == other) | (one != one) & (other != other)).all())
