"""What planning knows of a user's own images, and the checks that archives and folders share. Loads no NumPy."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from evolution.errors import DataError

# What `dataset.name` begins with where the images are the user's own: npz:FILE, image_folder:FOLDER.
NPZ, FOLDER = "npz", "image_folder"
# Where relative paths start from, as messages say it.
WORKING_FOLDER = "the folder in which snakemake is called (or that --directory names)"


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


def check_class_names(names: tuple[str, ...], where: str) -> None:
    """Refuse names that could not be told apart or written down, and less than two of them."""
    for name in names:
        if not name.strip() or any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
            raise DataError(
                f"{where} has a class called {name!r}, which cannot be written in a figure; give it a name of letters "
                "that are valid UTF-8, without control characters"
            )
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else ()
    if twice:
        raise DataError(f"{where} has two classes called {twice[0]!r}; give each class a name of its own")
    if len(names) < 2:
        only = f", {names[0]!r}" if names else ""
        raise DataError(f"{where} has {len(names)} class{only}; a classifier needs at least two")


def require_file(path: Path) -> None:
    """Refuse a path that is missing, or a folder."""
    if path.is_dir():
        raise DataError(f"{path} is a folder, and npz: takes a file; name the .npz, or write {FOLDER}:{path}")
    if not path.is_file():
        raise DataError(f"{path} does not exist; a relative path starts from {WORKING_FOLDER}")
