"""Other people's weights: found in a checkpoint, matched to a model's names, and loaded into the model."""

import argparse
import collections
import logging
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from evolution.errors import ModelError, first_line
from evolution.models.transformers_models import is_transformers, named_by_library
from evolution.sources.checkpoint_file import weight_files
from evolution.sources.losses import loss_next_to_weights

log = logging.getLogger("evolution")

# Where Lightning's averaging of weights keeps those that were trained: `state_dict` then holds the average.
TRAINED_KEY = "current_model_state"

# The entries of a checkpoint under which its weights are looked for first.
USUAL_KEYS = ("model", "state_dict", "model_state_dict", "model_state", "net", "network", "module", "weights", "params")

# Entries that hold no weights of a network, whatever their form: an optimizer, its schedule, numbers, settings.
OTHER_KEYS = re.compile(
    r"optim\w*|lr_?sched\w*|sched\w*|(grad_?)?scaler|amp|rng\w*|callbacks?|loops?|hyper_parameters|hparams\w*"
    r"|config|args|metrics?|loss(es)?|history|grads?|gradients?|momentum\w*|deltas?",
    re.IGNORECASE,
)

# A moving average of the weights, a teacher, or the best so far. It is taken where the config asks.
AVERAGE_KEYS = re.compile(
    r"(^|[._])(ema|averaged?|avg|swa|polyak|slow|momentum|shadow|teacher|best|init(ial)?)($|[._\d])", re.IGNORECASE
)

# What torch.compile puts into names.
COMPILED = "_orig_mod."

# The end of the names under which torch keeps what modules return from `get_extra_state`.
EXTRA_STATE = "_extra_state"

# How notes begin that say of names which only the file, or only the model, has.
NOT_TAKEN = "Not in the "
NOT_IN_FILE = f"{NOT_TAKEN}file"

# How many names a message shows.
SHOWN = 4


class Inert:
    """Takes the place of NumPy's numbers and arrays in a file, which are no weights: nothing is made of their bytes."""

    def __init__(self, *arguments: object):
        pass

    def __setstate__(self, state: object) -> None:
        pass


# Classes of plain values that training code puts into checkpoints. Making one from a file runs no code of the file.
# Files name NumPy's by where they are defined, which its version 2 moved.
PLAIN_CLASSES = [
    argparse.Namespace,
    collections.defaultdict,
    dict,
    pathlib.PosixPath,
    pathlib.PurePosixPath,
    pathlib.PureWindowsPath,
    (Inert, "numpy.dtype"),
    (Inert, "numpy.ndarray"),
    *((Inert, f"numpy.{core}.multiarray.{name}") for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
]


class NotFiniteError(ModelError):
    """Weights are NaN or infinite: the training that wrote them diverged."""


@dataclass(frozen=True)
class Weights:
    """The weights of a checkpoint.

    Attributes
    ----------
    tensors : dict of str to Tensor or object
        As `Module.state_dict` has them; what is no tensor is a module's extra state.
    where : str
        Where in the file they are, for the log.
    train_loss : float or None
        What the file says next to them, see `evolution.sources.losses.loss_next_to_weights`.
    """

    tensors: dict[str, object]
    where: str
    train_loss: float | None = None


def read_weights(path: str, *, key: str | None = None) -> Weights:
    """Read the weights of a checkpoint without running code of it.

    Parameters
    ----------
    path : str
        A file that torch.save or safetensors wrote, or a folder that Hugging Face's Trainer wrote.
    key : str, optional
        The entry that holds the weights, with dots between nested ones; or the beginning of the weights' names. By
        default the weights are found.

    Raises
    ------
    ModelError
        If the file cannot be read, or holds no weights.
    """
    content = _read(Path(path))
    found = _under_key(content, key, path) if key is not None else _found_weights(content, path)
    return replace(found, train_loss=loss_next_to_weights(content))


def _found_weights(content: object, path: str) -> Weights:
    """The weights of a checkpoint of which nobody says where they are."""
    if _is_state(content):
        return Weights(_state(content), "the whole file")
    states = dict(_states(content))
    if not states:
        raise ModelError(f"{path} holds no weights: {_described(content)}. Weights are names with their tensors.")
    candidates = [TRAINED_KEY] if TRAINED_KEY in states else [name for name in states if not _is_average(name)]
    if not candidates:
        raise ModelError(
            f"{path} holds weights under {', '.join(states)} alone, which by the name are an average, the first or "
            "the best so far; if they are what you want, name the entry with checkpoints.key (for model.weights: save "
            "that entry alone)"
        )
    usual = [name for name in USUAL_KEYS if name in candidates]
    several = usual or candidates
    # Loops save one state under two names, but then under usual ones.
    if len(several) > 1 and not (usual and all(_equal_states(states[usual[0]], states[name]) for name in usual)):
        raise ModelError(
            f"{path} holds weights under {', '.join(several)}; say which are the model's with checkpoints.key "
            "(for model.weights: save that entry alone)"
        )
    name = several[0]
    others = [other for other in states if other != name]
    return Weights(_state(states[name]), name + (f" (there {_are(others)} also {', '.join(others)})" if others else ""))


def _is_average(name: str) -> bool:
    """Whether a key says that its weights are an average, or the like; modelEMA counts as model_EMA."""
    return bool(AVERAGE_KEYS.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)))


