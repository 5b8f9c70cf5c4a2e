"""The user's own labelled images, as far as planning looks at them: an .npz archive, or a folder of images.

Labels, headers and listings are read, pixels are not, so that a config is checked against them before any job runs.
"""

from functools import lru_cache
from pathlib import Path

from evolution.data.contents import FOLDER, NPZ, Contents, require_file
from evolution.data.image_folder import folder_contents, folder_shape


def own_path(name: str) -> tuple[str, Path] | None:
    """The kind (`NPZ` or `FOLDER`) and the path that a `dataset.name` names; None for a built-in data set."""
    kind, separator, path = name.partition(":")
    return (kind, Path(path).expanduser()) if separator and kind in (NPZ, FOLDER) else None


def contents(name: str) -> Contents:
    """Classes and their sizes of a user's own data.

    Raises
    ------
    DataError
    """
    kind, path = own_path(name)
    return _npz_contents(path, _stamp(path)) if kind == NPZ else folder_contents(path)


def class_names(name: str) -> tuple[str, ...]:
    """The classes of a user's own data; empty for a built-in data set."""
    return contents(name).class_names if own_path(name) else ()


def image_shape(name: str, size: int | None) -> tuple[int, int, int]:
    """(channels, height, width) of the images, after resizing where `size` is given.

    Of a folder the first image of each class is looked at (50 classes at most); only the job sees all that are drawn.

    Raises
    ------
    DataError
    """
    kind, path = own_path(name)
    if kind == NPZ:
        channels, height, width = _npz_shape(path, _stamp(path))
    else:
        channels, height, width = folder_shape(path)
    return (channels, height, width) if size is None else (channels, size, size)


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is edited."""
    require_file(path)
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache
def _npz_contents(path: Path, stamp: tuple[int, int]) -> Contents:
    from evolution.data import npz_archive

    found = npz_archive.read_labels(path)
    count = len(found.class_names)

    def sizes(labels) -> tuple[int, ...]:
        return tuple(npz_archive.class_sizes(labels, count))

    return Contents(
        found.class_names, sizes(found.labels), None if found.eval_labels is None else sizes(found.eval_labels)
    )


@lru_cache
def _npz_shape(path: Path, stamp: tuple[int, int]) -> tuple[int, int, int]:
    from evolution.data import npz_archive

    return npz_archive.read_shape(path)
