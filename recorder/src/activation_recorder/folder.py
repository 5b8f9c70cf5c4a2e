"""The folder of a recording: whose it is, which times it holds, and times that appear whole or not at all."""

import errno
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from activation_recorder import lock
from activation_recorder.errors import RecorderError
from activation_recorder.npy import write_array

FORMAT = 1

SETTINGS = "recording.json"

# What a message calls the keys of recording.json by which a recording is known.
SAYS = {
    "samples": "other samples or labels",
    "model": "another model",
    "unit": "times in another unit",
    "pooling": "another pooling",
    "compact": "another choice of compact",
}

# What a recording does at all of its times, as the workflow reads only times with the same files.
SETTLED = ("layers", "classes", "classifier")

# The system's numbers for a disk without room.
FULL = (errno.ENOSPC, errno.EDQUOT)

# A partial folder of another machine is taken for a leftover after so many seconds.
LEFTOVER_SECONDS = 24 * 3600

CLASSIFIER_FILES = tuple(f"classifier_{part}" for part in ("inputs", "weight", "bias"))

PARTIAL = re.compile(r"\.\d+\.partial-(?P<machine>.*)-\d+")


class FolderLost(Exception):
    """The folder is not this recorder's any more. The text says why, and the remedy."""


class Folder:
    """The folder of a recording.

    Parameters
    ----------
    path : str or path
    identity : dict
        What recording.json says: format, unit, samples, model, pooling, compact.
    arrays : dict of str to array
        Files that lie next to the times, by name: labels and whatever else is given.
    settled : dict
        What all times have alike: layers (a list, in the order asked for), and classes and classifier of the Plan.
    files : dict of str to str, optional
        Text files that lie next to the times, to their content.

    Attributes
    ----------
    path : Path
    settled : dict
        After `begin`, as the first of the trainings that record here decided it.

    Raises
    ------
    RecorderError
        If the folder holds something else than this recording.
    """

    def __init__(
        self,
        path: Path,
        identity: dict,
        arrays: Mapping[str, np.ndarray],
        settled: Mapping[str, object],
        files: Mapping[str, str] | None = None,
    ):
        self.path, self._files = path, dict(files or {})
        self._identity, self._arrays, self.settled = identity, dict(arrays), dict(settled)
        self._check()

    def begin(self, step: float) -> list[int]:
        """Take the folder for a training, or go on in it.

        Parameters
        ----------
        step : float
            Where the training begins, as the recorder is told first. It says whether the training is new: one that goes
            on begins later than the one that made the folder.

        Returns
        -------
        list of int
            The times that are there, ascending.

        Raises
        ------
        RecorderError
            If the folder holds something else, or a training that began at `step` or later, or if another process
            records into it.
        OSError
            If the folder cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if not lock.take(self.path):
            raise RecorderError(f"another training that runs now records into {self.path}. Give another path.")
        known, times = self._check(), self.times()
        if known is None or not times:
            # Of a training that recorded no time nothing has to be kept.
            known = self._identity | self.settled | {"begun": step}
            self._write_whole(SETTINGS, partial(_write_json, value=known))
        begun = known.get("begun")
        begun = begun if isinstance(begun, (int, float)) else min(times, default=step)
        if times and step <= begun:
            raise RecorderError(
                f"{self.path} holds a recording already: {_counted(times, self._identity['unit'])}, of a training that "
                f"began at {begun}. This training begins at {step}, so it is another one. Give another path, or delete "
                "the folder. A training that goes on from a checkpoint must give its recorder the number of steps in "
                "all, which is larger; it then adds to the folder."
            )
        self.settled |= {key: known[key] for key in SETTLED if key in known}
        for name, array in self._arrays.items():
            if not (self.path / f"{name}.npy").exists():
                self._write_whole(f"{name}.npy", partial(write_array, array=array))
        for name, content in self._files.items():
            if not (self.path / name).exists():
                self._write_whole(name, partial(Path.write_text, data=content, encoding="utf-8"))
        self._remove_leftovers()
        return times

    def times(self) -> list[int]:
        """The times that are there, ascending."""
        if not self.path.is_dir():
            return []
        return sorted(int(entry.name) for entry in self.path.iterdir() if entry.name.isdecimal() and entry.is_dir())

    @contextmanager
    def time(self, step: int) -> Iterator[Path]:
        """Give an empty folder that takes its place among the times when the block ends well, and is removed otherwise.

        Yields
        ------
        Path
            Its name begins with a dot until then: nobody reads it.

        Raises
        ------
        FolderLost
            If the folder was deleted or belongs to another process.
        OSError
            If it cannot be written.
        """
        self._check_lock()
        unfinished = self.path / f".{step}.partial-{platform.node()}-{os.getpid()}"
        try:
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            yield unfinished
            for entry in (*unfinished.iterdir(), unfinished):
                _sync(entry)
            self._check_lock()
            os.rename(unfinished, self.path / str(step))
            _sync(self.path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _check_lock(self) -> None:
        if not lock.holds(self.path):
            raise FolderLost(
                f"{self.path} was deleted, or this is a copy of the recorder in another process. Only the process that "
                "began to record writes, and only into the folder that it made"
            )

    def _check(self) -> dict | None:
        """What recording.json says; None where there is no recording yet.

        Raises
        ------
        RecorderError
            If the folder holds something else than this recording.
        """
        remedy = "Give another path, or delete the folder."
        if not self.path.exists():
            return None
        if not self.path.is_dir():
            raise RecorderError(f"{self.path} is a file, and a recording is a folder. Give another path.")
        settings = self.path / SETTINGS
        if not settings.exists():
            others = sorted(entry.name for entry in self.path.iterdir() if not entry.name.startswith("."))
            if others:
                raise RecorderError(
                    f"{self.path} holds {others[0]} but no {SETTINGS}, so no recorder made it. {remedy}"
                )
            return None
        try:
            known = json.loads(settings.read_text(encoding="utf-8"))
            if not isinstance(known, dict) or known.get("format") != FORMAT:
                raise ValueError(f"format {FORMAT} was expected")
        except ValueError as error:
            raise RecorderError(f"{settings} is not what a recorder writes ({error}). {remedy}") from None
        for key, says in SAYS.items():
            if known.get(key) != self._identity[key]:
                raise RecorderError(
                    f"{self.path} holds a recording of {says}: {settings} says {_short(known.get(key))}, and this "
                    f"recorder has {_short(self._identity[key])}. {remedy}"
                )
        self._check_arrays(remedy)
        self._check_layers()
        return known

    def _check_arrays(self, remedy: str) -> None:
        for name, content in self._files.items():
            file = self.path / name
            if file.exists() and file.read_bytes() != content.encode("utf-8"):
                raise RecorderError(f"{file} differs from what this recorder is given. {remedy}")
        for name, array in self._arrays.items():
            file = self.path / f"{name}.npy"
            if not file.exists():
                continue
            try:
                # Of large inputs only the header is read; a file that was cut off cannot be mapped.
                found = np.load(file, mmap_mode="r" if name == "inputs" else None, allow_pickle=False)
            except (ValueError, EOFError) as error:
                raise RecorderError(
                    f"{file} cannot be read ({error}). Delete this file; it is written again."
                ) from None
            # The digest of the samples says whether the inputs are the same.
            if found.shape != array.shape or (name != "inputs" and not (found == array).all()):
                raise RecorderError(f"{file} differs from the {name} of this recorder. {remedy}")

    def _check_layers(self) -> None:
        times = self.times()
        if not times:
            return
        folder = self.path / str(times[-1])
        found = {file.stem for file in folder.glob("*.npy")}
        found -= {"predictions", *CLASSIFIER_FILES}
        layers = self.settled["layers"]
        if found != set(layers):
            raise RecorderError(
                f"{self.path} holds a recording of other layers: {folder} has {', '.join(sorted(found))}, and this "
                f"recorder follows {', '.join(sorted(layers))}. Name the same layers, give another path, or "
                "delete the folder."
            )

    def _write_whole(self, name: str, write: Callable[[Path], object]) -> None:
        """Write a file that appears whole."""
        temporary = self.path / f".{name}.{platform.node()}.{os.getpid()}"
        try:
            write(temporary)
            _sync(temporary)
            os.replace(temporary, self.path / name)
        finally:
            temporary.unlink(missing_ok=True)

    def _remove_leftovers(self) -> None:
        """Remove what trainings left that were killed while they wrote."""
        # An error while cleaning up is no reason not to record.
        with suppress(OSError):
            for entry in self.path.iterdir():
                match = PARTIAL.fullmatch(entry.name)
                if match is None:
                    continue
                # On this machine the lock says that nobody else writes.
                here = match["machine"] == platform.node()
                if here or time.time() - entry.stat().st_mtime > LEFTOVER_SECONDS:
                    shutil.rmtree(entry, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have the disk hold a file, or a folder's entries, before a rename shows them."""
    if os.name != "posix":
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        # Some file systems have no fsync.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(file)


def _write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def disk_reason(path: Path, error: OSError) -> str:
    """Why a file cannot be written, and how much room there is."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in FULL:
        with suppress(OSError):
            reason += f"; {shutil.disk_usage(path).free / 1e6:.1f} MB are free"
    return reason


def disk_remedy(error: OSError) -> str:
    """What a person can do."""
    if error.errno in FULL:
        return "Make room on the disk, or give another path."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Make the folder writable, or give another path."
    return "Give a path at which a folder can be made and written."


def _counted(times: list[int], unit: str) -> str:
    return f"{unit} {times[0]}" if len(times) == 1 else f"{len(times)} {unit}s, {times[0]} to {times[-1]}"


def _short(value: object) -> str:
    """A value as a message shows it: digests by their first digits."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1...", str(value))