def _equal_states(one: Mapping, other: Mapping) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(value, other[name]) if isinstance(value, torch.Tensor) else True for name, value in one.items()
    )


def fit_weights(model: nn.Module, weights: Weights, *, path: str, strict: bool = True) -> list[str]:
    """Load weights into a model, under the model's own names.

    Parameters
    ----------
    model : Module
    weights : Weights
    path : str
        Where they come from, for messages.
    strict : bool
        Whether names that only one of the two has are an error.

    Returns
    -------
    list of str
        What was done that is worth a line in the log. What begins with `NOT_TAKEN` is worth a warning.

    Raises
    ------
    ModelError
        If names or shapes do not fit.
    NotFiniteError
        If a weight is NaN or infinite.
    """
    wanted, given = model.state_dict(), weights.tensors
    if is_transformers(model) and not given.keys() >= wanted.keys():
        try:
            converted = named_by_library(model, given)
        except Exception as error:  # The library raises anything.
            log.info("transformers cannot name the weights of %s: %s", path, first_line(error))
        else:
            if len(wanted.keys() & converted.keys()) > len(wanted.keys() & given.keys()):
                given = converted
    renamed, outside, notes = _best_names(given, wanted, path)
    needless = _need_not_be(model, renamed)
    missing = [name for name in wanted if name not in renamed and name not in needless]
    extra = [name for name in renamed if name not in wanted]
    other_shape = [
        f"{name} is {_shape(renamed[name])} and the model's {_shape(wanted[name])}"
        for name in renamed
        if name in wanted and _shape(renamed[name]) != _shape(wanted[name])
    ]
    if not renamed.keys() & wanted.keys() or (strict and (missing or extra)):
        raise ModelError(_misfit(path, weights, wanted, missing, extra))
    if other_shape:
        raise ModelError(
            f"{path} does not fit the model: {_few(other_shape, '; ')}. Give the model that it was saved from "
            "(model.name, model.kwargs, as many classes and channels)."
        )
    _check_kinds(wanted, renamed, path)
    _check_tied(model, renamed, path)
    if outside:
        notes.append(f"{NOT_TAKEN}model, and left: {_few(outside)}.")
    if missing:
        notes.append(f"{NOT_IN_FILE}, and left at their initial values: {_few(missing)}.")
    if extra:
        notes.append(f"{NOT_TAKEN}model, and left: {_few(extra)}.")
    taken = {name: value for name, value in renamed.items() if name in wanted}
    _check_finite(model, taken, path)
    model.load_state_dict(taken, strict=False)
    return notes


def _read(path: Path) -> object:
    """All that a checkpoint holds; its tensors are mapped into memory where that can be done."""
    try:
        files = [file for file in weight_files(path) if file.suffix != ".json"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path} cannot be read ({first_line(error)}). Copy it again.") from error
    if not files:
        raise ModelError(f"{path} holds no weights, such as model.safetensors or pytorch_model.bin.")
    if len(files) == 1:
        return _read_file(files[0])
    together = {}
    for file in files:
        together |= _read_file(file)
    return together


