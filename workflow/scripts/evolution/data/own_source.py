"""The user's own samples during planning: an .npz archive, or a folder of images.

Labels, headers and listings are read, and of samples only tokens, the largest of which says how many there are. So a
config is checked against the data before any job runs. What was read is remembered for the life of the process, since
planning asks for it at least once a run: an archive's contents until the file changes, a folder's for good, because to
see a change there takes as long as to list it again (0.3 s for 60,000 files). What reads without memory is in
`npz_contents` and `image_folder`.
"""

from functools import lru_cache
from pathlib import Path
from types import ModuleType

from evolution.data import image_folder
from evolution.data.contents import IMAGE_FOLDER, NPZ, Contents, require_file, unusable
from evolution.data.kinds import AUTO, CLASSES, NONE, NUMBER, SAID, DataFacts

# What a folder holds, and most of the built-in data sets.
HELD_IMAGES = DataFacts()


def own_path(name: str) -> tuple[str, Path] | None:
    """The kind (`NPZ` or `IMAGE_FOLDER`) and the path that a `dataset.name` names; None for a built-in data set."""
    kind, separator, path = name.partition(":")
    return (kind, Path(path).expanduser()) if separator and kind in (NPZ, IMAGE_FOLDER) else None


def read_contents(name: str, *, kind: str = AUTO, target: str = AUTO) -> Contents:
    """Kind, target, classes and sizes of a user's own data.

    Parameters
    ----------
    name : str
        As dataset.name says.
    kind, target : str
        As dataset.kind and dataset.target say.

    Raises
    ------
    DataError
        If the data cannot be used.
    """
    data, path = own_path(name)
    return _read_contents(data, path, kind, target, _stamp(data, path))


def class_names(name: str, *, kind: str = AUTO, target: str = AUTO) -> tuple[str, ...]:
    """The classes or labels of a user's own data; empty for a built-in data set.

    Raises
    ------
    DataError
        If the data cannot be used.
    """
    return read_contents(name, kind=kind, target=target).class_names if own_path(name) else ()


def image_shape(name: str, size: int | None, *, target: str = AUTO) -> tuple[int, int, int]:
    """(channels, height, width) of the images, after resizing where `size` is given.

    In a folder only the first image of each class is read (of 50 classes at most). The job reads all that are drawn.

    Raises
    ------
    DataError
        If the data cannot be used.
    """
    kind, path = own_path(name)
    channels, height, width = _read_shape(kind, path, target, _stamp(kind, path))
    return (channels, height, width) if size is None else (channels, size, size)


def _stamp(kind: str, path: Path) -> tuple[Path | int, ...]:
    """A value that changes when the path names other data: an edited archive, or a folder elsewhere."""
    if kind == IMAGE_FOLDER:
        return (path.absolute(),)
    require_file(path)
    status = path.stat()
    return path.absolute(), status.st_mtime_ns, status.st_size


@lru_cache
def _read_contents(data: str, path: Path, kind: str, target: str, stamp: tuple[Path | int, ...]) -> Contents:
    if data == NPZ:
        return _reader().read_contents(path, kind=kind, target=target)
    require_said(str(path), kind, target)
    return image_folder.read_contents(path, labelled=target != NONE)


def require_said(where: str, kind: str, target: str, *, held: DataFacts = HELD_IMAGES) -> None:
    """Refuse a kind and a target that a data set does not have.

    Parameters
    ----------
    where : str
        The data set, for messages.
    kind, target : str
        As dataset.kind and dataset.target say.
    held : DataFacts
        What it has; by default images of classes.

    Raises
    ------
    DataError
    """
    if kind not in (AUTO, held.kind):
        raise unusable(f"{where} holds {SAID[held.kind]}, and dataset.kind is {kind}; leave it out")
    if target not in (AUTO, held.target, NONE):
        of = {CLASSES: "classes", NUMBER: "a number"}[held.target]
        raise unusable(
            f"{where} holds {SAID[held.kind]} with {of}, and dataset.target is {target}; must be {held.target} or none"
        )


@lru_cache
def _read_shape(kind: str, path: Path, target: str, stamp: tuple[Path | int, ...]) -> tuple[int, int, int]:
    if kind == IMAGE_FOLDER:
        return image_folder.read_shape(path, labelled=target != NONE)
    return _reader().read_shape(path, target=target)


def _reader() -> ModuleType:
    """The module that reads archives, which loads NumPy, so it is imported only when needed."""
    from evolution.data import npz_contents

    return npz_contents
