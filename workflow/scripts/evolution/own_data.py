"""The user's own labelled images, as far as planning looks at them: an .npz archive, or a folder of images.

Labels, headers and listings are read, pixels are not, so that a config is checked against them before any job runs.
"""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

NPZ, FOLDER = "npz", "image_folder"
# Those of torchvision's ImageFolder.
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
# What Pillow calls these formats: it is asked to read no others.
FORMATS = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP")
TRAIN, EVALUATION = "train", ("val", "test")
PROBED_CLASSES = 50


class DataFault(Exception):
    """What is wrong with a user's data, in a line: the file, what was found, what to do."""


@dataclass(frozen=True)
class Contents:
    """What is known of a source without its pixels.

    Attributes
    ----------
    class_names : tuple of str (K,)
    train_sizes : tuple of int (K,)
        Images of each class.
    eval_sizes : tuple of int (K,) or None
        The same of the part to evaluate on; None where the source has one part only.
    """

    class_names: tuple[str, ...]
    train_sizes: tuple[int, ...]
    eval_sizes: tuple[int, ...] | None


def own_path(name: str) -> tuple[str, Path] | None:
    """The kind (`NPZ` or `FOLDER`) and the path that a `dataset.name` names; None for a built-in data set."""
    kind, separator, path = name.partition(":")
    return (kind, Path(path).expanduser()) if separator and kind in (NPZ, FOLDER) else None


def contents(name: str) -> Contents:
    """Classes and their sizes of a user's own data.

    Raises
    ------
    DataFault
    """
    kind, path = own_path(name)
    return _npz_contents(path, _stamp(path)) if kind == NPZ else _folder_contents(path)


def class_names(name: str) -> tuple[str, ...]:
    """The classes of a user's own data; empty for a built-in data set."""
    return contents(name).class_names if own_path(name) else ()


def image_shape(name: str, size: int | None) -> tuple[int, int, int]:
    """(channels, height, width) of the images, after resizing where `size` is given.

    Of a folder the first image of each class is looked at (50 classes at most); only the job sees all that are drawn.

    Raises
    ------
    DataFault
    """
    kind, path = own_path(name)
    if kind == NPZ:
        channels, height, width = _npz_shape(path, _stamp(path))
    else:
        channels, height, width = _folder_shape(path)
    return (channels, height, width) if size is None else (channels, size, size)


def check_class_names(names: tuple[str, ...], where: str) -> None:
    """Refuse names that could not be told apart or written down, and less than two of them."""
    for name in names:
        if not name.strip() or any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
            raise DataFault(
                f"{where} has a class called {name!r}, which cannot be written in a figure; give it a name of letters "
                "that are valid UTF-8, without control characters"
            )
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else ()
    if twice:
        raise DataFault(f"{where} has two classes called {twice[0]!r}; give each class a name of its own")
    if len(names) < 2:
        only = f", {names[0]!r}" if names else ""
        raise DataFault(f"{where} has {len(names)} class{only}; a classifier needs at least two")


# Files


def require_file(path: Path) -> None:
    """Refuse a path that is missing, or a folder."""
    if path.is_dir():
        raise DataFault(f"{path} is a folder, and npz: takes a file; name the .npz, or write {FOLDER}:{path}")
    if not path.is_file():
        raise DataFault(f"{path} does not exist; a relative path starts from {_here()}")


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is edited."""
    require_file(path)
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _here() -> str:
    return "the folder in which snakemake is called (or that --directory names)"


@lru_cache
def _npz_contents(path: Path, stamp: tuple[int, int]) -> Contents:
    from evolution import own_npz

    found = own_npz.read_labels(path)
    count = len(found.class_names)

    def sizes(labels) -> tuple[int, ...]:
        return tuple(own_npz.class_sizes(labels, count))

    return Contents(
        found.class_names, sizes(found.labels), None if found.eval_labels is None else sizes(found.eval_labels)
    )


@lru_cache
def _npz_shape(path: Path, stamp: tuple[int, int]) -> tuple[int, int, int]:
    from evolution import own_npz

    return own_npz.read_shape(path)


# Folders


def require_folder(path: Path) -> None:
    """Refuse a path that is missing, or a file."""
    if path.is_file():
        raise DataFault(f"{path} is a file, and {FOLDER}: takes a folder with a folder a class; for an archive: npz:")
    if not path.is_dir():
        raise DataFault(f"{path} does not exist; a relative path starts from {_here()}")


def _entries(folder: Path | str) -> Iterator[os.DirEntry]:
    """What lies in a folder; hidden files and folders, such as .DS_Store and .ipynb_checkpoints, are left out."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise DataFault(f"{folder} cannot be read ({error.strerror}); make it readable, or remove it") from error


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
        raise DataFault(f"{path} holds no folders; put each class's images in a folder that has the class's name")
    hint = ""
    if len(names) == 1 and _subfolders(path / names[0]):
        hint = f"; or name {path / names[0]}, if its folders are the classes"
    try:
        check_class_names(names, str(path))
    except DataFault as fault:
        raise DataFault(f"{fault}{hint}") from None
    return names


def image_files(part: Path, name: str) -> Iterator[os.DirEntry]:
    """A class's images, in its folder and those within; in no order, and without a look at each file.

    Their paths begin with that of `part`.

    Raises
    ------
    DataFault
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
                    raise DataFault(f"{entry.path} is a link to a folder that it lies in; remove the link")
                pending.append((entry.path, (*above, real)))
            elif entry.name.lower().endswith(EXTENSIONS):
                if entry.is_symlink() and not os.path.exists(entry.path):
                    raise DataFault(f"{entry.path} is a link that leads nowhere; mend or remove it")
                yield entry


@lru_cache
def _folder_contents(path: Path) -> Contents:
    train, evaluation = part_folders(path)
    names = class_folders(train)
    if evaluation is not None and (others := class_folders(evaluation)) != names:
        only = sorted({*names} ^ {*others})[0]
        has, lacks = (train, evaluation) if only in names else (evaluation, train)
        raise DataFault(f"{has} has the class {only!r} and {lacks} has not; both must have the same folders")

    def sizes(part: Path) -> tuple[int, ...]:
        counts = tuple(sum(1 for _ in image_files(part, name)) for name in names)
        for name, count in zip(names, counts):
            if not count:
                raise DataFault(
                    f"{part / name} holds no images ({', '.join(EXTENSIONS)}); add some, or remove the folder"
                )
        return counts

    return Contents(names, sizes(train), None if evaluation is None else sizes(evaluation))


@lru_cache
def _folder_shape(path: Path) -> tuple[int, int, int]:
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
        raise DataFault(f"{path}: no class's first image can be read; put whole images in their place")
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
