"""Folders that are parts of a data set, such as train/ and val/, told from folders that are classes. Loads no NumPy."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evolution.data.contents import IMAGE_FOLDER, WORKING_FOLDER, unusable
from evolution.data.listing import subfolders

TRAIN, VALIDATION, TEST, UNLABELLED = "training", "validation", "test", "unlabelled"

# What published data sets call their parts.
WORDS = {
    TRAIN: ("train", "training", "trn", "trainval"),
    VALIDATION: ("val", "minival", "valid", "validation", "validate", "dev", "eval", "evaluation", "holdout"),
    TEST: ("test", "testing", "tst"),
    UNLABELLED: ("pred", "predict", "prediction", "predictions", "unlabeled", "unlabelled", "extra"),
}
KINDS = {word: kind for kind, words in WORDS.items() for word in words}

# Short names, which are those of parts where both sorts stand next to each other, as in imagesTr and imagesTs.
SHORT = {"tr": TRAIN, "te": TEST, "ts": TEST}

# The folds of a cross-validation.
FOLD = re.compile(r"(?:cv|fold|split)[-_ ]?\d+", re.IGNORECASE)

# What may stand before or after a part's word: train_images, test-set, seg_train, train2017.
FILLERS = ("datasets", "dataset", "data", "sets", "set", "images", "image", "imgs", "img", "seg", "split", "part")


@dataclass(frozen=True)
class FolderParts:
    """The parts of a folder of images.

    Attributes
    ----------
    train : path
        The folder that has the classes to train on.
    evaluation : path or None
        The one to evaluate on; None where the folder is one part.
    unused : tuple of str
        The names of further parts, which are not read.
    """

    train: Path
    evaluation: Path | None = None
    unused: tuple[str, ...] = ()


def part_kind(name: str) -> str | None:
    """The kind of part that a folder's name says, in any case of letters; None for other names."""
    rest = "".join(re.findall(r"[^\W\d_]+", name.lower()))
    # x_train; and trainA next to trainB, for translation from one sort of image to another.
    if rest[:1] in ("x", "y") and rest[1:] in KINDS:
        rest = rest[1:]
    elif re.search(r"[a-z][AB]$", name) and rest[:-1] in KINDS:
        rest = rest[:-1]
    while rest not in KINDS:
        filler = next((word for word in FILLERS if rest.startswith(word) or rest.endswith(word)), None)
        if filler is None:
            return None
        rest = rest.removeprefix(filler) if rest.startswith(filler) else rest.removesuffix(filler)
    return KINDS[rest]


