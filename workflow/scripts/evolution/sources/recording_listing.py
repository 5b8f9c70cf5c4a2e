"""The times of a recording, and what they hold: found from names and headers, without reading gigabytes."""

import hashlib
import json
import os
import re
from collections.abc import Collection
from pathlib import Path

from evolution.errors import ConfigError
from evolution.sources.array_file import IDS, read_ids
from evolution.sources.choice import chosen_times
from evolution.sources.file_names import UNITS, Numbers, numbers_of_name
from evolution.sources.listing import Listing, NoCheckpointError
from evolution.sources.recorded_time import (
    CLASSIFIER,
    PREDICTIONS,
    RESERVED,
    RecordedArray,
    folder_fingerprint,
    read_folder,
    read_folders,
)
from evolution.sources.recording import CLASSES, OUTPUTS, Recording, in_order, read_settings
from evolution.sources.records import Checkpoint
from evolution.sources.sentences import few, unfinished_note

# The fewest samples that can be measured.
FEWEST = 10

# What lies next to the folders of the times, one entry a sample but for the names.
LABELS, NAMES, PREVIEWS, INPUTS = "labels", "class_names", "previews", "inputs"
NAMES_TEXT = "class_names.txt"

# The types that layers may have, and those of whole numbers among them.
NUMBERS = re.compile(r"float(16|32|64)|bfloat16|u?int(8|16|32|64)|bool")
WHOLE = re.compile(r"u?int(8|16|32|64)")
FLOATS = re.compile(r"float(16|32|64)|bfloat16")
REMEDIES = {
    "object": "holds Python objects, which are never read, as they may run code; save numbers, as with "
    "np.asarray(values, np.float32)",
    "complex": "holds complex numbers; save real ones, such as the real and the imaginary parts side by side",
}

Arrays = dict[str, RecordedArray]


def list_recording(settings: dict, *, taken: Collection[int] = ()) -> tuple[Listing, Recording]:
    """Find the times of a recording.

    Parameters
    ----------
    settings : dict
        `recording` of the config: path, unit, choose.
    taken : collection of int
        Times whose snapshots were taken. Their folders may be gone.

    Returns
    -------
    Listing
        Each time's folder stands in the place of a checkpoint.
    Recording

    Raises
    ------
    NoCheckpointError
        If the folder is gone.
    ConfigError
        If what lies there cannot be used. The key is relative to `recording`.
    """
    folder = Path(os.path.expanduser(settings["path"]))
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "is not there"
        raise NoCheckpointError(
            f"{settings['path']!r} {what}; must be a folder that holds labels.npy and a folder a time. Paths count "
            "from the folder that Snakemake runs in",
            "path",
        )
    said = read_settings(folder)
    shared = read_folder(folder)
    samples = _sample_count(folder, shared)
    named, unit, notes = _times(folder, settings["unit"], said.get("unit"))
    arrays = read_folders(Path(path) for path in named)
    latest = max(named, key=lambda path: getattr(named[path], unit))
    notes += _leave_out_broken(arrays)
    by_time = {getattr(named[path], unit): path for path in arrays}
    kept = {by_time[time]: arrays[by_time[time]] for time in chosen_times(by_time, settings["choose"])}
    if kept or not by_time:
        notes += _leave_out_latest(kept, latest)
        if not kept:
            raise NoCheckpointError(f"{folder} has no whole time yet; {' '.join(notes)}", "path")
    _check_choice(kept, by_time, unit, settings["choose"], taken)
    _check_times(kept, samples)
    recording = _described(folder, said, shared, kept or arrays, samples)
    times = [
        Checkpoint(time, path, folder_fingerprint(kept[path]), getattr(named[path], UNITS[unit == UNITS[0]]))
        for time, path in sorted(by_time.items())
        if path in kept
    ]
    return Listing(unit, {each.time: each for each in times}, notes), recording


def _leave_out_broken(arrays: dict[str, Arrays]) -> list[str]:
    """Take out the times with an array that is not whole; a sentence on each."""
    notes = []
    for path in list(arrays):
        broken = next((array.file for array in arrays[path].values() if array.facts.missing_bytes), None)
        if broken is not None:
            notes.append(unfinished_note(broken, left_out=path, why=f"{broken} is not whole"))
            del arrays[path]
    return notes


