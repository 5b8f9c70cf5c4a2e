"""Whether what lies in a recording fits together, by the headers of its arrays."""

import re
from pathlib import Path

from evolution.data.contents import FEWEST
from evolution.data.kinds import MASK
from evolution.errors import ConfigError
from evolution.sources.array_file import read_ids
from evolution.sources.recorded_time import Arrays, RecordedArray
from evolution.sources.recording_format import (
    CLASS_NAMES,
    CLASSIFIER,
    IDS,
    INPUTS,
    LABELS,
    PREDICTIONS,
    PREVIEWS,
    is_layer,
)
from evolution.sources.sentences import few

# The types that layers may have, and those of whole numbers and of floats among them.
NUMBERS = re.compile(r"float(16|32|64)|bfloat16|u?int(8|16|32|64)|bool")
WHOLE = re.compile(r"u?int(8|16|32|64)")
FLOATS = re.compile(r"float(16|32|64)|bfloat16")
REMEDIES = {
    "object": "holds Python objects, which are never read, as they may run code; save numbers, as with "
    "np.asarray(values, np.float32)",
    "complex": "holds complex numbers; save real ones, such as the real and the imaginary parts side by side",
}


def check_shared(shared: Arrays) -> RecordedArray | None:
    """Refuse labels that are none, and what lies next to the times and has not as many entries.

    Returns
    -------
    RecordedArray or None
        What says how many samples there are; None where nothing does.

    Raises
    ------
    ConfigError
        If something does not fit, or is not whole.
    """
    if broken := [array.file for array in shared.values() if not array.facts.is_whole]:
        raise ConfigError(f"{broken[0]} is not whole; give the same command again once it is written", "path")
    if LABELS in shared:
        _check_labels(shared[LABELS])
    counted = [shared[name] for name in (LABELS, INPUTS, PREVIEWS, IDS) if name in shared]
    for array in counted:
        count = array.facts.shape[:1]
        if not count or count[0] < FEWEST:
            raise ConfigError(
                f"{array.file} has {count[0] if count else 'no'} samples; at least {FEWEST} are needed", "path"
            )
        if count != counted[0].facts.shape[:1]:
            raise _other_count(array, counted[0])
    if PREVIEWS in shared:
        given = shared[PREVIEWS]
        if given.facts.dtype != "uint8" or not (
            len(given.facts.shape) == 3 or (len(given.facts.shape) == 4 and given.facts.shape[3] == 3)
        ):
            raise ConfigError(f"{given.file} is {given.said()}; previews are uint8 (N, H, W) or (N, H, W, 3)", "path")
    if INPUTS in shared:
        _check_numbers(shared[INPUTS])
        if 0 in shared[INPUTS].facts.shape:
            raise ConfigError(f"{shared[INPUTS].file} is {shared[INPUTS].said()}, without any numbers", "path")
    if MASK in shared:
        _check_mask(shared[MASK], shared.get(INPUTS))
    if CLASS_NAMES in shared:
        given = shared[CLASS_NAMES]
        if given.facts.dtype != "text" or len(given.facts.shape) != 1:
            raise ConfigError(
                f"{given.file} is {given.said()}; the classes' names are text (K,), as of np.array(names, str)", "path"
            )
    return counted[0] if counted else None


def _check_labels(labels: RecordedArray) -> None:
    """Refuse an array that holds neither classes, nor numbers, nor several labels a sample."""
    shape, dtype = labels.facts.shape, labels.facts.dtype
    known = WHOLE.fullmatch(dtype) or FLOATS.fullmatch(dtype) or dtype == "bool"
    if not known or len(shape) not in (1, 2) or (shape[1:] in ([], [1]) and dtype == "bool"):
        raise ConfigError(
            f"{labels.file} is {labels.said()}; labels are classes, whole numbers (N,) counted from 0; or a number "
            "each, floats (N,); or several labels, 0 and 1 (N, K). Leave the file out where there are none. Texts and "
            "booleans become classes by: names, labels = np.unique(labels, return_inverse=True), with the names in "
            f"{CLASS_NAMES}.npy",
            "path",
        )


def _check_mask(mask: RecordedArray, inputs: RecordedArray | None) -> None:
    """Refuse a mask that is not one of tokens."""
    of_numbers = WHOLE.fullmatch(mask.facts.dtype) or mask.facts.dtype == "bool"
    if inputs is None or not of_numbers or len(mask.facts.shape) != 2 or mask.facts.shape != inputs.facts.shape:
        there = f"{Path(inputs.file).name} {inputs.said()}" if inputs else f"there is no {INPUTS}.npy"
        raise ConfigError(
            f"{mask.file} is {mask.said()}, and {there}; a mask is 1 and 0 (N, T), an entry for each token of "
            f"{INPUTS}.npy. Mend it, or leave it out",
            "path",
        )


def _other_count(array: RecordedArray, counted: RecordedArray) -> ConfigError:
    return ConfigError(
        f"{array.file} is {array.said()}, and {Path(counted.file).name} has {counted.facts.shape[0]} samples; all "
        "arrays have an entry for each sample, in one order",
        "path",
    )


def _check_numbers(array: RecordedArray) -> None:
    """Refuse an array that holds no real numbers."""
    dtype = array.facts.dtype
    if not NUMBERS.fullmatch(dtype):
        reason = REMEDIES.get(re.sub(r"\d+", "", dtype), f"is {dtype}; save numbers, such as float32")
        raise ConfigError(f"{array.file} {reason}", "path")


def parts(arrays: Arrays) -> set[str]:
    """What a time consists of: its layers, its predictions, its classifier."""
    return {name for name in arrays if is_layer(name) or name in (PREDICTIONS, *CLASSIFIER)}


