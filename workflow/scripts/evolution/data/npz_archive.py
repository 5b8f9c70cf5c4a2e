"""A user's own images in an .npz archive: what its arrays must be, and reading them."""

import logging
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data.contents import check_class_names, require_file
from evolution.errors import DataError

log = logging.getLogger("evolution")

CHANNELS = (1, 3)

# Pixels scaled to [0, 1] in float32 may come out this much above 1.
TOLERANCE = 1e-6

CHUNK = 1000

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
    """Shape and type of an array in an archive, which stand before its values."""

    shape: tuple[int, ...]
    dtype: np.dtype


@dataclass(frozen=True)
class Labels:
    """class_names, labels int64 (N,), and eval_labels int64 (M,) or None where the archive has one part only."""

    class_names: tuple[str, ...]
    labels: np.ndarray
    eval_labels: np.ndarray | None


def class_sizes(labels: np.ndarray, classes: int) -> list[int]:
    """Images of each class."""
    return np.bincount(labels, minlength=classes).tolist()


def read_headers(path: Path) -> dict[str, Header]:
    """Every array's shape and type by its name; no values are read.

    Raises
    ------
    DataError
        If the file is no archive of arrays, or one of them is a pickle.
    """
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
                    raise DataError(
                        f"{path}: {name} holds Python objects, a pickle, which is not read as it can run code; save it "
                        f"as an array of numbers or text: np.array({name}, dtype=...)"
                    )
                headers[name] = Header(shape, dtype)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error
    return headers


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{path} is not a whole .npz archive ({reason}); write it with np.savez_compressed")


def read_array(path: Path, name: str) -> np.ndarray:
    """One array's values."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def image_axes(path: Path, name: str, header: Header) -> str:
    """What the axes of an array of images are: NHW, NCHW or NHWC.

    Raises
    ------
    DataError
        If there are no such images in it, or it could be either of the latter.
    """
    shape, where = header.shape, f"{path}: {name} has shape {header.shape}"
    if not (header.dtype == np.uint8 or header.dtype.kind == "f"):
        raise DataError(
            f"{path}: {name} is of type {header.dtype}; pixels must be uint8 from 0 to 255, or float from 0 to 1. For "
            f"whole numbers from 0 to 255: {name}.astype('uint8')"
        )
    if len(shape) not in (3, 4) or 0 in shape:
        raise DataError(
            f"{where}; images are (N, height, width), (N, channels, height, width) or (N, height, width, channels)"
        )
    if len(shape) == 3:
        return "NHW"
    first, last = shape[1] in CHANNELS, shape[3] in CHANNELS
    if first and last:
        raise DataError(
            f"{where}, in which channels may come second or last; save grey images as (N, height, width), and colour "
            "images larger than 3 pixels"
        )
    if not first and not last:
        raise DataError(f"{where}; the second or the last size is that of the channels and must be 1 or 3")
    return "NCHW" if first else "NHWC"


def _shape(path: Path, name: str, header: Header) -> tuple[int, int, int]:
    axes, sizes = image_axes(path, name, header), header.shape
    return {"NHW": (1, *sizes[1:]), "NCHW": sizes[1:], "NHWC": (sizes[-1], *sizes[1:3])}[axes]


def check_headers(path: Path) -> dict[str, Header]:
    """Headers of an archive that has what it needs, in fitting shapes and types."""
    headers = read_headers(path)
    found = ", ".join(headers) or "nothing"
    for name in ("images", "labels"):
        if name not in headers:
            raise DataError(
                f"{path} has no array {name}; it has {found}: np.savez_compressed(file, images=..., labels=...)"
            )
    for one, other in (("eval_images", "eval_labels"), ("eval_labels", "eval_images")):
        if one in headers and other not in headers:
            raise DataError(f"{path} has {one} without {other}; add {other}, or leave both out")
    for prefix in ("", "eval_") if "eval_images" in headers else ("",):
        images, labels = headers[f"{prefix}images"], headers[f"{prefix}labels"]
        image_axes(path, f"{prefix}images", images)
        if labels.dtype.kind not in "iu":
            raise DataError(
                f"{path}: {prefix}labels is of type {labels.dtype}; labels are whole numbers from 0. Of names: "
                "class_names, labels = np.unique(labels, return_inverse=True); of others: labels.astype('int64')"
            )
        if labels.shape != images.shape[:1]:
            raise DataError(
                f"{path}: {prefix}labels has shape {labels.shape} and {prefix}images {images.shape}; "
                f"{prefix}labels must be ({images.shape[0]},), one for each image"
            )
    if "eval_images" in headers:
        shapes = [_shape(path, name, headers[name]) for name in ("images", "eval_images")]
        if shapes[0] != shapes[1]:
            raise DataError(
                f"{path}: images are {shapes[0]} (channels, height, width) and eval_images {shapes[1]}; make them alike"
            )
    return headers


def read_shape(path: Path) -> tuple[int, int, int]:
    """(channels, height, width) of an archive's images."""
    return _shape(path, "images", check_headers(path)["images"])