def _check_choice(kept: Collection, by_time: dict[int, str], unit: str, choose: dict, taken: Collection[int]) -> None:
    """Refuse a choice of times that are not there."""
    missing = [time for time in choose["also"] if time not in by_time and time not in taken]
    if missing:
        near = min(by_time, key=lambda known: abs(known - missing[0]))
        raise ConfigError(f"there is no recorded {unit} {missing[0]}; the nearest is {near}", "choose.also")
    if not kept and not chosen_times(taken, choose):
        raise ConfigError(
            f"{choose} chooses none of the {len(by_time)} recorded times, which are {unit}s {few(sorted(by_time))}",
            "choose",
        )


def _described(folder: Path, said: dict, shared: Arrays, kept: dict[str, Arrays], samples: int) -> Recording:
    """What the times share, once they are known to be alike."""
    ids, names = _checked_ids(folder, shared, kept), _name_count(folder, shared)
    first = next(iter(kept.values()))
    layers = in_order(_layers(first), said)
    outputs = first.get(PREDICTIONS)
    columns = outputs.facts.shape[1] if outputs and len(outputs.facts.shape) == 2 else None
    if None not in (names, columns) and names != columns:
        raise ConfigError(
            f"{outputs.file} has {columns} outputs for each sample, and {NAMES} names {names} classes; give a name for "
            "each output",
            "path",
        )
    digest = hashlib.sha256(json.dumps([folder_fingerprint(shared), _text_names(folder), ids]).encode())
    return Recording(
        samples=samples,
        layers={name: first[name].facts.shape[1:] for name in layers},
        predictions=None if outputs is None else CLASSES if columns is None else OUTPUTS,
        classes=columns or names,
        classifier=CLASSIFIER[0] in first,
        inputs=INPUTS in shared,
        dataset=digest.hexdigest()[:32],
    )


def _times(folder: Path, asked: str, said: str | None) -> tuple[dict[str, Numbers], str, list[str]]:
    """The folders of the times with their numbers, their unit, and a sentence on each folder that is left out."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise NoCheckpointError(
            f"{folder} holds no folder of a time. Each time has a folder of its own, called by its number, with an "
            "array a layer in it, as 100/conv1.npy",
            "path",
        )
    numbers = {path.as_posix(): numbers_of_name(path.name) for path in folders}
    nameless = [path for path, found in numbers.items() if found == Numbers()]
    if len(nameless) == len(numbers):
        raise ConfigError(
            f"the folders {few(path.name for path in folders)} of {folder} have no time in their names; call each by "
            "its number, as 100 or step_100",
            "path",
        )
    unit = asked if asked != "auto" else said or _named_unit(numbers, folder)
    known = {
        path: Numbers(**{unit: found.plain}) if found.plain is not None else found
        for path, found in numbers.items()
        if found.plain is not None or getattr(found, unit) is not None
    }
    other = [path for path in numbers if path not in known and path not in nameless]
    if other:
        raise ConfigError(f"{few(other)} is named by another unit; must be one that all folders have", "unit")
    by_time: dict[int, str] = {}
    for path, found in known.items():
        time = getattr(found, unit)
        if time in by_time:
            raise ConfigError(f"{by_time[time]} and {path} are both of {unit} {time}; remove one of them", "path")
        by_time[time] = path
    notes = [f"{path} is left out: its name has no time." for path in nameless]
    return known, unit, notes


def _named_unit(numbers: dict[str, Numbers], folder: Path) -> str:
    """The unit that the names say. Steps come first: epochs repeat where a training is recorded within them."""
    for unit in reversed(UNITS):
        if all(getattr(found, unit) is not None for found in numbers.values() if found != Numbers()):
            return unit
    plain = next((path for path, found in numbers.items() if found.plain is not None), None)
    if plain is None:
        raise ConfigError(f"some folders of {folder} are named by an epoch, others by a step; name all alike", "path")
    raise ConfigError(
        f"auto is not allowed, as nothing says whether the number of {plain} is an epoch or a step; must be epoch or "
        "step",
        "unit",
    )


def _sample_count(folder: Path, shared: Arrays) -> int:
    """The number of samples, as labels.npy has it; everything else next to it must have as many."""
    labels = shared.get(LABELS)
    if labels is None:
        raise ConfigError(
            f"{folder} has no {LABELS}.npy: whole numbers (N,), the class of each sample, counted from 0", "path"
        )
    if broken := [array.file for array in shared.values() if array.facts.missing_bytes]:
        raise NoCheckpointError(f"{broken[0]} is not whole; give the same command again once it is written", "path")
    shape, dtype = labels.facts.shape, labels.facts.dtype
    if not WHOLE.fullmatch(dtype) or len(shape) != 1:
        raise ConfigError(f"{labels.file} is {_said(labels)}; labels are whole numbers (N,), counted from 0", "path")
    if shape[0] < FEWEST:
        raise ConfigError(f"{labels.file} has {shape[0]} samples; at least {FEWEST} are needed", "path")
    for name in (IDS, PREVIEWS, INPUTS):
        if name in shared and shared[name].facts.shape[:1] != shape:
            raise _other_count(shared[name], shape[0])
    if PREVIEWS in shared:
        given = shared[PREVIEWS]
        if given.facts.dtype != "uint8" or not (
            len(given.facts.shape) == 3 or (len(given.facts.shape) == 4 and given.facts.shape[3] == 3)
        ):
            raise ConfigError(f"{given.file} is {_said(given)}; previews are uint8 (N, H, W) or (N, H, W, 3)", "path")
    if INPUTS in shared:
        _check_numbers(shared[INPUTS])
    return shape[0]


def _said(array: RecordedArray) -> str:
    """An array's type and shape, as messages give them."""
    return f"{array.facts.dtype} {tuple(array.facts.shape)}"


