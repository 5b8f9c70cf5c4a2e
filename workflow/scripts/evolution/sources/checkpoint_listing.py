"""The checkpoints of a run: which files there are, their times, and in which unit they are counted."""

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from evolution.errors import ConfigError
from evolution.sources.checkpoint_file import Facts, read_facts
from evolution.sources.checkpoint_paths import is_pattern, matching_paths, nearby
from evolution.sources.choice import chosen_times
from evolution.sources.file_names import (
    FIELD,
    LARGEST_TIME,
    UNITS,
    Numbers,
    glob_of,
    numbers_by_pattern,
    numbers_in_names,
    other_unit,
    too_large,
    unknown_fields,
)
from evolution.sources.notes import Notes
from evolution.sources.sentences import few, unfinished_note
from evolution.sources.stored_times import Listing, NothingStoredError, StoredTime


@dataclass(frozen=True)
class _Found:
    """A file, with what its name and its content say."""

    file: str
    facts: Facts
    named: Numbers

    def number(self, unit: str) -> int | None:
        """The file's time in a unit: what the name says, or else what the file says."""
        named = getattr(self.named, unit)
        return getattr(self.facts, unit) if named is None else named

    def other_time(self, unit: str) -> float | None:
        """The file's time in the other unit. Steps may lie within an epoch."""
        number = self.number(other_unit(unit))
        return self.facts.part_of_epoch if number is None and unit == "step" else number


def list_checkpoints(settings: dict, *, unusable: Iterable[str] = (), taken: Collection[int] = ()) -> Listing:
    """Find the checkpoints of a run.

    Parameters
    ----------
    settings : dict
        `checkpoints` of the config: path, unit, choose.
    unusable : iterable of str
        Fingerprints of checkpoints that cannot be used, see `evolution.sources.unusable`.
    taken : collection of int
        Times whose snapshots were taken. Their files may be gone.

    Returns
    -------
    Listing

    Raises
    ------
    ConfigError
        If no file matches, a time or the unit is not known, or two files have one time. The key is relative to
        `checkpoints`.
    """
    pattern = settings["path"]
    if unknown := unknown_fields(pattern):
        raise ConfigError(
            f"{pattern!r} has {{{unknown[0]}}}, which is not known; {{epoch}} and {{step}} stand for numbers, * for "
            "any text",
            "path",
        )
    files = matching_paths(pattern)
    facts = _all_facts(files)
    whole = [file for file in files if facts[file].is_whole]
    notes = [unfinished_note(file) for file in files if not facts[file].is_whole]
    # The part of the path that the user fixed is the same for all files, so it tells nothing of one of them.
    fixed = re.split(r"[*?\[]", glob_of(pattern))[0].rpartition("/")[0] if is_pattern(pattern) else pattern
    fixed = os.path.normpath(os.path.expanduser(fixed)) if fixed else ""
    if FIELD.search(pattern):
        by_file = numbers_by_pattern(whole, os.path.normpath(os.path.expanduser(pattern)))
        whole, named = list(by_file), list(by_file.values())
    else:
        inside = [file.removeprefix(f"{fixed}/") if fixed not in ("", ".") else file for file in whole]
        named = numbers_in_names([os.path.basename(file) if file == fixed else file for file in inside])
    found = [_Found(file, facts[file], numbers) for file, numbers in zip(whole, named)]
    if not found:
        raise NothingStoredError(
            f"{pattern!r} matches no whole checkpoint; {'; '.join(notes) or nearby(pattern)}", "path"
        )
    found, unit, nameless = _with_unit(found, settings["unit"], pattern)
    found, repeated = _one_of_each_time(found, unit)
    notes += nameless + repeated
    _check_order(found, unit)
    wanted = chosen_times([each.number(unit) for each in found], settings["choose"])
    checkpoints = _by_time(found, unit)
    missing = [number for number in settings["choose"]["also"] if number not in checkpoints and number not in taken]
    if missing:
        near = min(checkpoints, key=lambda known: abs(known - missing[0]))
        raise ConfigError(f"there is no checkpoint of {unit} {missing[0]}; the nearest is {near}", "choose.also")
    if not wanted and not chosen_times(taken, settings["choose"]):
        raise ConfigError(
            f"{settings['choose']} chooses none of the {len(checkpoints)} checkpoints, which are of {unit} "
            f"{few(checkpoints)}",
            "choose",
        )
    unusable = set(unusable)
    left = [number for number in wanted if checkpoints[number].fingerprint in unusable]
    notes += [
        f"{checkpoints[number].path} is left out: its weights are not finite (NaN or infinite)." for number in left
    ]
    usable = {number: checkpoints[number] for number in wanted if checkpoints[number].fingerprint not in unusable}
    if left and not usable:
        raise ConfigError(f"all checkpoints of {pattern!r} hold weights that are not finite (NaN or infinite)", "path")
    return Listing(unit, usable, notes, frozenset(left))


def _by_time(found: list[_Found], unit: str) -> dict[int, StoredTime]:
    """The checkpoints by their times, ascending, with their times in the other unit."""
    found = sorted(found, key=lambda each: each.number(unit))
    if found[-1].number(unit) > LARGEST_TIME:
        raise ConfigError(too_large(found[-1].file, unit, found[-1].number(unit)), "path")
    others = [each.other_time(unit) for each in found]
    known = [other for other in others if other is not None]
    if unit == "epoch" and any(after <= before for before, after in pairwise(known)):
        # Steps that do not rise from epoch to epoch are counted within an epoch.
        others = [None] * len(found)
    return {
        each.number(unit): StoredTime(each.number(unit), each.file, each.facts.fingerprint, other)
        for each, other in zip(found, others)
    }


