"""The arrays of an .npz archive: their shapes and types without their values, one array's values, and its errors."""

import math
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data.contents import require_file, unusable
from evolution.errors import DataError

CHANNELS = (1, 3)
# Colours and transparency.
WITH_ALPHA = 4

# Bytes of an array that are read at a time.
CHUNK = 2**22

# What NumPy and zipfile raise where a file is damaged or no archive.
UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class Header:
    """Shape and type of an array in an archive, which are stored before its values."""

    shape: tuple[int, ...]
    dtype: np.dtype


def read_headers(path: Path) -> tuple[dict[str, Header], list[str]]:
    """Shape and type of every array, by its name, and the names of what else the archive holds; no values are read.

    Raises
    ------
    DataError
        If the archive cannot be read.
    """
    require_file(path)
    headers, others = {}, []
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            if members and not any(member.endswith(".npy") for member in members):
                raise ValueError("it holds no array")
            for member in members:
                name = member.removesuffix(".npy")
                if name == member:
                    others.append(name)
                    continue
                with archive.open(member) as stream:
                    headers[name] = _header(stream)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error
    return headers, others


def _header(stream: zipfile.ZipExtFile) -> Header:
    if np.lib.format.read_magic(stream) == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    return Header(shape, dtype)


def read_array(path: Path, name: str) -> np.ndarray:
    """One array's values.

    Raises
    ------
    DataError
        If the archive is damaged, or has no such array.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def read_values(path: Path, name: str) -> Iterator[np.ndarray]:
    """One array's values, a few at a time and in the order of the file, so that they take no memory.

    Yields
    ------
    array (n,)

    Raises
    ------
    DataError
        If the archive is damaged, or has no such array.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as stream:
            dtype = _header(stream).dtype
            while content := stream.read(CHUNK - CHUNK % dtype.itemsize):
                yield np.frombuffer(content[: len(content) - len(content) % dtype.itemsize], dtype)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that is no archive, or a damaged one."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return unusable(f"{path} is not a whole .npz archive ({reason}); write it with np.savez_compressed")


def image_axes(path: Path, name: str, shape: tuple[int, ...]) -> str:
    """The order of the axes of an array of images: NHW, NCHW or NHWC. There are 1, 3 or, with transparency, 4 channels.

    Raises
    ------
    DataError
        If it is none of these, or not clear.
    """
    where = f"{path}: {name} has shape {shape}"
    if len(shape) not in (3, 4) or 0 in shape:
        side = math.isqrt(shape[1]) if len(shape) == 2 else 0
        square = side > 0 and side**2 == shape[1]
        rows = f"; rows of {side} x {side} pixels: {name}.reshape(-1, {side}, {side})" if square else ""
        raise unusable(
            f"{where}; images are (N, height, width), (N, channels, height, width) or (N, height, width, channels)"
            f"{rows}"
        )
    if len(shape) == 3:
        return "NHW"
    # Four pixels are fewer than images have: such an axis is that of the channels only where no other one is.
    for channels in (CHANNELS, (WITH_ALPHA,)):
        first, last = shape[1] in channels, shape[3] in channels
        if first and last:
            raise unusable(
                f"{where}, in which channels may come second or last; save grey images as (N, height, width), and "
                "colour images larger than 4 pixels"
            )
        if first or last:
            return "NCHW" if first else "NHWC"
    turned = f"; if the images come last: {name}.transpose(3, 0, 1, 2)" if shape[2] in (1, 3, 4) else ""
    raise unusable(f"{where}; the second or the last size is that of the channels and must be 1, 3 or 4{turned}")


def image_shape(path: Path, name: str, header: Header) -> tuple[int, int, int]:
    """(channels, height, width) of an array of images, without their transparency.

    Raises
    ------
    DataError
        As `image_axes` raises it.
    """
    axes, sizes = image_axes(path, name, header.shape), header.shape
    channels, height, width = {"NHW": (1, *sizes[1:]), "NCHW": sizes[1:], "NHWC": (sizes[-1], *sizes[1:3])}[axes]
    return 3 if channels == WITH_ALPHA else channels, height, width