def _other_count(array: RecordedArray, samples: int) -> ConfigError:
    return ConfigError(
        f"{array.file} is {_said(array)}, and {LABELS}.npy has {samples} samples; all arrays have an entry for each "
        "sample, in one order",
        "path",
    )


def _check_numbers(array: RecordedArray) -> None:
    """Refuse an array that holds no real numbers."""
    dtype = array.facts.dtype
    if not NUMBERS.fullmatch(dtype):
        reason = REMEDIES.get(re.sub(r"\d+", "", dtype), f"is {dtype}; save numbers, such as float32")
        raise ConfigError(f"{array.file} {reason}", "path")


def _parts(arrays: Arrays) -> set[str]:
    """What a time consists of: its layers, its predictions, its classifier."""
    return {name for name in arrays if name not in RESERVED or name in (PREDICTIONS, *CLASSIFIER)}


def _leave_out_latest(kept: dict[str, Arrays], latest: str) -> list[str]:
    """Take out the latest time where it lacks what the others have; a sentence on it."""
    others = [arrays for path, arrays in kept.items() if path != latest]
    if latest not in kept:
        return []
    lacks = sorted(set.union(set(), *map(_parts, others)) - _parts(kept[latest]))
    if not (lacks or not _layers(kept[latest])):
        return []
    del kept[latest]
    why = f"it lacks {few(lacks)}, which the other times have" if lacks else "it holds no layer"
    return [unfinished_note(latest, why=why)]


def _layers(arrays: Arrays) -> list[str]:
    return [name for name in arrays if name not in RESERVED]


