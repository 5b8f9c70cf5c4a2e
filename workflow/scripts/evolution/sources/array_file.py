"""What an array on disk tells without being read: .npy and .safetensors, by their headers.

The planner asks this of thousands of arrays, so it reads headers alone and loads no NumPy.
"""

import ast
import hashlib
import json
import math
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from evolution.sources.checkpoint_file import HeaderEndsEarlyError, safetensors_header
from evolution.sources.recording_format import IDS

NPY, SAFETENSORS = ".npy", ".safetensors"
SUFFIXES = (NPY, SAFETENSORS)
MAGIC = b"\x93NUMPY"

# An array of more bytes is not read whole for its fingerprint. It is sampled at so many places, of so many bytes, and
# its time counts too: a single sample may have been put right.
LARGE, PLACES, SAMPLE = 2**20, 64, 64

# The kinds of NumPy's types, by the letter of an .npy's header; a number says how wide the type is.
KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex", "b": "bool", "O": "object", "U": "text", "S": "bytes"}
# bfloat16 is no type of NumPy's: JAX's arrays of it are written as two bytes without a type.
BFLOAT16, UNTYPED = "bfloat16", re.compile(r"[|<]V2")
# The types of .safetensors, by NumPy's names.
TENSOR_TYPES = {
    **{"F64": "float64", "F32": "float32", "F16": "float16", "BF16": BFLOAT16, "BOOL": "bool"},
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}

# The types of real numbers, by the letters of Python's struct.
STRUCT_LETTERS = {
    **{"bool": "?", "float16": "e", "float32": "f", "float64": "d"},
    **{"int8": "b", "int16": "h", "int32": "i", "int64": "q"},
    **{"uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q"},
}


@dataclass(frozen=True)
class ArrayFacts:
    """What is known of an array without its numbers.

    Attributes
    ----------
    shape : list of int
    dtype : str
        As NumPy calls it, and bfloat16, object, text, bytes; or what the file says, where that is none of these.
    fingerprint : str
        Differs where the numbers differ. Of a large array it also counts the file's time.
    missing_bytes : int
        How many bytes the file lacks; 0 of a whole one.
    ids : str or None
        A digest of the ids that come with a tensor, or of the array itself where it is called ids.
    """

    shape: list[int]
    dtype: str
    fingerprint: str
    missing_bytes: int = 0
    ids: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the file is missing."""
        return not self.missing_bytes


@dataclass(frozen=True)
class Place:
    """Where an array's numbers lie in its file.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
        See `ArrayFacts`.
    code : str
        The type as NumPy reads it, such as "<f4".
    fortran : bool
        Whether the first index runs fastest.
    begin, size : int
        Bytes.
    """

    shape: tuple[int, ...]
    dtype: str
    code: str
    fortran: bool
    begin: int
    size: int


def read_places(path: Path) -> dict[str, Place]:
    """Where the arrays of a file lie: the one of an .npy, called "", or the tensors of a .safetensors.

    Raises
    ------
    OSError
        If the file cannot be read.
    EOFError
        If the file ends within its header.
    ValueError
        If it is another kind of file.
    """
    with open(path, "rb") as stream:
        return _tensors(stream) if path.suffix == SAFETENSORS else {"": _array(stream)}


def _array(stream) -> Place:
    """Where the array of an .npy lies."""
    begin = stream.read(8)
    if not MAGIC.startswith(begin[:6]):
        raise ValueError("it is no .npy")
    if len(begin) < 8:
        raise EOFError
    width = 2 if begin[6] == 1 else 4
    length = stream.read(width)
    text = stream.read(int.from_bytes(length, "little"))
    if len(length) < width or len(text) < int.from_bytes(length, "little"):
        raise EOFError
    try:
        header = ast.literal_eval(text.decode("utf-8" if begin[6] > 2 else "latin-1"))
        code, fortran, shape = header["descr"], bool(header["fortran_order"]), tuple(map(int, header["shape"]))
    except (SyntaxError, KeyError, TypeError, UnicodeDecodeError):
        raise ValueError("its header is damaged") from None
    dtype, width = _type(code)
    return Place(shape, dtype, str(code), fortran, stream.tell(), math.prod(shape) * width)


def _type(code: object) -> tuple[str, int]:
    """The name of a type in an .npy's header, and its bytes: none for objects, which have no fixed width."""
    if not isinstance(code, str) or not re.fullmatch(r"[<>|=]?[A-Za-z]\d*", code):
        return "structured", 0
    if UNTYPED.fullmatch(code):
        return BFLOAT16, 2
    kind, width = code.lstrip("<>|=")[0], int(code.lstrip("<>|=")[1:] or 0)
    name = KINDS.get(kind, code)
    if kind in "fiuc":
        name += str(8 * width)
    return name, 4 * width if kind == "U" else width


