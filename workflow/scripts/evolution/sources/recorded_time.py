"""One time of a recording: a folder with an array a layer, and what is known of it without reading the arrays."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evolution.errors import ConfigError
from evolution.sources.array_file import SUFFIXES, ArrayFacts, read_array_facts
from evolution.sources.notes import Notes


@dataclass(frozen=True)
class RecordedArray:
    """An array of a recording.

    Attributes
    ----------
    file : str
        The path, with /.
    facts : ArrayFacts
    """

    file: str
    facts: ArrayFacts

    def said(self) -> str:
        """Its type and shape, as messages give them."""
        return f"{self.facts.dtype} {tuple(self.facts.shape)}"


Arrays = dict[str, RecordedArray]


def array_notes() -> Notes:
    """The planner's notes on arrays."""
    return Notes("recordings", ArrayFacts)


def array_files(folder: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Path]:
    """The arrays of a folder, by name: a layer's dotted name, or a reserved one.

    Parameters
    ----------
    folder : Path
    wanted : callable, optional
        Whether an array of this name is asked for.

    Raises
    ------
    OSError
        If the folder cannot be read.
    ConfigError
        If two files have one name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES and not path.name.startswith(".") and wanted(path.stem) and path.is_file():
            if path.stem in found:
                raise ConfigError(
                    f"{found[path.stem]} and {path} are two files of one array; remove one of them", "path"
                )
            found[path.stem] = path
    return found


def unread_arrays(folder: Path, wanted: Callable[[str], bool]) -> list[str]:
    """The arrays of a folder that `wanted` does not ask for, as paths with /."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))
    return [path.as_posix() for path in paths if not wanted(path.stem)]


def read_folder(
    folder: Path, *, wanted: Callable[[str], bool] = lambda name: True, notes: Notes | None = None
) -> Arrays:
    """The arrays of a folder, by name.

    Parameters
    ----------
    folder : Path
    wanted : callable, optional
        See `array_files`.
    notes : Notes, optional
        See `array_notes`: a file that is as it was is not read. Without them all are read.

    Raises
    ------
    ConfigError
        If a file cannot be read, or is no array.
    """
    arrays, path = {}, folder
    try:
        for name, path in array_files(folder, wanted).items():
            facts = read_array_facts(path) if notes is None else notes.facts(path, read_array_facts)
            arrays[name] = RecordedArray(path.as_posix(), facts)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error})", "path") from None
    except ValueError as error:
        raise ConfigError(
            f"{path} cannot be used: {error}. Write it with np.save, or with save_file of safetensors", "path"
        ) from None
    return arrays


def folder_fingerprint(arrays: Arrays) -> str:
    """A digest of a folder's arrays, which changes when one of them does."""
    prints = sorted((name, array.facts.fingerprint) for name, array in arrays.items())
    return hashlib.sha256(json.dumps(prints).encode()).hexdigest()[:32]