def _check_times(kept: dict[str, Arrays], samples: int) -> None:
    """Refuse times that do not have the same layers, of the same shapes, with as many samples as there are labels."""
    everything = set.union(set(), *map(_parts, kept.values()))
    first: dict[str, RecordedArray] = {}
    for path, arrays in kept.items():
        if lacks := sorted(everything - _parts(arrays)):
            has = next(each for each, others in kept.items() if lacks[0] in others)
            raise ConfigError(
                f"{path} lacks {few(lacks)}, which {has} has; record it there too, remove one of the two folders, or "
                "leave such times out with recording.choose",
                "path",
            )
        for name in sorted(_parts(arrays)):
            array = arrays[name]
            _check_numbers(array)
            if name not in CLASSIFIER[1:] and array.facts.shape[:1] != [samples]:
                raise _other_count(array, samples)
            if 0 in array.facts.shape:
                raise ConfigError(f"{array.file} is {_said(array)}, without any numbers", "path")
            before = first.setdefault(name, array)
            if before.facts.shape != array.facts.shape:
                raise ConfigError(
                    f"{array.file} is {_said(array)}, and {before.file} {_said(before)}; a layer has one shape at all "
                    "times",
                    "path",
                )
        _check_predictions(arrays)
    kinds = {name: array for name, array in first.items() if name == PREDICTIONS}
    for arrays in kept.values():
        for name, before in kinds.items():
            if bool(WHOLE.fullmatch(arrays[name].facts.dtype)) != bool(WHOLE.fullmatch(before.facts.dtype)):
                raise ConfigError(
                    f"{arrays[name].file} is {_said(arrays[name])}, and {before.file} {_said(before)}; give outputs at "
                    "all times, or classes at all",
                    "path",
                )


def _check_predictions(arrays: Arrays) -> None:
    """Refuse predictions that are neither outputs nor classes, and a classifier whose parts do not fit."""
    given = arrays.get(PREDICTIONS)
    if given is not None:
        shape, dtype = given.facts.shape, given.facts.dtype
        if not ((FLOATS.fullmatch(dtype) and len(shape) == 2) or (WHOLE.fullmatch(dtype) and len(shape) == 1)):
            raise ConfigError(
                f"{given.file} is {_said(given)}; predictions are the model's outputs, floats (N, K), or the classes "
                "that it predicts, whole numbers (N,)",
                "path",
            )
    parts = [arrays[name] for name in CLASSIFIER if name in arrays]
    if not parts:
        return
    if len(parts) < len(CLASSIFIER):
        absent = next(name for name in CLASSIFIER if name not in arrays)
        raise ConfigError(
            f"{parts[0].file} comes without {absent}; give all of {', '.join(CLASSIFIER)}, or none", "path"
        )
    rows, weight, bias = (part.facts.shape for part in parts)
    classes = given.facts.shape[1] if given is not None and len(given.facts.shape) == 2 else weight[0]
    if not (len(rows) == 2 and weight == [classes, rows[1]] and bias == [classes]):
        raise ConfigError(
            f"{parts[1].file} is {_said(parts[1])}, with inputs {tuple(rows)}, bias {tuple(bias)} and {classes} "
            "classes; the last layer has inputs (N, D), weight (K, D) and bias (K,)",
            "path",
        )


def _checked_ids(folder: Path, shared: Arrays, kept: dict[str, Arrays]) -> str | None:
    """A digest of the ids, which are the same wherever they stand; None where there are none.

    Raises
    ------
    ConfigError
        If two files have different ids.
    """
    places = [shared[IDS]] if IDS in shared else []
    for arrays in kept.values():
        places += [array for array in arrays.values() if array.facts.ids is not None]
    for array in places[1:]:
        if array.facts.ids != places[0].facts.ids:
            ours, theirs = (read_ids(Path(each.file)) for each in (places[0], array))
            place = next((place for place, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), None)
            where = (
                f"sample {place} is {theirs[place]!r} there, and {ours[place]!r} in {places[0].file}"
                if place is not None
                else f"it has {len(theirs)} ids, and {places[0].file} has {len(ours)}"
            )
            raise ConfigError(
                f"{array.file} has other ids: {where}. All times and layers are of the same samples, in one order; "
                "record them so, or give the other samples a run of their own",
                "path",
            )
    return places[0].facts.ids if places else None


def _name_count(folder: Path, shared: Arrays) -> int | None:
    """The number of classes that are named; None where they have no names."""
    if NAMES in shared:
        given = shared[NAMES]
        if given.facts.dtype != "text" or len(given.facts.shape) != 1:
            raise ConfigError(
                f"{given.file} is {_said(given)}; the classes' names are text (K,), as of np.array(names, str)", "path"
            )
        return given.facts.shape[0]
    text = _text_names(folder)
    return len(text) if text else None


def _text_names(folder: Path) -> list[str]:
    """The lines of class_names.txt."""
    path = folder / NAMES_TEXT
    try:
        return path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); it is text in UTF-8, a line a class", "path") from None