def _read_file(path: Path) -> object:
    if not path.exists():
        raise ModelError(f"{path} is gone. Put it back, or leave it out of `checkpoints`.")
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except Exception as error:  # The library raises classes of its own.
            raise ModelError(
                f"{path} cannot be read ({first_line(error)}): it is damaged, or not whole. Copy it again."
            ) from error
    begin = path.open("rb").read(200)
    if begin.startswith((b"version https://git-lfs", b"<!DOCTYPE", b"<html", b"<?xml")) or not begin:
        what = "a pointer to a file of Git LFS" if begin.startswith(b"version") else "a web page" if begin else "empty"
        raise ModelError(f"{path} is {what} and no checkpoint. Download the file itself.")
    try:
        with torch.serialization.safe_globals(PLAIN_CLASSES):
            return torch.load(path, map_location="cpu", mmap=begin.startswith(b"PK"), weights_only=True)
    except Exception as error:  # Damaged bytes make the reader raise anything.
        # Of a class that it refuses, torch gives the name: GLOBAL package.Name, or class package.Name.
        refused = re.search(r"(?:GLOBAL|class) ([\w.]+\.\w+)", str(error))
        if not refused:
            # torch's own advice is to read the file with code and all.
            reason = "" if "weights_only" in str(error) else f" ({first_line(error)})"
            raise ModelError(
                f"{path} cannot be read{reason}: it is damaged, not whole, or no file of torch.save. Copy it again."
            ) from error
        # A file of its own: whatever is not kept is still in the first one.
        converted = path.parent / "converted" / path.name
        raise ModelError(
            f"{path} holds {refused[1]}, which is not read, because reading it could run code. If you trust the file, "
            f"make the folder {converted.parent}, convert the file into it, and name the folder in checkpoints.path "
            "(for model.weights the file in it). These are the two lines of Python:\n"
            f'  whole = torch.load("{path}", map_location="cpu", weights_only=False)\n'
            '  torch.save(whole.state_dict() if hasattr(whole, "state_dict") else {name: value for name, value in '
            "whole.items() if isinstance(value, (int, torch.Tensor)) or isinstance(value, dict) and any("
            f'isinstance(each, torch.Tensor) for each in value.values())}}, "{converted}")'
        ) from error


def _is_state(content: object) -> bool:
    """Whether something is a state dict: names with tensors, maybe with modules' extra state and a few plain values."""
    if not isinstance(content, Mapping) or not all(isinstance(name, str) for name in content):
        return False
    others = [
        name for name in content if not isinstance(content[name], torch.Tensor) and not name.endswith(EXTRA_STATE)
    ]
    plain = all(content[name] is None or isinstance(content[name], (bool, int, float, str)) for name in others)
    return len(content) > 2 * len(others) and plain and any(isinstance(each, torch.Tensor) for each in content.values())


def _state(content: Mapping) -> dict[str, object]:
    """A state dict without plain values, such as a version."""
    return {
        name: value for name, value in content.items() if isinstance(value, torch.Tensor) or name.endswith(EXTRA_STATE)
    }


def _states(content: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, Mapping]]:
    """The state dicts in a checkpoint, by the keys that lead to them."""
    if not isinstance(content, Mapping) or depth > 3:
        return
    for key, value in content.items():
        if isinstance(key, str) and not OTHER_KEYS.fullmatch(key):
            path = f"{name}.{key}" if name else key
            if _is_state(value):
                yield path, value
            else:
                yield from _states(value, path, depth + 1)


def _under_key(content: object, key: str, path: str) -> Weights:
    """The weights at a key, or those whose names begin with it."""
    states = dict(_states(content)) | ({"": content} if _is_state(content) else {})
    value = content
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if _is_state(value) or key in states:
        return Weights(_state(value if _is_state(value) else states[key]), key)
    for name, state in states.items():
        begin = key.removeprefix(f"{name}.") + "."
        inside = {
            other.removeprefix(begin): tensor for other, tensor in _state(state).items() if other.startswith(begin)
        }
        if inside:
            return Weights(inside, f"{key}.*")
    known = ", ".join(filter(None, states)) or "none"
    raise ModelError(f"{path} has no weights under {key}; it has: {known}. {_described(content)}", "checkpoints.key")