def _tensors(stream) -> dict[str, Place]:
    """Where the tensors of a .safetensors lie."""
    try:
        header, begin = safetensors_header(stream)
        places = {}
        for name, tensor in header.items():
            if name != "__metadata__":
                first, end = tensor["data_offsets"]
                dtype = TENSOR_TYPES.get(tensor["dtype"], tensor["dtype"])
                kind = {"f": "f", "i": "i", "u": "u", "b": "b"}[dtype[0]] if dtype in TENSOR_TYPES.values() else "V"
                width = 2 if dtype == BFLOAT16 else max(1, (end - first) // max(1, math.prod(tensor["shape"])))
                code = "<V2" if dtype == BFLOAT16 else f"<{kind}{width}"
                places[name] = Place(tuple(tensor["shape"]), dtype, code, False, begin + first, end - first)
        return places
    except (struct.error, HeaderEndsEarlyError):
        raise EOFError from None
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError("its header is damaged") from None


def array_place(path: Path) -> Place:
    """Where the array of a file lies: that of an .npy, or the one tensor of a .safetensors, its ids aside.

    Raises
    ------
    OSError, EOFError, ValueError
        As `read_places` raises them; and if a .safetensors has none or several tensors.
    """
    places = read_places(path)
    tensors = [name for name in places if name != IDS or path.suffix == NPY or len(places) == 1]
    if len(tensors) != 1:
        raise ValueError(f"it has the tensors {', '.join(tensors)}; one is needed" if tensors else "it has no tensor")
    return places[tensors[0]]


def read_array_facts(path: Path) -> ArrayFacts:
    """What is known of an array without its numbers.

    Raises
    ------
    OSError, ValueError
        As `array_place` raises them.
    """
    try:
        place, places = array_place(path), read_places(path)
    except EOFError:
        return ArrayFacts([], "", "", missing_bytes=1)
    size = os.stat(path).st_size
    missing = max(0, max(each.begin + each.size for each in places.values()) - size)
    if missing:
        return ArrayFacts(list(place.shape), place.dtype, "", missing)
    ids = place if path.stem == IDS else places.get(IDS) if path.suffix == SAFETENSORS else None
    return ArrayFacts(
        list(place.shape), place.dtype, _fingerprint(path, place), ids=ids and ids_digest(_ids_at(path, ids))
    )


def _fingerprint(path: Path, place: Place) -> str:
    """A digest of the file, or of a large one's header, time and samples."""
    status = os.stat(path)
    with open(path, "rb") as stream:
        if status.st_size <= LARGE:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:32]
        digest = hashlib.sha256(stream.read(place.begin) + str((status.st_size, status.st_mtime_ns)).encode())
        for number in range(PLACES):
            stream.seek(place.begin + (place.size - SAMPLE) * number // (PLACES - 1))
            digest.update(stream.read(SAMPLE))
    return digest.hexdigest()[:32]


def ids_digest(ids: list[str]) -> str:
    """A digest of ids, which is the same for the same ids of another width."""
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:32]


def read_ids(path: Path) -> list[str]:
    """The ids that a file holds: an .npy of text or whole numbers, or the tensor `ids` of a .safetensors.

    Raises
    ------
    OSError, EOFError, ValueError
        As `read_places` raises them; and if the ids are neither text nor whole numbers.
    """
    places = read_places(path)
    return _ids_at(path, places.get(IDS) or array_place(path))


def _ids_at(path: Path, place: Place) -> list[str]:
    """Ids as text, whole numbers without leading zeros."""
    if not re.fullmatch(r"u?int\d+|text|bytes", place.dtype) or len(place.shape) != 1:
        raise ValueError(f"its ids are {place.dtype} {tuple(place.shape)}; they are text or whole numbers, (N,)")
    with open(path, "rb") as stream:
        stream.seek(place.begin)
        content = stream.read(place.size)
    count = place.shape[0]
    width = place.size // max(count, 1)
    parts = [content[number * width : (number + 1) * width] for number in range(count)]
    if place.dtype == "text":
        coding = "utf-32-be" if place.code.startswith(">") else "utf-32-le"
        return [part.decode(coding).rstrip("\0") for part in parts]
    if place.dtype == "bytes":
        return [part.rstrip(b"\0").decode("utf-8", "replace") for part in parts]
    order, signed = ("big" if place.code.startswith(">") else "little"), place.dtype.startswith("int")
    return [str(int.from_bytes(part, order, signed=signed)) for part in parts]


def largest_whole(path: Path) -> int:
    """The largest of an array's whole numbers; -1 where there are none.

    Raises
    ------
    OSError, EOFError, ValueError
        As `array_place` raises them.
    """
    place = array_place(path)
    with open(path, "rb") as stream:
        stream.seek(place.begin)
        content = stream.read(place.size)
    return max((number for (number,) in struct.iter_unpack(_struct_code(place), content)), default=-1)


def has_one_hot_rows(path: Path) -> bool:
    """Whether each row of an array (N, K) holds a single 1, and 0 else. The rows are read up to the first other one.

    Raises
    ------
    OSError, EOFError, ValueError
        As `array_place` raises them.
    """
    place = array_place(path)
    if place.dtype not in STRUCT_LETTERS or len(place.shape) != 2 or 0 in place.shape:
        return False
    rows, columns = place.shape
    one = struct.pack(_struct_code(place), 1)
    with open(path, "rb") as stream:
        stream.seek(place.begin)
        if not place.fortran:
            return all(_is_one_hot(stream.read(columns * len(one)), one) for _ in range(rows))
        content, width = stream.read(place.size), len(one)
    starts = range(0, place.size, rows * width)
    return all(
        _is_one_hot(b"".join(content[start + row : start + row + width] for start in starts), one)
        for row in range(0, rows * width, width)
    )


def _struct_code(place: Place) -> str:
    """The type of a place's numbers as Python's struct calls it."""
    return (">" if place.code.startswith(">") else "<") + STRUCT_LETTERS[place.dtype]


def _is_one_hot(row: bytes, one: bytes) -> bool:
    """Whether a row of numbers is a single one, which begins where a number does, among zeros."""
    before = (len(row) - len(row.lstrip(b"\0"))) - (len(one) - len(one.lstrip(b"\0")))
    return row.strip(b"\0") == one.strip(b"\0") and before % len(one) == 0
