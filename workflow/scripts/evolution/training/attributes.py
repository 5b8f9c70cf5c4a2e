"""What differs between two objects of one class: attributes, class attributes and globals of their file.

The second object was made like the first and given its state dict. What differs all the same is kept outside of it.
"""

import random
from collections.abc import Iterator, Mapping, Set
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np
import torch
from torch import nn

# What says nothing of how far a training is: code, types, and torch's own bookkeeping of hooks.
IGNORED = (FunctionType, BuiltinFunctionType, MethodType, ModuleType, type)

# A Module's own attributes that its state dict covers, or that torch keeps for itself.
COVERED = {name for name in vars(nn.Module()) if name != "_buffers"}


def differing_attributes(one: object, other: object, *, leave_out: Set[int] = frozenset()) -> list[str]:
    """The dotted names of what differs.

    Parameters
    ----------
    one, other : object
        Of classes of the same name; each has a class and a file of its own where a file was run twice.
    leave_out : set of int
        The ids of objects that are not looked into, such as a network that both know.
    """
    seen: set[tuple[int, int]] = set()
    found = list(_differences(one, other, "", leave_out, seen))
    for name, value in _class_attributes(one).items():
        found += _differences(value, _class_attributes(other).get(name), name, leave_out, seen)
    theirs = _globals(other)
    for name, value in _globals(one).items():
        found += _differences(value, theirs.get(name), f"{name} (of the file)", leave_out, seen)
    return list(dict.fromkeys(found))


def _differences(
    one: object, other: object, name: str, leave_out: Set[int], seen: set[tuple[int, int]]
) -> Iterator[str]:
    """The names of what differs at or below a name."""
    if one is other or id(one) in leave_out or id(other) in leave_out or isinstance(one, IGNORED):
        return
    if (id(one), id(other)) in seen:
        return
    seen.add((id(one), id(other)))
    state, other_state = _generator_state(one), _generator_state(other)
    if state is not None and other_state is not None:
        yield from [] if state == other_state else [name]
    elif type(one).__qualname__ != type(other).__qualname__:
        yield name
    elif isinstance(one, torch.Tensor):
        yield from [] if _equal(one.detach().cpu(), other.detach().cpu()) else [name]
    elif isinstance(one, np.ndarray):
        yield from [] if one.tobytes() == other.tobytes() and one.shape == other.shape else [name]
    elif isinstance(one, Mapping):
        if list(map(repr, one)) != list(map(repr, other)):
            yield name
        else:
            for (key, value), theirs in zip(one.items(), other.values()):
                yield from _differences(value, theirs, f"{name}[{key!r}]" if name else str(key), leave_out, seen)
    elif isinstance(one, (str, bytes, bytearray, bool, int, float, complex, type(None), Set)):
        yield from [] if one == other or (one != one and other != other) else [name]
    elif isinstance(one, (list, tuple)) or hasattr(one, "maxlen"):
        if len(one) != len(other):
            yield name
        else:
            for index, (value, theirs) in enumerate(zip(one, other)):
                yield from _differences(value, theirs, f"{name}[{index}]", leave_out, seen)
    elif isinstance(one, nn.Module) or hasattr(one, "__dict__"):
        yield from _differing_vars(one, other, name, leave_out, seen)
    elif " at 0x" not in repr(one) and repr(one) != repr(other):
        # An iterator that counts says in its text how far it is.
        yield name


def _differing_vars(
    one: object, other: object, name: str, leave_out: Set[int], seen: set[tuple[int, int]]
) -> Iterator[str]:
    """The names of attributes that differ, also of modules within a module."""
    mine, theirs = _attributes(one), _attributes(other)
    prefix = f"{name}." if name else ""
    yield from (f"{prefix}{key}" for key in mine.keys() ^ theirs.keys())
    for key in mine.keys() & theirs.keys():
        if key == "_buffers":
            for buffer in mine[key].keys() & theirs[key].keys():
                yield from _differences(mine[key][buffer], theirs[key][buffer], f"{prefix}{buffer}", leave_out, seen)
        else:
            yield from _differences(mine[key], theirs[key], f"{prefix}{key}", leave_out, seen)
    if isinstance(one, nn.Module):
        for key in one._modules.keys() & other._modules.keys():
            yield from _differences(one._modules[key], other._modules[key], f"{prefix}{key}", leave_out, seen)


def _attributes(value: object) -> dict[str, object]:
    """An object's own attributes, without what a Module's state dict covers."""
    found = dict(vars(value))
    return {key: each for key, each in found.items() if not (isinstance(value, nn.Module) and key in COVERED)}


def _class_attributes(value: object) -> dict[str, object]:
    """The attributes of an object's class and of the classes above it in the same file, such as a shared counter."""
    classes = [each for each in type(value).__mro__ if each.__module__ == type(value).__module__]
    return {
        f"{each.__name__}.{name}": attribute
        for each in reversed(classes)
        for name, attribute in vars(each).items()
        if not name.startswith("__") and not isinstance(attribute, (*IGNORED, property, classmethod, staticmethod))
    }


def _globals(value: object) -> dict[str, object]:
    """The variables of the file of an object's class."""
    code = next((each for each in vars(type(value)).values() if isinstance(each, FunctionType)), None)
    found = {} if code is None else code.__globals__
    return {name: each for name, each in found.items() if not name.startswith("__") and not isinstance(each, IGNORED)}


def _generator_state(value: object) -> object:
    """Where a generator of random numbers is in its stream; None for anything else."""
    if isinstance(value, torch.Generator):
        return value.get_state().numpy().tobytes()
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state(legacy=False))
    return value.getstate() if isinstance(value, random.Random) else None


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors have the same numbers, NaN in the same places among them."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(one, other) or bool(((one == other) | (one != one) & (other != other)).all())