def folder_parts(path: Path, *, with_classes: bool = True) -> FolderParts:
    """The folder to train on and the one to evaluate on, where the folders within are called as parts are.

    Two names of parts or more, such as train and test, are never those of classes. A single one among other names is.

    Parameters
    ----------
    path : Path
    with_classes : bool
        Whether the folders within the parts are classes; otherwise there may be none.

    Raises
    ------
    DataError
        If the path is no folder or cannot be read, or if it is not plain which folder is which part.
    """
    if path.is_file():
        raise unusable(
            f"{path} is a file, and {IMAGE_FOLDER}: takes a folder with a folder a class; for an archive: npz:"
        )
    if not path.is_dir():
        raise unusable(f"{path} does not exist; a relative path starts from {WORKING_FOLDER}")
    names = subfolders(path)
    kinds = {name: part_kind(name) for name in names} | _short_kinds(names)
    if len(names) > 1 and all(map(FOLD.fullmatch, names)):
        raise unusable(
            f"{path} holds {_listed(names)}, which are names of the folds of a cross-validation and not of classes. "
            "Put the folds together in two folders, train and val, with a folder for each class in both; or, if these "
            "are classes, rename them"
        )
    labelled = [name for name in names if kinds[name] in (TRAIN, VALIDATION, TEST)]
    others = [name for name in names if kinds[name] is None]
    # A class may be called "train" or "valid". With "predictions" as the only other folder, it is a part.
    if not labelled or (len(labelled) == 1 and (others or len(names) == 1 or not subfolders(path / labelled[0]))):
        _refuse_parts_of_other_names(path, names, labelled)
        return FolderParts(path)

    def of_kind(kind: str) -> list[str]:
        return [name for name in names if kinds[name] == kind]

    train, validation, test = of_kind(TRAIN), of_kind(VALIDATION), of_kind(TEST)
    remedy = (
        "A folder of two parts holds nothing but the parts, such as train and val, with a folder for each class in "
        "both. Move or rename what does not fit; or, if these are classes, rename them"
    )
    called = f"{path} holds {_listed([*filter(kinds.get, names)])}, which are names of parts and not of classes"
    if others:
        raise unusable(f"{called}, together with {_listed(others)}. {remedy}")
    for kind, found in ((TRAIN, train), (VALIDATION, validation), (TEST, test)):
        if len(found) > 1:
            raise unusable(f"{called}, and {_listed(found)} are both a {kind} part. {remedy}")
    if not train:
        raise unusable(f"{called}, and none of them is to train on. {remedy}")
    if not validation and not test:
        raise unusable(
            f"{called}, and none of them is to evaluate on. {remedy}; or, to share one part between training and "
            f"evaluation, name that folder: {IMAGE_FOLDER}:{path / train[0]}"
        )
    evaluation = (validation or test)[0]
    for name in (train[0], evaluation):
        if with_classes and not subfolders(path / name):
            raise unusable(
                f"{called}, and {path / name} holds no folders of classes. {remedy}; or name one part that "
                f"has classes, to share it between training and evaluation: {IMAGE_FOLDER}:{path}/..."
            )
    return FolderParts(
        path / train[0], path / evaluation, tuple(name for name in names if name not in (train[0], evaluation))
    )


def _short_kinds(names: Sequence[str]) -> dict[str, str]:
    """The kinds of folders with short names, such as tr and te, where there is one of each."""
    found = {}
    for name in names:
        rest = "".join(re.findall(r"[^\W\d_]+", name.lower()))
        for filler in FILLERS:
            if rest.startswith(filler) and rest.removeprefix(filler) in SHORT:
                rest = rest.removeprefix(filler)
        if rest in SHORT:
            found[name] = SHORT[rest]
    return found if set(found.values()) == {TRAIN, TEST} else {}


def _refuse_parts_of_other_names(path: Path, names: list[str], labelled: list[str]) -> None:
    """Refuse folders of which one has a part's name, such as test, and another holds the same folders, the classes."""
    for name in dict.fromkeys([*labelled, *(parts_in_names(names) or ())]):
        classes = subfolders(path / name)
        twin = next((other for other in names if other != name and subfolders(path / other) == classes), None)
        if len(classes) > 1 and twin:
            raise unusable(
                f"{path} holds {name} and {twin}, which hold the same folders ({_listed(classes)}) and look like parts "
                "and not like classes. Call the parts train and val, with nothing next to them; or, if they are "
                f"classes, rename {name}"
            )


def parts_in_names(names: Sequence[str]) -> tuple[str, str] | None:
    """Two of the names, one with the word for a part to train on in it, and one with the word for one to evaluate on.

    As in cats_train and cats_test: such names are rarely those of classes. None where there are not both.
    """
    found: dict[str, str] = {}
    for name in names:
        words = re.findall(r"[^\W\d_]+", name.lower())
        kinds = [part_kind(name), *(KINDS.get(word) for word in words)]
        kind = next((kind for kind in kinds if kind in (TRAIN, VALIDATION, TEST)), None)
        found.setdefault("train" if kind == TRAIN else "evaluation" if kind else "none", name)
    return (found["train"], found["evaluation"]) if {"train", "evaluation"} <= found.keys() else None


def _listed(names: list[str]) -> str:
    """Names in a sentence: the first five, and how many more there are."""
    shown, more = names[:5], len(names) - 5
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
