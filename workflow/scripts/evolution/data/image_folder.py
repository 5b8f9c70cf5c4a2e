"""A user's own images in a folder that has a folder for each class, as planning reads it. Loads no NumPy.

Only listings are read, no pixels, so that a config is checked against the folder before any job runs.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from evolution.data.contents import IMAGE_FOLDER, WORKING_FOLDER, Contents, check_class_names, unusable

# The extensions that torchvision's ImageFolder reads.
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

# Pillow's names of these formats: it is asked to read no others.
FORMATS = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP")

TRAIN, EVALUATION = "train", ("val", "test")

# The number of classes whose first image is read to learn the images' shape.
PROBED_CLASSES = 50


def part_folders(path: Path) -> tuple[Path, Path | None]:
    """The folder to train on and the one to evaluate on; the latter is None where the folder is one part.

    A folder has two parts if it holds nothing but train/ and val/ or test/, with folders within. Where both are there,
    val/ is the part to evaluate on.

    Raises
    ------
    DataError
        If the path is no folder, or cannot be read.
    """
    if path.is_file():
        raise unusable(
            f"{path} is a file, and {IMAGE_FOLDER}: takes a folder with a folder a class; for an archive: npz:"
        )
    if not path.is_dir():
        raise unusable(f"{path} does not exist; a relative path starts from {WORKING_FOLDER}")
    folders = set(_subfolders(path))
    others = [name for name in EVALUATION if name in folders]
    if TRAIN in folders and others and folders <= {TRAIN, *EVALUATION} and _subfolders(path / TRAIN):
        return path / TRAIN, path / others[0]
    return path, None


def image_files(part: Path, class_name: str) -> Iterator[os.DirEntry]:
    """A class's images, in its folder and in those within, in no order; the files themselves are not looked at.

    The entries' paths begin with that of `part`.

    Raises
    ------
    DataError
        If a folder cannot be read, or a link leads nowhere or to a folder that it lies in.
    """
    # Not part / class_name, which would lose a part that is written as a dot.
    folder = os.path.join(part, class_name)
    pending = [(folder, (os.path.realpath(folder),))]
    while pending:
        path, above = pending.pop()
        for entry in _entries(path):
            if entry.is_dir():
                real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(above[-1], entry.name)
                if real in above or f"{above[-1]}{os.sep}".startswith(f"{real}{os.sep}"):
                    raise unusable(f"{entry.path} is a link to a folder that it lies in; remove the link")
                pending.append((entry.path, (*above, real)))
            elif entry.name.lower().endswith(EXTENSIONS):
                if entry.is_symlink() and not os.path.exists(entry.path):
                    raise unusable(f"{entry.path} is a link that leads nowhere; mend or remove it")
                yield entry


def read_contents(path: Path) -> Contents:
    """Classes and the number of image files of each.

    Raises
    ------
    DataError
        If the folder cannot be read, a class holds no images, or the two parts have different classes.
    """
    train, evaluation = part_folders(path)
    names = _class_folders(train)
    if evaluation is not None and (others := _class_folders(evaluation)) != names:
        only = sorted({*names} ^ {*others})[0]
        has, lacks = (train, evaluation) if only in names else (evaluation, train)
        raise unusable(f"{has} has the class {only!r} and {lacks} has not; both must have the same folders")

    def sizes(part: Path) -> tuple[int, ...]:
        counts = tuple(sum(1 for _ in image_files(part, name)) for name in names)
        for name, count in zip(names, counts):
            if not count:
                raise unusable(
                    f"{part / name} holds no images ({', '.join(EXTENSIONS)}); add some, or remove the folder"
                )
        return counts

    return Contents(names, sizes(train), None if evaluation is None else sizes(evaluation))


def read_shape(path: Path) -> tuple[int, int, int]:
    """(channels, height, width), from the first image of each class, of `PROBED_CLASSES` classes at most.

    Raises
    ------
    DataError
        If the folder cannot be read, or none of these images can.
    """
    from PIL import Image

    train, _ = part_folders(path)
    channels, size = 1, None
    for name in _class_folders(train)[:PROBED_CLASSES]:
        first = min((entry.path for entry in image_files(train, name)), default=None)
        try:
            with Image.open(first, formats=FORMATS) as image:
                size = size or image.size
                channels = max(channels, channels_of(image.mode))
        except Exception:  # Damaged bytes raise anything; the job that draws this image reports them.
            continue
    if size is None:
        raise unusable(f"{path}: no class's first image can be read; put whole images in their place")
    return channels, size[1], size[0]


def channels_of(mode: str) -> int:
    """The channels of an image of this mode of Pillow's: 1 for grey, with or without transparency, else 3."""
    return 1 if mode in ("1", "L", "LA") or mode.startswith(("I", "F")) else 3


@lru_cache
def folder_digest(path: Path) -> str:
    """SHA-256 of every image's path within the folder and its size in bytes, in the order of the paths.

    Times do not count, nor does content: an edit that keeps a file's size is not noticed. It is computed once in a
    process, since planning asks for it several times a run.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    lines = []
    for part_index, part in enumerate(part_folders(path)):
        for name in _class_folders(part) if part else ():
            for entry in image_files(part, name):
                inner = os.fsencode(entry.path[len(str(part)) :])
                lines.append(b"%d%s\0%d" % (part_index, inner, entry.stat().st_size))
    return hashlib.sha256(b"\0\0".join(sorted(lines))).hexdigest()


def _class_folders(part: Path) -> tuple[str, ...]:
    """The names of a part's classes, in the order of their labels: its folders, sorted."""
    names = tuple(_subfolders(part))
    if not names:
        raise unusable(f"{part} holds no folders; put each class's images in a folder that has the class's name")
    too_high = len(names) == 1 and _subfolders(part / names[0])
    hint = f"; or name {part / names[0]}, if its folders are the classes" if too_high else ""
    check_class_names(names, str(part), hint_for_one_class=hint)
    return names


def _subfolders(folder: Path) -> list[str]:
    return sorted(entry.name for entry in _entries(folder) if entry.is_dir())


def _entries(folder: Path | str) -> Iterator[os.DirEntry]:
    """The entries of a folder, without hidden ones such as .DS_Store and .ipynb_checkpoints."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise unusable(f"{folder} cannot be read ({error.strerror}); make it readable, or remove it") from error
