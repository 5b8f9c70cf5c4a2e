"""A user's own images in a folder that has a folder for each class, as planning reads it. Loads no NumPy.

Only listings are read, no pixels, so that a config is checked against the folder before any job runs.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from heapq import nsmallest
from pathlib import Path

from evolution.data.contents import Contents, check_class_names, unusable
from evolution.data.folder_parts import folder_parts
from evolution.data.image_header import FORMATS, channels_of, shown_size
from evolution.data.kinds import NONE
from evolution.data.listing import files_below, subfolders
from evolution.errors import DataError

# The extensions that torchvision's ImageFolder reads.
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

# Extensions of other files that hold images: they are not read, and a user may believe that they are.
UNREAD = frozenset(
    (
        *(".apng", ".arw", ".avif", ".cr2", ".czi", ".dcm", ".dib", ".dicom", ".dng", ".exr", ".fit", ".fits"),
        *(".gif", ".hdr", ".heic", ".heif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jxl", ".lsm", ".mha"),
        *(".mhd", ".nef", ".nii", ".npy", ".npz", ".nrrd", ".orf", ".pam", ".pbm", ".pcx", ".pfm", ".pnm"),
        *(".psd", ".qoi", ".raw", ".rw2", ".svg", ".svs", ".tga"),
    )
)

# The number of classes whose first image is read to learn the images' shape.
PROBED_CLASSES = 50


def is_image(path: str) -> bool:
    """Whether a file's extension is one of those that are read, in any case of letters."""
    return path.lower().endswith(EXTENSIONS)


def image_files(part: Path, class_name: str) -> Iterator[os.DirEntry]:
    """A class's images, in its folder and in those within, in no order; the files themselves are not looked at.

    The entries' paths begin with that of `part`.

    Raises
    ------
    DataError
        If a folder cannot be read, or a link leads nowhere or to a folder that it lies in.
    """
    for entry in files_below(part, class_name):
        if is_image(entry.name):
            require_target(entry)
            yield entry


def require_target(entry: os.DirEntry) -> None:
    """Check that a file is not a link that leads nowhere.

    Raises
    ------
    DataError
    """
    if entry.is_symlink() and not os.path.exists(entry.path):
        raise unusable(f"{entry.path} is a link that leads nowhere; mend or remove it")


def unread_images(paths: Iterable[str]) -> dict[str, list[str]]:
    """The files that hold images by their extensions, and are not read: each extension to its files, sorted.

    Parameters
    ----------
    paths : iterable of str
        Of files whose extensions are not read.

    Returns
    -------
    dict
        The most frequent extension first.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        extension = os.path.splitext(path)[1].lower()
        if extension in UNREAD:
            found.setdefault(extension, []).append(path)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def read_contents(path: Path, *, labelled: bool = True) -> Contents:
    """Classes and the number of image files of each.

    Parameters
    ----------
    path : Path
    labelled : bool
        Whether the folders within are classes; otherwise all images below the folder are taken, without labels.

    Raises
    ------
    DataError
        If the folder cannot be read, a class holds no images, or the two parts have different classes.
    """
    parts = folder_parts(path, with_classes=labelled)
    train, evaluation = parts.train, parts.evaluation
    if not labelled:
        counts = [None if part is None else (_count(part, ""),) for part in (train, evaluation)]
        return Contents((), counts[0], counts[1], target=NONE)
    names = class_folders(train)
    if evaluation is not None and (others := class_folders(evaluation)) != names:
        only = sorted({*names} ^ {*others})[0]
        has, lacks = (train, evaluation) if only in names else (evaluation, train)
        raise unusable(f"{has} has the class {only!r} and {lacks} has not; both must have the same folders")

    def sizes(part: Path) -> tuple[int, ...]:
        return tuple(_count(part, name) for name in names)

    return Contents(names, sizes(train), None if evaluation is None else sizes(evaluation))


def _count(part: Path, name: str) -> int:
    """The number of a class's images, of which there must be one."""
    count = sum(1 for _ in image_files(part, name))
    if not count:
        raise _without_images(part, name)
    return count


def _without_images(part: Path, name: str) -> DataError:
    """The error for a class whose folder has no images that can be read."""
    unread = unread_images(entry.path for entry in files_below(part, name))
    counts = ", ".join(f"{len(paths)} {end}" for end, paths in unread.items())
    found = f", but {counts}" if unread else ""
    mend = "convert these" if unread else "add some"
    return unusable(f"{part / name} holds no images ({', '.join(EXTENSIONS)}){found}; {mend}, or remove the folder")


def read_shape(path: Path, *, labelled: bool = True) -> tuple[int, int, int]:
    """(channels, height, width), from the first image of each class, of `PROBED_CLASSES` classes at most.

    Height and width are those that a viewer shows. Without classes so many images are looked at.

    Parameters
    ----------
    path, labelled
        See `read_contents`.

    Raises
    ------
    DataError
        If the folder cannot be read, or none of these images can.
    """
    from PIL import Image

    train = folder_parts(path, with_classes=labelled).train
    channels, size = 1, None
    if labelled:
        classes = class_folders(train)[:PROBED_CLASSES]
        probed = [min((entry.path for entry in image_files(train, name)), default=None) for name in classes]
    else:
        probed = nsmallest(PROBED_CLASSES, (entry.path for entry in image_files(train, "")))
    for first in probed:
        try:
            with Image.open(first, formats=FORMATS) as image:
                channels = max(channels, channels_of(image.mode))
                size = size or shown_size(image)
        except Exception:  # Damaged bytes raise anything; the job that draws this image reports them.
            continue
    if size is None:
        raise unusable(f"{path}: no class's first image can be read; put whole images in their place")
    return channels, size[1], size[0]


@lru_cache
def folder_digest(path: Path, *, labelled: bool = True) -> str:
    """SHA-256 of every image's path within the folder and its size in bytes, in the order of the paths.

    Times do not count, nor does content: an edit that keeps a file's size is not noticed. It is computed once in a
    process, since planning asks for it several times a run.

    Parameters
    ----------
    path, labelled
        See `read_contents`.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    lines, parts = [], folder_parts(path, with_classes=labelled)
    for part_index, part in enumerate((parts.train, parts.evaluation)):
        classes = () if part is None else class_folders(part) if labelled else ("",)
        for name in classes:
            for entry in image_files(part, name):
                inner = os.fsencode(entry.path[len(str(part)) :])
                lines.append(b"%d%s\0%d" % (part_index, inner, entry.stat().st_size))
    return hashlib.sha256(b"\0\0".join(sorted(lines))).hexdigest()


def class_folders(part: Path) -> tuple[str, ...]:
    """The names of a part's classes, in the order of their labels: its folders, sorted.

    Raises
    ------
    DataError
        If the part cannot be read, or has fewer than two classes.
    """
    names = tuple(subfolders(part))
    if not names:
        raise unusable(
            f"{part} holds no folders; put each class's images in a folder that has the class's name, or, if the "
            "images have no classes, say so: dataset: {target: none}"
        )
    too_high = len(names) == 1 and subfolders(part / names[0])
    hint = f"; or name {part / names[0]}, if its folders are the classes" if too_high else ""
    check_class_names(names, str(part), hint_for_one_class=hint)
    return names
