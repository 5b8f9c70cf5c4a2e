"""A user's own images in an .npz archive: reading its arrays, and checking that they are what they must be."""

import logging
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data.contents import Contents, check_class_names, require_file, unusable
from evolution.errors import DataError

log = logging.getLogger("evolution")

CHANNELS = (1, 3)

# Pixels that were scaled to [0, 1] in float32 may lie this much above 1.
TOLERANCE = 1e-6

# Images that are converted at a time, so that conversion takes little memory.
CHUNK = 1000

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
class Labels:
    """class_names, labels int64 (N,), and eval_labels int64 (M,) or None where the archive has one part only."""

    class_names: tuple[str, ...]
    labels: np.ndarray
    eval_labels: np.ndarray | None


def read_contents(path: Path) -> Contents:
    """Classes and the number of images of each.

    Raises
    ------
    DataError
        See `read_labels`.
    """
    found = read_labels(path)

    def sizes(labels: np.ndarray) -> tuple[int, ...]:
        return tuple(np.bincount(labels, minlength=len(found.class_names)).tolist())

    eval_sizes = None if found.eval_labels is None else sizes(found.eval_labels)
    return Contents(found.class_names, sizes(found.labels), eval_sizes)


def read_shape(path: Path) -> tuple[int, int, int]:
    """(channels, height, width) of an archive's images.

    Raises
    ------
    DataError
        If the archive cannot be read, or its arrays do not have the shapes and types that they must have.
    """
    return _shape(path, "images", _check_headers(path)["images"])


def read_labels(path: Path) -> Labels:
    """Labels and class names, once the headers of all arrays are checked; no pixels are read.

    Raises
    ------
    DataError
        If the archive cannot be read, its arrays do not have the shapes and types that they must have, or labels and
        class names do not fit each other.
    """
    headers = _check_headers(path)
    parts = {name: _read_array(path, name) for name in ("labels", "eval_labels") if name in headers}
    names = None
    if "class_names" in headers:
        header = headers["class_names"]
        if header.dtype.kind != "U" or len(header.shape) != 1:
            raise unusable(
                f"{path}: class_names is of type {header.dtype} and shape {header.shape}; must be text in one "
                "dimension: np.array(['cat', 'dog'])"
            )
        names = tuple(map(str, _read_array(path, "class_names")))
    largest = max(int(labels.max()) for labels in parts.values())
    classes = largest + 1 if names is None else len(names)
    for name, labels in parts.items():
        if int(labels.min()) < 0:
            raise unusable(f"{path}: {name} has {labels.min()}; labels are whole numbers from 0")
        if int(labels.max()) >= classes:
            raise unusable(
                f"{path}: {name} has {labels.max()}, and class_names has {classes} names; labels are from 0 to "
                f"{classes - 1}, or a name is missing"
            )
        # Not with bincount, which needs a counter for each number up to the largest label, which may be a billion.
        present = np.unique(labels)
        empty = next((index for index, label in enumerate(present) if index != label), len(present))
        if empty < classes:
            called = f" ({names[empty]!r})" if names else ""
            raise unusable(
                f"{path}: {name} has no image of class {empty}{called}, of {classes}; number the classes that there "
                "are from 0 without gaps: np.unique(labels, return_inverse=True)"
            )
    names = names or tuple(map(str, range(classes)))
    check_class_names(names, str(path))
    labels = {name: values.astype(np.int64) for name, values in parts.items()}
    return Labels(names, labels["labels"], labels.get("eval_labels"))


def read_images(path: Path, name: str) -> np.ndarray:
    """One array of images.

    Parameters
    ----------
    path : path
    name : {"images", "eval_images"}

    Returns
    -------
    uint8 array (N, C, H, W)
        Floats from 0 to 1 are scaled to 0..255 and rounded; the log says how far rounding moved a pixel at most.

    Raises
    ------
    DataError
        If the archive cannot be read, or a float is not finite or not from 0 to 1.
    """
    images = _read_array(path, name)
    axes = _image_axes(path, name, _Header(images.shape, images.dtype))
    if images.dtype != np.uint8:
        images = _as_bytes(images, path, name)
    if axes == "NHW":
        return images[:, None]
    return images if axes == "NCHW" else images.transpose(0, 3, 1, 2)


@dataclass(frozen=True)
class _Header:
    """Shape and type of an array in an archive, which are stored before its values."""

    shape: tuple[int, ...]
    dtype: np.dtype


