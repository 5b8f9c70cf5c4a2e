"""A user's own images in an .npz archive: its arrays, and whether shapes, types and labels are what they must be."""

import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data.contents import Contents, check_class_names, require_file, unusable
from evolution.data.npz_advice import label_advice, label_shape_advice, pixel_advice
from evolution.errors import DataError

CHANNELS = (1, 3)

# The arrays that are read; others, such as notes of whoever made the archive, are not looked at.
USED = ("images", "labels", "class_names", "eval_images", "eval_labels")

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


@dataclass(frozen=True)
class Header:
    """Shape and type of an array in an archive, which are stored before its values."""

    shape: tuple[int, ...]
    dtype: np.dtype


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
    return _shape(path, "images", check_headers(path)["images"])


def read_labels(path: Path) -> Labels:
    """Labels and class names, once the headers of all arrays are checked; no pixels are read.

    Raises
    ------
    DataError
        If the archive cannot be read, its arrays do not have the shapes and types that they must have, or labels and
        class names do not fit each other.
    """
    headers = check_headers(path)
    parts = {name: read_array(path, name) for name in ("labels", "eval_labels") if name in headers}
    names = None
    if "class_names" in headers:
        header = headers["class_names"]
        if header.dtype.kind != "U" or len(header.shape) != 1:
            text = "; from bytes: np.char.decode(class_names, 'utf-8')" if header.dtype.kind == "S" else ""
            raise unusable(
                f"{path}: class_names is of type {header.dtype} and shape {header.shape}; must be text in one "
                f"dimension: np.array(['cat', 'dog']){text}"
            )
        names = tuple(map(str, read_array(path, "class_names")))
    largest = max(int(labels.max()) for labels in parts.values())
    classes = largest + 1 if names is None else len(names)
    for name, labels in parts.items():
        if int(labels.min()) < 0:
            raise unusable(
                f"{path}: {name} has {labels.min()}; labels are whole numbers from 0. Leave out images without a "
                f"label, where this number stands for them{label_advice(parts, named=names is not None)}"
            )
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
                f"are from 0 without gaps{label_advice(parts, named=names is not None)}"
            )
    names = names or tuple(map(str, range(classes)))
    check_class_names(names, str(path))
    labels = {name: values.astype(np.int64) for name, values in parts.items()}
    return Labels(names, labels["labels"], labels.get("eval_labels"))


def check_headers(path: Path) -> dict[str, Header]:
    """The header of every array that is used; no values are read, except to advise where a type does not fit.

    Raises
    ------
    DataError
        If the archive cannot be read, an array is missing, or shapes or types do not fit.
    """
    headers, others = _read_headers(path)
    found = ", ".join([*headers, *others]) or "nothing"
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
        _require_pixel_type(path, f"{prefix}images", headers)
        image_axes(path, f"{prefix}images", images.shape)
        if labels.shape != images.shape[:1]:
            advice = label_shape_advice(f"{prefix}labels", read_array(path, f"{prefix}labels"), images.shape[0])
            raise unusable(
                f"{path}: {prefix}labels has shape {labels.shape} and {prefix}images {images.shape}; "
                f"{prefix}labels must be ({images.shape[0]},), one for each image{advice}"
            )
        if labels.dtype.kind not in "iu":
            parts = {name: read_array(path, name) for name in ("labels", "eval_labels") if name in headers}
            raise unusable(
                f"{path}: {prefix}labels is of type {labels.dtype}; labels are whole numbers from 0"
                f"{label_advice(parts, named='class_names' in headers)}"
            )
    if "eval_images" in headers:
        shapes = [_shape(path, name, headers[name]) for name in ("images", "eval_images")]
        if shapes[0] != shapes[1]:
            raise unusable(
                f"{path}: images are {shapes[0]} (channels, height, width) and eval_images {shapes[1]}; make them alike"
            )
    return headers


def _read_headers(path: Path) -> tuple[dict[str, Header], list[str]]:
    """Shape and type of every array that is used, by its name, and the names of the others; no values are read."""
    require_file(path)
    headers, others = {}, []
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            if members and not any(member.endswith(".npy") for member in members):
                raise ValueError("it holds no array")
            for member in members:
                name = member.removesuffix(".npy")
                if name not in USED:
                    others.append(name)
                    continue
                with archive.open(member) as stream:
                    if np.lib.format.read_magic(stream) == (1, 0):
                        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
                    else:
                        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
                if dtype.hasobject:
                    text = name == "class_names"
                    mend = "class_names.astype(str)" if text else f"np.stack({name})" if "images" in name else ""
                    raise unusable(
                        f"{path}: {name} holds Python objects, a pickle, which is not read as it can run code; save it "
                        f"as an array of numbers or text: {mend or f'np.array({name}.tolist())'}"
                    )
                headers[name] = Header(shape, dtype)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error
    return headers, others


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


def _unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that is no archive, or a damaged one."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return unusable(f"{path} is not a whole .npz archive ({reason}); write it with np.savez_compressed")


def _require_pixel_type(path: Path, name: str, headers: dict[str, Header]) -> None:
    """Check that pixels are of a type that is read; the advice of the error depends on their values."""
    dtype = headers[name].dtype
    if dtype == np.uint8 or dtype.kind in "fb":
        return
    images = {each: read_array(path, each) for each in ("images", "eval_images") if each in headers}
    raise unusable(
        f"{path}: {name} is of type {dtype}; pixels must be uint8 from 0 to 255, float from 0 to 1, or bool"
        f"{pixel_advice(images)}"
    )


def image_axes(path: Path, name: str, shape: tuple[int, ...]) -> str:
    """The order of the axes of an array of images: NHW, NCHW or NHWC.

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
    first, last = shape[1] in CHANNELS, shape[3] in CHANNELS
    if first and last:
        raise unusable(
            f"{where}, in which channels may come second or last; save grey images as (N, height, width), and colour "
            "images larger than 3 pixels"
        )
    if not first and not last:
        clear = ". Lay images with a fourth channel, transparency, on white first" if 4 in (shape[1], shape[3]) else ""
        raise unusable(f"{where}; the second or the last size is that of the channels and must be 1 or 3{clear}")
    return "NCHW" if first else "NHWC"


def _shape(path: Path, name: str, header: Header) -> tuple[int, int, int]:
    """(channels, height, width) of an array of images."""
    axes, sizes = image_axes(path, name, header.shape), header.shape
    return {"NHW": (1, *sizes[1:]), "NCHW": sizes[1:], "NHWC": (sizes[-1], *sizes[1:3])}[axes]
