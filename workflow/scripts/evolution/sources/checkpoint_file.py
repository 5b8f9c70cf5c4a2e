"""What a checkpoint file tells without its tensors being read: whether it is whole, its numbers, its fingerprint.

The planner asks this of thousands of files of gigabytes, so it reads their directories alone and loads no torch.
"""

import hashlib
import json
import math
import pickletools
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The files with the weights of a folder that Hugging Face's Trainer writes, the first that is there. An index names the
# files that the weights are split over.
FOLDER_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)

# What a folder of checkpoints may hold and this workflow reads.
SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".safetensors")

# The names under which training code keeps its time.
EPOCH_NAMES = ("epoch",)
STEP_NAMES = ("global_step", "step", "iteration")

# A .safetensors of more bytes is not read whole for its fingerprint. Its tensors are sampled at so many places, of so
# many bytes, and its time counts too: training may change a few rows of a tensor alone.
LARGE, PLACES, SAMPLE = 32 * 2**20, 8, 64

# On the pickle machine's stack: a mark, and whatever is neither text nor a number.
MARK, OTHER = object(), object()

# The bytes that a zip archive, and so what torch.save writes, begins with.
ZIP = b"PK\x03\x04"


class HeaderEndsEarlyError(ValueError):
    """A file ends within its header, as one does that is being written."""


@dataclass(frozen=True)
class Facts:
    """What is known of a checkpoint without its tensors.

    Attributes
    ----------
    fingerprint : str or None
        Differs where the weights differ, and is the same for a copy of the file. None where the file is not whole.
    epoch, step : int or None
        The numbers that the file holds.
    part_of_epoch : float or None
        The epoch where the file has one that is no whole number, as Hugging Face's Trainer does within an epoch.
    """

    fingerprint: str | None
    epoch: int | None = None
    step: int | None = None
    part_of_epoch: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the file is missing."""
        return self.fingerprint is not None


def is_checkpoint_folder(path: Path) -> bool:
    """Whether a folder is a checkpoint, as Hugging Face's Trainer writes them."""
    return any((path / name).is_file() for name in FOLDER_WEIGHTS)


def weight_files(path: Path) -> list[Path]:
    """The files that hold a checkpoint's weights: the file itself, or those of a folder.

    Raises
    ------
    ValueError
        If the folder's index cannot be read.
    """
    if not path.is_dir():
        return [path]
    first = next((path / name for name in FOLDER_WEIGHTS if (path / name).is_file()), None)
    if first is None:
        return []
    if first.suffix != ".json":
        return [first]
    names = json.loads(first.read_text(encoding="utf-8"))["weight_map"].values()
    return [first, *(path / name for name in dict.fromkeys(names))]


def read_facts(path: Path, *, large: int = LARGE) -> Facts:
    """Read what is known of a checkpoint without its tensors.

    Parameters
    ----------
    path : Path
        A file that torch.save or safetensors wrote, or a folder that Hugging Face's Trainer wrote.
    large : int
        A .safetensors of more bytes is not read whole.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    try:
        prints = [_fingerprint(file, large) for file in weight_files(path)]
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, zipfile.BadZipFile, FileNotFoundError):
        return Facts(None)
    if not prints or None in prints:
        return Facts(None)
    fingerprint = prints[0] if len(prints) == 1 else hashlib.sha256("".join(prints).encode()).hexdigest()[:32]
    try:
        return Facts(fingerprint, *_numbers(path))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, zipfile.BadZipFile):
        return Facts(fingerprint)  # The job that reads it will say what is wrong.


def _fingerprint(path: Path, large: int) -> str | None:
    """A file's fingerprint; None where its end is missing."""
    if path.suffix == ".json":
        return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    with open(path, "rb") as stream:
        begin = stream.read(8)
    if begin.startswith(ZIP):
        return _zip_fingerprint(path)
    if path.suffix == ".safetensors":
        return _safetensors_fingerprint(path, large)
    # What torch.save wrote before version 1.6, or no checkpoint at all: the job that reads it will say.
    status = path.stat()
    return f"size {status.st_size} time {status.st_mtime_ns}" if len(begin) == 8 else None


def _zip_fingerprint(path: Path) -> str:
    """A digest of the sums (CRC-32) that a zip archive keeps of its members.

    Raises
    ------
    zipfile.BadZipFile
        If the archive's directory is missing. It is written last.
    """
    with zipfile.ZipFile(path) as archive:
        # torch names the members after the file, with a folder in front: a copy under another name is the same.
        members = [
            (info.filename.partition("/")[2], info.file_size, info.CRC)
            for info in archive.infolist()
            if info.file_size and not info.filename.endswith("/.data/serialization_id")
        ]
    if not any(checksum for _, _, checksum in members):
        status = path.stat()  # torch was told to keep no sums.
        return f"size {status.st_size} time {status.st_mtime_ns}"
    return hashlib.sha256(repr(members).encode()).hexdigest()[:32]