def _check_headers(path: Path) -> dict[str, _Header]:
    """Every array's header; an error where an array is missing, or where shapes or types do not fit."""
    headers = _read_headers(path)
    found = ", ".join(headers) or "nothing"
    for name in ("images", "labels"):
        if name not in headers:
            raise unusable(
                f"{path} has no array {name}; it has {found}: np.savez_compressed(file, images=..., labels=...)"
            )
    for one, other in (("eval_images", "eval_labels"), ("eval_labels", "eval_images")):
        if one in headers and other not in headers:
            raise unusable(f"{path} has {one} without {other}; add {other}, or leave both out")
    for prefix in ("", "eval_") if "eval_images" in headers else ("",):
        images, labels = headers[f"{prefix}images"], headers[f"{prefix}labels"]
        _image_axes(path, f"{prefix}images", images)
        if labels.dtype.kind not in "iu":
            raise unusable(
                f"{path}: {prefix}labels is of type {labels.dtype}; labels are whole numbers from 0. From "
                "names: class_names, labels = np.unique(labels, return_inverse=True); else: labels.astype('int64')"
            )
        if labels.shape != images.shape[:1]:
            raise unusable(
                f"{path}: {prefix}labels has shape {labels.shape} and {prefix}images {images.shape}; "
                f"{prefix}labels must be ({images.shape[0]},), one for each image"
            )
    if "eval_images" in headers:
        shapes = [_shape(path, name, headers[name]) for name in ("images", "eval_images")]
        if shapes[0] != shapes[1]:
            raise unusable(
                f"{path}: images are {shapes[0]} (channels, height, width) and eval_images {shapes[1]}; make them alike"
            )
    return headers


def _read_headers(path: Path) -> dict[str, _Header]:
    """Every array's shape and type by its name; no values are read."""
    require_file(path)
    headers = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                name = member.removesuffix(".npy")
                with archive.open(member) as stream:
                    if np.lib.format.read_magic(stream) == (1, 0):
                        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
                    else:
                        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
                if dtype.hasobject:
                    raise unusable(
                        f"{path}: {name} holds Python objects, a pickle, which is not read as it can run code; save it "
                        f"as an array of numbers or text: np.array({name}, dtype=...)"
                    )
                headers[name] = _Header(shape, dtype)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error
    return headers


def _read_array(path: Path, name: str) -> np.ndarray:
    """One array's values."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that is no archive, or a damaged one."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return unusable(f"{path} is not a whole .npz archive ({reason}); write it with np.savez_compressed")


def _image_axes(path: Path, name: str, header: _Header) -> str:
    """The order of the axes of an array of images: NHW, NCHW or NHWC; an error if it is none of these, or not clear."""
    shape, where = header.shape, f"{path}: {name} has shape {header.shape}"
    if not (header.dtype == np.uint8 or header.dtype.kind == "f"):
        raise unusable(
            f"{path}: {name} is of type {header.dtype}; pixels must be uint8 from 0 to 255, or float from 0 to 1. For "
            f"whole numbers from 0 to 255: {name}.astype('uint8')"
        )
    if len(shape) not in (3, 4) or 0 in shape:
        raise unusable(
            f"{where}; images are (N, height, width), (N, channels, height, width) or (N, height, width, channels)"
        )
    if len(shape) == 3:
        return "NHW"
    first, last = shape[1] in CHANNELS, shape[3] in CHANNELS
    if first and last:
        raise unusable(
            f"{where}, in which channels may come second or last; save grey images as (N, height, width), and colour "
            "images larger than 3 pixels"
        )
    if not first and not last:
        raise unusable(f"{where}; the second or the last size is that of the channels and must be 1 or 3")
    return "NCHW" if first else "NHWC"


def _shape(path: Path, name: str, header: _Header) -> tuple[int, int, int]:
    """(channels, height, width) of an array of images."""
    axes, sizes = _image_axes(path, name, header), header.shape
    return {"NHW": (1, *sizes[1:]), "NCHW": sizes[1:], "NHWC": (sizes[-1], *sizes[1:3])}[axes]


def _as_bytes(images: np.ndarray, path: Path, name: str) -> np.ndarray:
    """Floats in [0, 1] as uint8, converted in chunks, so that large data do not take several times their memory."""
    scaled, moved = np.empty(images.shape, np.uint8), 0.0
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK].astype(np.float64)
        bad = ~np.isfinite(part)
        if bad.any():
            raise unusable(
                f"{path}: {name} holds values that are not finite, first in image {start + np.argwhere(bad)[0, 0]}; "
                f"replace them: np.nan_to_num({name})"
            )
        low, high = part.min(), part.max()
        if low < -TOLERANCE or high > 1 + TOLERANCE:
            raise unusable(
                f"{path}: {name} is of type {images.dtype} with values from {low:g} to {high:g}; floats must be from 0 "
                f"to 1, so scale them, or, if they are from 0 to 255, save them as {name}.astype('uint8')"
            )
        part = np.clip(part, 0, 1)
        scaled[start : start + CHUNK] = np.rint(part * 255)
        moved = max(moved, float(np.abs(scaled[start : start + CHUNK] / 255 - part).max()))
    log.info(
        "%s: %s in [0, 1] scaled to whole numbers from 0 to 255; rounding moves a pixel by at most %.4f of that range",
        name, images.dtype, moved,
    )  # fmt: skip
    return scaled