def _best_names(
    given: Mapping[str, object], wanted: Mapping[str, object], path: str
) -> tuple[dict[str, object], list[str], list[str]]:
    """The weights under the model's names: those of the change of names that fits most of them.

    Returns
    -------
    renamed : dict
    outside : list of str
        The names that the change leaves out, because they lack a prefix.
    notes : list of str
    """
    best = None
    for rename, note in _renamings(given, wanted):
        pairs = {name: rename(name) for name in given}
        fits = {
            pairs[name]: name
            for name in given
            if pairs[name] in wanted and _shape(given[name]) == _shape(wanted[pairs[name]])
        }
        if best is None or len(fits) > len(best[0]):
            best, equal = (fits, pairs, note), []
        elif len(fits) == len(best[0]) and fits and set(fits.values()) != set(best[0].values()):
            equal.append(note)
    fits, pairs, note = best
    if note and equal and not all(_same(given, fits, other) for other in equal):
        raise ModelError(
            f"{path} holds the model's names more than once: under {note!r} and under {equal[0]!r}. Say which to take "
            f"with checkpoints.key: {note.rstrip('.')}"
        )
    renamed = {new: given[name] for name, new in pairs.items() if new is not None}
    outside = [name for name, new in pairs.items() if new is None]
    notes = [f"{len(fits)} names of the file are the model's {_words(note)}."] if note else []
    return renamed, outside, notes


def _same(given: Mapping[str, object], fits: Mapping[str, str], prefix: str) -> bool:
    """Whether the tensors under another prefix are the very ones that were taken."""
    return all(
        f"{prefix}{name}" in given and torch.equal(given[f"{prefix}{name}"], given[taken])
        for name, taken in fits.items()
        if isinstance(given[taken], torch.Tensor)
    )


def _words(note: str) -> str:
    """How a message tells of a change of names."""
    return f"with {note[1:]!r} in front" if note.startswith("+") else f"without {note!r}"


def _renamings(
    given: Mapping[str, object], wanted: Mapping[str, object]
) -> Iterator[tuple[Callable[[str], str | None], str]]:
    """Changes of names to try, each with the prefix that it takes off ("" for none, "+..." for one that it adds).

    A change gives None for a name that it leaves out.
    """

    def unwrapped(name: str) -> str:
        """A name without what torch.compile puts anywhere in it."""
        return name.replace(COMPILED, "")

    def without(prefix: str) -> Callable[[str], str | None]:
        return lambda name: name.removeprefix(prefix) if name.startswith(prefix) else None

    def then_unwrapped(rename: Callable[[str], str | None]) -> Callable[[str], str | None]:
        return lambda name: None if (new := rename(name)) is None else unwrapped(new)

    yield (lambda name: name), ""
    if any(COMPILED in name for name in given):
        yield unwrapped, COMPILED
    parts = [name.split(".") for name in given]
    prefixes = {".".join(names[:depth]) + "." for names in parts for depth in range(1, min(len(names), 5))}
    # A moving average among the names is taken where the config's key asks for it, and its prefix is then off already.
    prefixes = {prefix for prefix in prefixes if not _is_average(prefix)}
    for prefix in sorted(prefixes, key=lambda prefix: (prefix.count("."), prefix)):
        yield without(prefix), prefix
        if any(COMPILED in name.removeprefix(prefix) for name in given):
            yield then_unwrapped(without(prefix)), prefix
    heads = {".".join(names[:depth]) + "." for names in (name.split(".") for name in wanted) for depth in (1, 2)}
    for head in sorted(heads):
        if all(name.startswith(head) for name in wanted):
            yield (lambda name, head=head: head + unwrapped(name)), f"+{head}"