def safetensors_header(stream) -> tuple[dict, int]:
    """The header of a .safetensors, and where its tensors begin.

    Raises
    ------
    struct.error
        If the file ends within the first eight bytes.
    ValueError
        If it is no .safetensors; `HeaderEndsEarlyError` if it ends within the header.
    """
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > 100_000_000:
        raise ValueError("no .safetensors")
    header = stream.read(length)
    if len(header) < length:
        raise HeaderEndsEarlyError("the header ends early")
    return json.loads(header), 8 + length


def _safetensors_fingerprint(path: Path, large: int) -> str | None:
    """A digest of the file, or of a large one's header, time and samples of each tensor; None where it is not whole."""
    with open(path, "rb") as stream:
        header, begin = safetensors_header(stream)
        spans = sorted(tensor["data_offsets"] for name, tensor in header.items() if name != "__metadata__")
        status = path.stat()
        if status.st_size < begin + max((end for _, end in spans), default=0):
            return None
        if status.st_size <= large:
            stream.seek(0)
            return hashlib.file_digest(stream, "sha256").hexdigest()[:32]
        digest = hashlib.sha256(json.dumps([header, status.st_mtime_ns], sort_keys=True).encode())
        for first, end in spans:
            for place in range(PLACES):
                stream.seek(begin + first + (end - first) * place // PLACES)
                digest.update(stream.read(min(SAMPLE, end - first)))
    return digest.hexdigest()[:32]


def _numbers(path: Path) -> tuple[int | None, int | None, float | None]:
    """The epoch, the step and the part of an epoch that a checkpoint holds, as far as it says."""
    if path.is_dir():
        state = path / "trainer_state.json"
        known = json.loads(state.read_text(encoding="utf-8")) if state.is_file() else {}
        return _named(known)
    with open(path, "rb") as stream:
        if path.suffix == ".safetensors":
            return _named(safetensors_header(stream)[0].get("__metadata__", {}))
        if stream.read(4) != ZIP:
            return None, None, None
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
        return _named(dict(top_level_numbers(archive.read(pickles[0])))) if pickles else (None, None, None)


def _named(known: dict) -> tuple[int | None, int | None, float | None]:
    """The epoch and the step among named values, if they are whole numbers; and the epoch if it is none."""
    epoch, step = (
        next((number for name in names if (number := _whole(known.get(name))) is not None), None)
        for names in (EPOCH_NAMES, STEP_NAMES)
    )
    fraction = known.get(EPOCH_NAMES[0])
    return epoch, step, fraction if type(fraction) is float and epoch is None and 0 < fraction < math.inf else None


def _whole(value: object) -> int | None:
    """A value as a whole number that is not negative; None where it is not one."""
    if isinstance(value, str) and re.fullmatch(r"\d+", value):
        return int(value)
    if type(value) in (int, float) and math.isfinite(value) and value >= 0 and value == int(value):
        return int(value)
    return None


def top_level_numbers(pickle: bytes) -> Iterator[tuple[str, float]]:
    """The numbers of the dict that a pickle holds, by their keys: its stack is followed, and nothing is unpickled.

    Only the outermost dict counts. An optimizer's state has steps of its own.
    """
    stack: list[object] = []
    memo: dict[int, object] = {}
    root = None
    for opcode, argument, _ in pickletools.genops(pickle):
        name = opcode.name
        if name in ("BINPUT", "LONG_BINPUT", "PUT"):
            memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(memo.get(int(argument), OTHER))
        elif name == "MARK":
            stack.append(MARK)
        elif name in ("SETITEM", "SETITEMS"):
            items = _popped_to_mark(stack) if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
            if stack[-1] is root:
                for key, value in zip(items[::2], items[1::2]):
                    if isinstance(key, str) and type(value) in (int, float):
                        yield key, value
        else:
            for taken in reversed(opcode.stack_before):
                if taken is pickletools.stackslice:
                    continue
                if taken is pickletools.markobject:
                    _popped_to_mark(stack)
                else:
                    stack.pop()
            pushed = object() if name == "EMPTY_DICT" else argument if type(argument) in (int, float, str) else OTHER
            if opcode.stack_after:
                stack += [OTHER] * (len(opcode.stack_after) - 1)
                stack.append(pushed if opcode.arg is not None or name == "EMPTY_DICT" else OTHER)
            if name == "EMPTY_DICT" and len(stack) == 1:
                root = stack[0]


def _popped_to_mark(stack: list[object]) -> list[object]:
    """What lies on the stack above its last mark; it is taken off, and the mark with it."""
    place = len(stack) - 1 - stack[::-1].index(MARK)
    items = stack[place + 1 :]
    del stack[place:]
    return items
