"""The times of a recording, and what they hold: found from names and headers, without reading gigabytes."""

import os
from collections.abc import Collection
from pathlib import Path

from evolution.errors import PATHS_COUNT, ConfigError
from evolution.sources.choice import chosen_times
from evolution.sources.file_names import LARGEST_TIME, UNITS, Numbers, numbers_of_name, other_unit, too_large
from evolution.sources.recorded_time import Arrays, array_notes, folder_fingerprint, read_folder, unread_arrays
from evolution.sources.recording import Recording, describe, read_settings, text_class_names
from evolution.sources.recording_checks import (
    check_class_count,
    check_shared,
    check_times,
    parts,
    shared_ids_digest,
)
from evolution.sources.recording_format import (
    CLASS_NAMES,
    CLASS_NAMES_TEXT,
    LABELS,
    SETTINGS_FILE,
    SHARED,
    belongs_to_time,
    is_layer,
)
from evolution.sources.sentences import few, unfinished_note
from evolution.sources.stored_times import Listing, NothingStoredError, StoredTime


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
    Recording

    Raises
    ------
    NothingStoredError
        If the folder is gone.
    ConfigError
        If what lies there cannot be used. The key is relative to `recording`.
    """
    folder = Path(os.path.expanduser(settings["path"]))
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "is not there"
        raise NothingStoredError(
            f"{settings['path']!r} {what}; must be a folder that holds a folder a time, and {LABELS}.npy; "
            f"{PATHS_COUNT}",
            "path",
        )
    said = read_settings(folder)
    known = array_notes()
    shared = read_folder(folder, wanted=SHARED.__contains__, notes=known)
    counted = check_shared(shared)
    named, unit, notes = _times(folder, settings["unit"], said.get("unit"))
    arrays = {path: read_folder(Path(path), wanted=belongs_to_time, notes=known) for path in named}
    known.save()
    notes += _unread_notes(folder, shared, arrays)
    latest = max(named, key=lambda path: getattr(named[path], unit))
    notes += _leave_out_broken(arrays)
    by_time = {getattr(named[path], unit): path for path in arrays}
    kept = {by_time[time]: arrays[by_time[time]] for time in chosen_times(by_time, settings["choose"])}
    if kept or not by_time:
        notes += _leave_out_latest(kept, latest)
        if not kept:
            raise NothingStoredError(f"{folder} has no whole time yet; {' '.join(notes)}", "path")
    _check_choice(kept, by_time, unit, settings["choose"], taken)
    samples = check_times(kept if counted else kept or arrays, counted)
    first = next(iter((kept or arrays).values()))
    ids = shared_ids_digest(shared, kept or arrays, samples)
    check_class_count(_named_classes(folder, shared), first)
    times = [
        StoredTime(time, path, folder_fingerprint(kept[path]), getattr(named[path], other_unit(unit)))
        for time, path in sorted(by_time.items())
        if path in kept
    ]
    recording = describe(folder, said, shared=shared, time=first, ids_digest=ids)
    return Listing(unit, {each.time: each for each in times}, notes), recording


def _named_classes(folder: Path, shared: Arrays) -> int | None:
    """How many classes have a name; None where they have none."""
    if CLASS_NAMES in shared:
        return shared[CLASS_NAMES].facts.shape[0]
    return len(text_class_names(folder)) or None


def _unread_notes(folder: Path, shared: Arrays, times: Collection[str]) -> list[str]:
    """The arrays that lie where nothing reads them, a sentence on each."""
    notes = []
    if stray := unread_arrays(folder, SHARED.__contains__):
        example = next(iter(times), folder.as_posix())
        notes.append(_unread(stray, f"the layers and predictions of a time lie in its folder, such as {example}"))
    if CLASS_NAMES in shared and (folder / CLASS_NAMES_TEXT).is_file():
        text = (folder / CLASS_NAMES_TEXT).as_posix()
        notes.append(_unread([text], f"{shared[CLASS_NAMES].file} gives the classes' names"))
    by_name: dict[str, list[str]] = {}
    for time in times:
        for path in unread_arrays(Path(time), belongs_to_time):
            by_name.setdefault(Path(path).stem, []).append(path)
    return notes + [_unread(paths, f"{name} lie next to the folders of the times") for name, paths in by_name.items()]


def _unread(paths: list[str], where: str) -> str:
    return f"{few(paths)} {'are' if len(paths) > 1 else 'is'} not read; {where}."


def _leave_out_broken(arrays: dict[str, Arrays]) -> list[str]:
    """Take out the times with an array that is not whole; a sentence on each."""
    notes = []
    for path in list(arrays):
        broken = next((array.file for array in arrays[path].values() if not array.facts.is_whole), None)
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


def _leave_out_latest(kept: dict[str, Arrays], latest: str) -> list[str]:
    """Take out the latest time where it lacks what the others have; a sentence on it."""
    others = [arrays for path, arrays in kept.items() if path != latest]
    if latest not in kept:
        return []
    lacks = sorted(set.union(set(), *map(parts, others)) - parts(kept[latest]))
    if not (lacks or not any(map(is_layer, kept[latest]))):
        return []
    del kept[latest]
    why = f"it lacks {few(lacks)}, which the other times have" if lacks else "it holds no layer"
    return [unfinished_note(latest, why=why)]


def _times(folder: Path, asked: str, said: str | None) -> tuple[dict[str, Numbers], str, list[str]]:
    """The folders of the times with their numbers, their unit, and a sentence on each folder that is left out."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise NothingStoredError(
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
    if said and asked not in ("auto", said):
        raise ConfigError(
            f"{asked} contradicts {folder / SETTINGS_FILE}, where the recorder says {said}; must be {said}, or auto",
            "unit",
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
        if time > LARGEST_TIME:
            raise ConfigError(too_large(path, unit, time), "path")
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