def _all_facts(files: list[str]) -> dict[str, Facts]:
    """What is known of each file, see `evolution.sources.notes`.

    Raises
    ------
    ConfigError
        If a file cannot be read.
    """
    notes, facts = Notes("checkpoints", Facts), {}
    for file in files:
        try:
            facts[file] = notes.facts(Path(file), read_facts)
        except OSError as error:
            raise ConfigError(f"{file} cannot be read ({error.strerror or error})", "path") from None
    notes.save()
    return facts


def _with_unit(found: list[_Found], asked: str, pattern: str) -> tuple[list[_Found], str, list[str]]:
    """The files with their numbers in one unit, the unit, and a sentence on each file that is left out.

    Where the config does not say the unit, names count before contents, and steps before epochs: epochs repeat where a
    training saves within them.
    """
    unit = _unit_of(found, pattern) if asked == "auto" else asked
    if all(getattr(each.named, unit) is None for each in found):
        found = [_with_plain_number(each, unit) for each in found]
    elif any(
        getattr(each.named, unit) is not None and getattr(each.facts, unit) not in (None, getattr(each.named, unit))
        for each in found
    ):
        # The files count otherwise than their names, such as from 0: what has no number in its name has no time.
        found = [
            each if getattr(each.named, unit) is not None else replace(each, facts=Facts(each.facts.fingerprint))
            for each in found
        ]
    known = [each for each in found if each.number(unit) is not None]
    without = [each.file for each in found if each.number(unit) is None]
    if not known or (without and not all(getattr(each.named, unit) is not None for each in known)):
        raise ConfigError(
            f"{unit} is not known of {few(without)}: neither the name nor the content has it. Set another unit, or "
            f"leave these files out with a pattern that has {{{unit}}} for the number",
            "unit" if asked != "auto" else "path",
        )
    # Such as best.pt next to epoch_1.pt, epoch_2.pt, ...
    notes = [f"{file} is left out: neither its name nor its content has its {unit}." for file in without]
    return known, unit, notes


def _with_plain_number(each: _Found, unit: str) -> _Found:
    """A file whose name has a number alone: it is the file's time, unless the file itself says its time.

    Raises
    ------
    ConfigError
        If the number is the file's time in the other unit.
    """
    other = other_unit(unit)
    if each.named.plain is None or getattr(each.facts, unit) is not None:
        return each
    if getattr(each.facts, other) == each.named.plain:
        raise ConfigError(
            f"{unit} is not known of {each.file}: the number of its name is its {other}, as the file says; must be "
            f"{other}",
            "unit",
        )
    return replace(each, named=Numbers(**{unit: each.named.plain}))


def _check_order(found: list[_Found], unit: str) -> None:
    """Refuse files whose epochs fall while their steps rise."""
    other = other_unit(unit)
    known = [each for each in found if each.number(other) is not None]
    for before, after in pairwise(sorted(known, key=lambda each: each.number(unit))):
        if after.number(other) < before.number(other):
            raise ConfigError(
                f"{before.file} is of {unit} {before.number(unit)} and {other} {before.number(other)}, and "
                f"{after.file} of {unit} {after.number(unit)} and {other} {after.number(other)}: one of the two is "
                f"counted otherwise. Set unit to {other}, or leave one out with a pattern",
                "unit",
            )


def _unit_of(found: list[_Found], pattern: str) -> str:
    """The unit that the files are counted in, as they say themselves."""
    labelled = [each for each in found if (each.named.epoch, each.named.step) != (None, None)]
    plain = [each for each in found if each.named.plain is not None]
    for unit in reversed(UNITS):
        if labelled and all(getattr(each.named, unit) is not None for each in labelled):
            return unit
    if plain and not labelled:
        # The files may say what their names' numbers are.
        for unit in UNITS:
            if all(getattr(each.facts, unit) == each.named.plain for each in plain):
                return unit
        raise ConfigError(
            f"auto is not allowed, as nothing says whether the number of {plain[0].file} is an epoch or a step; must "
            "be epoch or step",
            "unit",
        )
    for unit in reversed(UNITS):
        if all(each.number(unit) is not None for each in found):
            return unit
    most = max(UNITS, key=lambda unit: sum(each.number(unit) is not None for each in found))
    raise ConfigError(
        f"{pattern!r} matches files without an epoch or a step: "
        f"{few(each.file for each in found if each.number(most) is None)}. Neither their names nor their content has "
        "one. Write a pattern in which {epoch} or {step} stands for the number, as in checkpoints/model_{epoch}.pt",
        "path",
    )


def _one_of_each_time(found: list[_Found], unit: str) -> tuple[list[_Found], list[str]]:
    """The files without those that are another file's time again, such as last.ckpt; and a sentence on each."""
    by_time: dict[int, list[_Found]] = {}
    for each in found:
        by_time.setdefault(each.number(unit), []).append(each)
    kept, notes = [], []
    for number, files in by_time.items():
        with_number = [each for each in files if getattr(each.named, unit) is not None or each.named.plain is not None]
        if len(files) > 1 and len(with_number) == 1:
            notes += [
                f"{each.file} is left out: it is of {unit} {number}, as {with_number[0].file} is."
                for each in files
                if each is not with_number[0]
            ]
            files = with_number
        if len(files) > 1:
            other = other_unit(unit)
            apart = len({each.number(other) for each in files}) == len(files) and None not in {
                each.number(other) for each in files
            }
            remedy = f"set checkpoints.unit to {other}, which differs" if apart else (
                "give a pattern that matches one of them, such as one with the beginning of its name"
            )  # fmt: skip
            raise ConfigError(
                f"two files are of {unit} {number}: {files[0].file} and {files[1].file}; {remedy}", "path"
            )
        kept += files
    return kept, notes