def read_labels(path: Path) -> Labels:
    """Everything but the pixels.

    Raises
    ------
    DataError
        Also if labels and class names do not fit each other.
    """
    headers = check_headers(path)
    parts = {name: read_array(path, name) for name in ("labels", "eval_labels") if name in headers}
    names = None
    if "class_names" in headers:
        header = headers["class_names"]
        if header.dtype.kind != "U" or len(header.shape) != 1:
            raise DataError(
                f"{path}: class_names is of type {header.dtype} and shape {header.shape}; must be text in one "
                "dimension: np.array(['cat', 'dog'])"
            )
        names = tuple(map(str, read_array(path, "class_names")))
    largest = max(int(labels.max()) for labels in parts.values())
    classes = largest + 1 if names is None else len(names)
    for name, labels in parts.items():
        if int(labels.min()) < 0:
            raise DataError(f"{path}: {name} has {labels.min()}; labels are whole numbers from 0")
        if int(labels.max()) >= classes:
            raise DataError(
                f"{path}: {name} has {labels.max()}, and class_names has {classes} names; labels are from 0 to "
                f"{classes - 1}, or a name is missing"
            )
        # Not by counting, which would take a count for each number up to a label of a billion.
        present = np.unique(labels)
        empty = next((place for place, label in enumerate(present) if place != label), len(present))
        if empty < classes:
            called = f" ({names[empty]!r})" if names else ""
            raise DataError(
                f"{path}: {name} has no image of class {empty}{called}, of {classes}; number the classes that there "
                "are from 0 without gaps: np.unique(labels, return_inverse=True)"
            )
    names = names or tuple(map(str, range(classes)))
    check_class_names(names, str(path))
    labels = {name: values.astype(np.int64) for name, values in parts.items()}
    return Labels(names, labels["labels"], labels.get("eval_labels"))


def read_images(path: Path, name: str) -> np.ndarray:
    """An archive's images.

    Returns
    -------
    uint8 array (N, C, H, W)
        Floats from 0 to 1 are scaled to 0..255 and rounded; the log says how far that moved them at most.

    Raises
    ------
    DataError
        If a float is not finite, or not from 0 to 1.
    """
    images = read_array(path, name)
    axes = image_axes(path, name, Header(images.shape, images.dtype))
    if images.dtype != np.uint8:
        images = _as_bytes(images, path, name)
    if axes == "NHW":
        return images[:, None]
    return images if axes == "NCHW" else images.transpose(0, 3, 1, 2)


def _as_bytes(images: np.ndarray, path: Path, name: str) -> np.ndarray:
    """Floats in [0, 1] as uint8; a thousand images at a time, lest large data take several times their memory."""
    scaled, moved = np.empty(images.shape, np.uint8), 0.0
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK].astype(np.float64)
        bad = ~np.isfinite(part)
        if bad.any():
            raise DataError(
                f"{path}: {name} holds values that are not finite, first in image {start + np.argwhere(bad)[0, 0]}; "
                f"replace them: np.nan_to_num({name})"
            )
        low, high = part.min(), part.max()
        if low < -TOLERANCE or high > 1 + TOLERANCE:
            raise DataError(
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