def check_times(kept: dict[str, Arrays], counted: RecordedArray | None) -> int:
    """Refuse times that do not have the same layers, of the same shapes, with as many samples as there are.

    Parameters
    ----------
    kept : dict of str to Arrays
        Each time's folder, to its arrays.
    counted : RecordedArray or None
        What says how many samples there are; None where the layers say it.

    Returns
    -------
    int
        How many samples there are.
    """
    layers = (array for arrays in kept.values() for name, array in arrays.items() if name not in CLASSIFIER[1:])
    counted = counted or next(layers, None)
    samples = counted.facts.shape[0] if counted and counted.facts.shape else 0
    if samples < FEWEST:
        raise ConfigError(
            f"{counted.file if counted else 'it'} has {samples} samples; at least {FEWEST} are needed", "path"
        )
    everything = set.union(set(), *map(parts, kept.values()))
    first: dict[str, RecordedArray] = {}
    for path, arrays in kept.items():
        if lacks := sorted(everything - parts(arrays)):
            has = next(each for each, others in kept.items() if lacks[0] in others)
            raise ConfigError(
                f"{path} lacks {few(lacks)}, which {has} has; record it there too, remove one of the two folders, or "
                "leave such times out with recording.choose",
                "path",
            )
        for name in sorted(parts(arrays)):
            array = arrays[name]
            _check_numbers(array)
            if name not in CLASSIFIER[1:] and array.facts.shape[:1] != [samples]:
                raise _other_count(array, counted)
            if 0 in array.facts.shape:
                raise ConfigError(f"{array.file} is {array.said()}, without any numbers", "path")
            before = first.setdefault(name, array)
            if before.facts.shape != array.facts.shape:
                raise ConfigError(
                    f"{array.file} is {array.said()}, and {before.file} {before.said()}; a layer has one shape at all "
                    "times",
                    "path",
                )
        _check_predictions(arrays, of_numbers=_are_numbers(counted))
    if PREDICTIONS not in first:
        return samples
    before = first[PREDICTIONS]
    for given in (arrays[PREDICTIONS] for arrays in kept.values()):
        if bool(WHOLE.fullmatch(given.facts.dtype)) != bool(WHOLE.fullmatch(before.facts.dtype)):
            raise ConfigError(
                f"{given.file} is {given.said()}, and {before.file} {before.said()}; give outputs at all times, or "
                "classes at all",
                "path",
            )
    return samples


def _are_numbers(counted: RecordedArray | None) -> bool:
    """Whether the labels are a number for each sample."""
    is_label = counted is not None and Path(counted.file).stem == LABELS
    return is_label and counted.facts.shape[1:] in ([], [1]) and bool(FLOATS.fullmatch(counted.facts.dtype))


def _check_predictions(arrays: Arrays, *, of_numbers: bool) -> None:
    """Refuse predictions that are neither outputs nor classes, and a classifier whose parts do not fit.

    Of numbers the model's outputs may be one a sample.
    """
    given = arrays.get(PREDICTIONS)
    if given is not None:
        shape, dtype = given.facts.shape, given.facts.dtype
        outputs = FLOATS.fullmatch(dtype) and len(shape) in ((1, 2) if of_numbers else (2,))
        if not (outputs or (WHOLE.fullmatch(dtype) and len(shape) == 1)):
            raise ConfigError(
                f"{given.file} is {given.said()}; predictions are the model's outputs, floats (N, K), or the classes "
                "that it predicts, whole numbers (N,); of labels that are a number each also floats (N,)",
                "path",
            )
    there = [arrays[name] for name in CLASSIFIER if name in arrays]
    if not there:
        return
    if len(there) < len(CLASSIFIER):
        absent = next(name for name in CLASSIFIER if name not in arrays)
        raise ConfigError(
            f"{there[0].file} comes without {absent}; give all of {', '.join(CLASSIFIER)}, or none", "path"
        )
    rows, weight, bias = (array.facts.shape for array in there)
    classes = given.facts.shape[1] if given is not None and len(given.facts.shape) == 2 else weight[0]
    if not (len(rows) == 2 and weight == [classes, rows[1]] and bias == [classes]):
        raise ConfigError(
            f"{there[1].file} is {there[1].said()}, with inputs {tuple(rows)}, bias {tuple(bias)} and {classes} "
            "classes; the last layer has inputs (N, D), weight (K, D) and bias (K,)",
            "path",
        )


def check_class_count(names: int | None, time: Arrays) -> None:
    """Refuse names of other classes than the outputs are for.

    Parameters
    ----------
    names : int or None
        How many classes are named.
    time : dict of str to RecordedArray
        The arrays of a time.
    """
    outputs = time.get(PREDICTIONS)
    if outputs is None or len(outputs.facts.shape) != 2 or names in (None, outputs.facts.shape[1]):
        return
    raise ConfigError(
        f"{outputs.file} has {outputs.facts.shape[1]} outputs for each sample, and {CLASS_NAMES} names {names} "
        "classes; give a name for each output",
        "path",
    )


def shared_ids_digest(shared: Arrays, kept: dict[str, Arrays], samples: int) -> str | None:
    """A digest of the ids, which are the same wherever they stand; None where there are none.

    Raises
    ------
    ConfigError
        If two files have different ids, or there are not as many as samples.
    """
    # ids.npy first: the others are compared with it.
    places = [shared[name] for name in (IDS, *shared) if name in shared and shared[name].facts.ids is not None]
    for arrays in kept.values():
        places += [array for array in arrays.values() if array.facts.ids is not None]
    if places and (count := len(read_ids(Path(places[0].file)))) != samples:
        raise ConfigError(f"{places[0].file} has {count} ids, and there are {samples} samples; give each one", "path")
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
