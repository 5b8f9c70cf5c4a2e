"""What archives and folders of the user's own images share: their contents, their errors, checks. Loads no NumPy."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from evolution.errors import DataError

# The fewest samples that can be measured.
FEWEST = 10

# The kinds of own data. `dataset.name` is then npz:FILE or image_folder:FOLDER.
NPZ, IMAGE_FOLDER = "npz", "image_folder"
# The folder that relative paths start from, in the words of the messages.
WORKING_FOLDER = "the folder in which snakemake is called (or that --directory names)"


@dataclass(frozen=True)
class Contents:
    """What is known of a data set without its pixels.

    Attributes
    ----------
    class_names : tuple of str (K,)
    train_sizes : tuple of int (K,)
        Images of each class.
    eval_sizes : tuple of int (K,) or None
        Images of each class in the part to evaluate on; None where the data set has one part only.
    """

    class_names: tuple[str, ...]
    train_sizes: tuple[int, ...]
    eval_sizes: tuple[int, ...] | None


def unusable(problem: str) -> DataError:
    """The error for own data that cannot be used, at the key of the config that names the data."""
    return DataError(problem, key="dataset.name")


def check_class_names(names: tuple[str, ...], where: str, *, hint_for_one_class: str = "") -> None:
    """Check that there are two classes or more, and that their names can be written and told apart.

    Parameters
    ----------
    names : tuple of str
    where : str
        The file or folder that has the classes, for the message.
    hint_for_one_class : str
        The end of the message where there is only one class.

    Raises
    ------
    DataError
    """
    for name in names:
        if not name.strip() or any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
            raise unusable(
                f"{where} has a class called {name!r}, which cannot be written in a figure; give it a name of letters "
                "that are valid UTF-8, without control characters"
            )
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else ()
    if twice:
        raise unusable(f"{where} has two classes called {twice[0]!r}; give each class a name of its own")
    if len(names) < 2:
        only = f", {names[0]!r}" if names else ""
        raise unusable(f"{where} has {len(names)} class{only}; a classifier needs at least two{hint_for_one_class}")


def require_file(path: Path) -> None:
    """Check that the path of an archive is a file.

    Raises
    ------
    DataError
        If it does not exist, or is a folder.
    """
    if path.is_dir():
        raise unusable(f"{path} is a folder, and npz: takes a file; name the .npz, or write {IMAGE_FOLDER}:{path}")
    if not path.is_file():
        raise unusable(f"{path} does not exist; a relative path starts from {WORKING_FOLDER}")
