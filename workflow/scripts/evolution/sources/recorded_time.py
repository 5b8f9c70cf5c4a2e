"""One time of a recording: a folder with an array a layer, and what is known of it without reading the arrays."""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from evolution.errors import ConfigError
from evolution.io.whole_files import whole_file
from evolution.sources.array_file import IDS, SUFFIXES, ArrayFacts, read_array_facts

# Next to Snakemake's own records. It can be deleted; the arrays' headers are then read again.
FACTS_FILE = Path(".snakemake/evolution/recordings.json")

PREDICTIONS = "predictions"
CLASSIFIER = ("classifier_inputs", "classifier_weight", "classifier_bias")
# Names that are no layer's.
RESERVED = {"labels", IDS, "class_names", PREDICTIONS, "previews", "inputs", *CLASSIFIER}


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


def array_files(folder: Path) -> dict[str, Path]:
    """The arrays of a folder, by name: a layer's dotted name, or a reserved one.

    Raises
    ------
    OSError
        If the folder cannot be read.
    ConfigError
        If two files have one name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES and not path.name.startswith(".") and path.is_file():
            if path.stem in found:
                raise ConfigError(
                    f"{found[path.stem]} and {path} are two files of one array; remove one of them", "path"
                )
            found[path.stem] = path
    return found


def read_folder(folder: Path, known: dict[str, dict] | None = None) -> dict[str, RecordedArray]:
    """The arrays of a folder, by name.

    Parameters
    ----------
    folder : Path
    known : dict, optional
        Absolute path of a file to its stamp and its facts: a file that is as it was is not read. What is read is added.

    Raises
    ------
    ConfigError
        If a file cannot be read, or is no array.
    """
    known = {} if known is None else known
    arrays, path = {}, folder
    try:
        for name, path in array_files(folder).items():
            status, place = os.stat(path), os.path.abspath(path)
            # A copy may keep the time of its content (mtime), but not that of its entry in the file system (ctime).
            stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            if known.get(place, {}).get("stamp") == stamp:
                facts = ArrayFacts(**known[place]["facts"])
            else:
                facts = read_array_facts(path)
                if not facts.missing_bytes:
                    known[place] = {"stamp": stamp, "facts": asdict(facts)}
            arrays[name] = RecordedArray(path.as_posix(), facts)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error})", "path") from None
    except ValueError as error:
        raise ConfigError(
            f"{path} cannot be used: {error}. Write it with np.save, or with save_file of safetensors", "path"
        ) from None
    return arrays


def read_folders(folders: Iterable[Path]) -> dict[str, dict[str, RecordedArray]]:
    """The arrays of folders, from the planner's notes where a file is as it was, or else read and noted.

    Returns
    -------
    dict
        Each folder, as a path with /, to its arrays by name.

    Raises
    ------
    ConfigError
        As `read_folder` raises it.
    """
    try:
        known = json.loads(FACTS_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    before = known.copy()
    found = {folder.as_posix(): read_folder(folder, known) for folder in folders}
    if known != before:
        # Notes that cannot be written are made again next time.
        with suppress(Exception), whole_file(FACTS_FILE) as temporary:
            temporary.write_text(json.dumps(known), encoding="utf-8")
    return found


def folder_fingerprint(arrays: dict[str, RecordedArray]) -> str:
    """A digest of a folder's arrays, which changes when one of them does."""
    prints = sorted((name, array.facts.fingerprint) for name, array in arrays.items())
    return hashlib.sha256(json.dumps(prints).encode()).hexdigest()[:32]
