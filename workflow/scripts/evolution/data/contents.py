"""What archives and folders of the user's own images share: their contents, their errors, checks. Loads no NumPy."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evolution.data.kinds import CLASSES, IMAGES
from evolution.errors import DataError

# The fewest samples that can be measured.
FEWEST = 10

# A message lists at most so many names.
MOST_NAMED = 3

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
        Of the classes or of the labels; empty for other targets.
    train_sizes : tuple of int (K,)
        Samples of each class. Where the target is no class, one number, that of all samples.
    eval_sizes : tuple of int (K,) or None
        The same of the part to evaluate on; None where the data set has one part only.
    kind, target : str
        See `evolution.data.kinds`.
    attributes : tuple of str
        The names of further columns.
    shape : tuple of int or None
        Of one sample, as `evolution.data.kinds.DataFacts` has it; None of images, which have `read_shape`.
    vocabulary : int
        How many tokens there are; 0 where the samples are no tokens.
    """

    class_names: tuple[str, ...]
    train_sizes: tuple[int, ...]
    eval_sizes: tuple[int, ...] | None
    kind: str = IMAGES
    target: str = CLASSES
    attributes: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None
    vocabulary: int = 0


def unusable(problem: str) -> DataError:
    """The error for own data that cannot be used, at the key of the config that names the data."""
    return DataError(problem, key="dataset.name")


def listed(names: Sequence[object], *, more: str = "more") -> str:
    """The first of many names or numbers, and how many more there are: "a, b, c and 2 more"."""
    others = len(names) - MOST_NAMED
    return ", ".join(map(str, names[:MOST_NAMED])) + (f" and {others} {more}" if others > 0 else "")


def check_class_names(names: tuple[str, ...], where: str, *, hint_for_one_class: str = "", word: str = "class") -> None:
    """Check that there are two classes or more, and that their names can be written and told apart.

    Parameters
    ----------
    names : tuple of str
    where : str
        The file or folder that has the classes, for the message.
    hint_for_one_class : str
        The end of the message where there is only one class.
    word : str
        What the names are those of: "class", "label" or "column". Of the last two, one will do.

    Raises
    ------
    DataError
    """
    plural = "classes" if word == "class" else f"{word}s"
    for name in names:
        if not name.strip() or any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
            raise unusable(
                f"{where} has a {word} called {name!r}, which cannot be written in a figure; give it a name of letters "
                "that are valid UTF-8, without control characters"
            )
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else ()
    if twice:
        raise unusable(f"{where} has two {plural} called {twice[0]!r}; give each {word} a name of its own")
    if len(names) < 2 and word == "class":
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