def _need_not_be(model: nn.Module, renamed: Mapping[str, object]) -> set[str]:
    """The model's names that a file may lack: torch's own counters, and tensors that the model has under two names."""
    state = model.state_dict(keep_vars=True)
    counters = {name for name in state if name.endswith("num_batches_tracked")}
    places: dict[int, list[str]] = {}
    for name, value in state.items():
        if isinstance(value, torch.Tensor):
            places.setdefault(id(value), []).append(name)
    tied = {name for names in places.values() if any(other in renamed for other in names) for name in names}
    return counters | tied


def _misfit(path: str, weights: Weights, wanted: Mapping, missing: list[str], extra: list[str]) -> str:
    """The message on names that do not fit, with names of both sides."""
    sides = []
    for what, state, first in (("the file's", weights.tensors, extra), ("the model's", wanted, missing)):
        names = sorted(state, key=lambda name: name not in first)
        sides.append(f"{what} ({weights.where}) " if what == "the file's" else f"{what} ")
        sides[-1] += _few([f"{name} {_shape(state[name])}" for name in names])
    counts = [f"{len(missing)} of the model's {len(wanted)} names are missing"] * bool(missing)
    counts += [f"{len(extra)} of the file's {len(weights.tensors)} names are not the model's"] * bool(extra)
    return (
        f"{path} does not fit the model: {' and '.join(counts)}. Names are {sides[0]}; {sides[1]}. Give the model that "
        "it was saved from (model.name, model.kwargs, as many classes and channels), or the entry with its weights "
        "(checkpoints.key); strict: false takes what fits."
    )


def _check_kinds(wanted: Mapping[str, object], renamed: Mapping[str, object], path: str) -> None:
    """Refuse numbers of another kind than the model's, which would be taken over without a word."""
    for name, value in renamed.items():
        # Who halves all tensors of a state dict halves batch norm's count too. What a network computes does not depend
        # on it.
        if name.endswith("num_batches_tracked"):
            continue
        mine = wanted.get(name)
        if (
            isinstance(value, torch.Tensor)
            and isinstance(mine, torch.Tensor)
            and (value.is_floating_point(), value.is_complex()) != (mine.is_floating_point(), mine.is_complex())
        ):
            raise ModelError(
                f"{path} has {name} as {str(value.dtype).removeprefix('torch.')}, and the model as "
                f"{str(mine.dtype).removeprefix('torch.')}: quantised weights, or those of "
                "another layer. Save them as floats."
            )


def _check_tied(model: nn.Module, renamed: Mapping[str, object], path: str) -> None:
    """Refuse two different tensors for one that the model has under two names."""
    places: dict[int, str] = {}
    for name, value in model.state_dict(keep_vars=True).items():
        if name not in renamed or not isinstance(value, torch.Tensor):
            continue
        first = places.setdefault(id(value), name)
        if first != name and not torch.equal(renamed[first], renamed[name]):
            raise ModelError(
                f"{path} has different weights for {first} and {name}, which are one in the model. Give the model that "
                "it was saved from."
            )


def _check_finite(model: nn.Module, taken: Mapping[str, object], path: str) -> None:
    """Refuse weights that are not finite. A buffer may hold infinities on purpose, such as a mask of attention."""
    trained = dict(model.named_parameters()).keys()
    broken = [
        name
        for name, value in taken.items()
        if isinstance(value, torch.Tensor) and (~value.isfinite() if name in trained else value.isnan()).any()
    ]
    if broken:
        raise NotFiniteError(
            f"{path} holds values that are not finite (NaN or infinite) in {_few(broken)}: the training that wrote it "
            "diverged."
        )


def _shape(value: object) -> tuple[int, ...] | None:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def _few(values: list[str], between: str = ", ") -> str:
    """The first few of some texts, and how many more there are."""
    return between.join(values[:SHOWN]) + (f" and {len(values) - SHOWN} more" if len(values) > SHOWN else "")


def _are(values: list) -> str:
    return "is" if len(values) == 1 else "are"


def _described(content: object) -> str:
    """What a file holds, for a message."""
    if not isinstance(content, Mapping):
        return f"it is a {type(content).__name__}"
    entries = [f"{name} ({type(value).__name__})" for name, value in content.items()]
    return f"it has {_few(entries)}"
