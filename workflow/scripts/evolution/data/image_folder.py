"""A user's own images in a folder with a folder a class, as far as planning looks at them. Loads no NumPy.

Listings are read and pixels are not, so that a config is checked against them before any job runs.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from evolution.data.contents import FOLDER, WORKING_FOLDER, Contents, check_class_names
from evolution.errors import DataError

# Those of torchvision's ImageFolder.
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

# What Pillow calls these formats: it is asked to read no others.
FORMATS = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP")

TRAIN, EVALUATION = "train", ("val", "test")

PROBED_CLASSES = 50


def require_folder(path: Path) -> None:
    """Refuse a path that is missing, or a file."""
    if path.is_file():
        raise DataError(f"{path} is a file, and {FOLDER}: takes a folder with a folder a class; for an archive: npz:")
    if not path.is_dir():
        raise DataError(f"{path} does not exist; a relative path starts from {WORKING_FOLDER}")


def _entries(folder: Path | str) -> Iterator[os.DirEntry]:
    """What lies in a folder; hidden files and folders, such as .DS_Store and .ipynb_checkpoints, are left out."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror}); make it readable, or remove it") from error


def _subfolders(folder: Path) -> list[str]:
    return sorted(entry.name for entry in _entries(folder) if entry.is_dir())


def part_folders(path: Path) -> tuple[Path, Path | None]:
    """The folder to train on and the one to evaluate on; the latter is None where the source has one part only.

    A folder that holds nothing but train/ and val/ or test/ (val where there are both), with folders within, has two.
    """
    require_folder(path)
    folders = set(_subfolders(path))
    others = [name for name in EVALUATION if name in folders]
    if TRAIN in folders and others and folders <= {TRAIN, *EVALUATION} and _subfolders(path / TRAIN):
        return path / TRAIN, path / others[0]
    return path, None


def class_folders(path: Path) -> tuple[str, ...]:
    """The names of a folder's classes, in the order of their labels: its sub-folders, sorted."""
    names = tuple(_subfolders(path))
    if not names:
        raise DataError(f"{path} holds no folders; put each class's images in a folder that has the class's name")
    hint = ""
    if len(names) == 1 and _subfolders(path / names[0]):
        hint = f"; or name {path / names[0]}, if its folders are the classes"
    try:
        check_class_names(names, str(path))
    except DataError as fault:
        raise DataError(f"{fault}{hint}") from None
    return names


def image_files(part: Path, name: str) -> Iterator[os.DirEntry]:
    """A class's images, in its folder and those within; in no order, and without a look at each file.

    Their paths begin with that of `part`.

    Raises
    ------
    DataError
        If a folder cannot be read, or a link leads nowhere or to a folder that it lies in.
    """
    # Not part / name, which would lose a part that is written as a dot.
    folder = os.path.join(part, name)
    pending = [(folder, (os.path.realpath(folder),))]
    while pending:
        path, above = pending.pop()
        for entry in _entries(path):
            if entry.is_dir():
                real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(above[-1], entry.name)
                if real in above or f"{above[-1]}{os.sep}".startswith(f"{real}{os.sep}"):
                    raise DataError(f"{entry.path} is a link to a folder that it lies in; remove the link")
                pending.append((entry.path, (*above, real)))
            elif entry.name.lower().endswith(EXTENSIONS):
                if entry.is_symlink() and not os.path.exists(entry.path):
                    raise DataError(f"{entry.path} is a link that leads nowhere; mend or remove it")
                yield entry


@lru_cache
def folder_contents(path: Path) -> Contents:
    train, evaluation = part_folders(path)
    names = class_folders(train)
    if evaluation is not None and (others := class_folders(evaluation)) != names:
        only = sorted({*names} ^ {*others})[0]
        has, lacks = (train, evaluation) if only in names else (evaluation, train)
        raise DataError(f"{has} has the class {only!r} and {lacks} has not; both must have the same folders")

    def sizes(part: Path) -> tuple[int, ...]:
        counts = tuple(sum(1 for _ in image_files(part, name)) for name in names)
        for name, count in zip(names, counts):
            if not count:
                raise DataError(
                    f"{part / name} holds no images ({', '.join(EXTENSIONS)}); add some, or remove the folder"
                )
        return counts

    return Contents(names, sizes(train), None if evaluation is None else sizes(evaluation))


@lru_cache
def folder_shape(path: Path) -> tuple[int, int, int]:
    from PIL import Image

    train, _ = part_folders(path)
    channels, size = 1, None
    for name in class_folders(train)[:PROBED_CLASSES]:
        first = min((entry.path for entry in image_files(train, name)), default=None)
        try:
            with Image.open(first, formats=FORMATS) as image:
                size = size or image.size
                channels = max(channels, channels_of(image.mode))
        except Exception:  # Damaged bytes raise anything; the job that draws this image says so.
            continue
    if size is None:
        raise DataError(f"{path}: no class's first image can be read; put whole images in their place")
    return channels, size[1], size[0]


def channels_of(mode: str) -> int:
    """Of an image, by Pillow's name of its mode: 1 for grey, with or without transparency, 3 for all others."""
    return 1 if mode in ("1", "L", "LA") or mode.startswith(("I", "F")) else 3


@lru_cache
def folder_digest(path: Path) -> str:
    """SHA-256 of every image's path within the folder and its size in bytes, in the order of the paths.

    Times do not count, nor does content: a file that was edited and kept its size is not noticed.
    """
    train, evaluation = part_folders(path)
    lines = []
    for place, part in enumerate((train, evaluation)):
        for name in class_folders(part) if part else ():
            for entry in image_files(part, name):
                lines.append(b"%d%s\0%d" % (place, os.fsencode(entry.path[len(str(part)) :]), entry.stat().st_size))
    return hashlib.sha256(b"\0\0".join(sorted(lines))).hexdigest()
