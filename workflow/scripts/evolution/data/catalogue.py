"""What is known of data sets before they are loaded, so that a config can be checked: classes, sizes, shapes.

The tests compare the constants with the data sets themselves.
"""

from importlib import metadata

from evolution.data import own_source
from evolution.data.contents import IMAGE_FOLDER
from evolution.data.kinds import AUTO, CLASSES, IMAGES, NONE, NUMBER, SIGNALS, TABLE, TOKENS, DataFacts
from evolution.errors import DataError

# Samples of each class in the part to train on and, where the source has one, the part to evaluate on; of a set without
# classes one number, that of all samples.
DATASET_CLASS_SIZES = {
    "mnist_5k": ((500,) * 10, None),
    "digits": ((178, 182, 177, 183, 181, 182, 181, 179, 174, 180), None),
    "mnist": (
        (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    ),
    "fashion_mnist": ((6000,) * 10, (1000,) * 10),
    "kmnist": ((6000,) * 10, (1000,) * 10),
    "cifar10": ((5000,) * 10, (1000,) * 10),
    "wine": ((59, 71, 48), None),
    "diabetes": ((442,), None),
    "breast_cancer": ((212, 357), None),
    "japanese_vowels": ((30,) * 9, (31, 35, 88, 44, 29, 24, 40, 50, 29)),
    "chat_languages": ((390, 902, 650, 402, 504, 600), (195, 451, 324, 200, 251, 299)),
}

# What planning knows of the sets that are no images.
LANGUAGES = ("Dutch", "English", "Italian", "Portuguese", "Spanish", "Ukrainian")
SAMPLE_SETS = {
    "wine": DataFacts(TABLE, CLASSES, ("class_0", "class_1", "class_2"), shape=(13,)),
    "breast_cancer": DataFacts(TABLE, CLASSES, ("malignant", "benign"), shape=(30,)),
    "diabetes": DataFacts(TABLE, NUMBER, shape=(10,)),
    "japanese_vowels": DataFacts(
        SIGNALS, CLASSES, tuple(f"speaker {number}" for number in range(1, 10)), ("length",), (12, 20)
    ),
    "chat_languages": DataFacts(TOKENS, CLASSES, LANGUAGES, ("topic", "words"), (16,), vocabulary=2867),
}

# The packages that ship a set's files, where no other part of the workflow needs them.
DATA_PACKAGES = {"japanese_vowels": "sktime==1.2.0", "chat_languages": "chatterbot-corpus==1.3.3"}

# The data sets that are read from dataset.root.
ROOTED = ("mnist", "fashion_mnist", "kmnist", "cifar10")

# (channels, height, width) of the images.
DATASET_SHAPES = {
    "mnist_5k": (1, 28, 28),
    "digits": (1, 8, 8),
    "mnist": (1, 28, 28),
    "fashion_mnist": (1, 28, 28),
    "kmnist": (1, 28, 28),
    "cifar10": (3, 32, 32),
}


def missing_package(name: str) -> str:
    """The pinned package that a set is read from and this Python does not have; empty where none is missing."""
    pin = DATA_PACKAGES.get(name, "")
    if not pin:
        return ""
    try:
        metadata.distribution(pin.partition("==")[0])
    except metadata.PackageNotFoundError:
        return pin
    return ""


def class_sizes(
    name: str, *, kind: str = AUTO, target: str = AUTO
) -> tuple[tuple[int, ...], tuple[int, ...] | None] | None:
    """Samples of each class, in an entry like those of `DATASET_CLASS_SIZES`; None for a name that is not known.

    Parameters
    ----------
    name : str
        A built-in data set, `npz:FILE` or `image_folder:FOLDER`.
    kind, target : str
        As dataset.kind and dataset.target say.

    Returns
    -------
    (train, evaluation) or None
        Tuples of int (K,); the second is None where the data set has one part only. Where the target is no class, each
        holds one number, that of all samples.

    Raises
    ------
    DataError
        If the user's data cannot be used.
    """
    if own_source.own_path(name):
        found = own_source.read_contents(name, kind=kind, target=target)
        return found.train_sizes, found.eval_sizes
    sizes = DATASET_CLASS_SIZES.get(name)
    if sizes is None:
        return None
    own_source.require_said(name, kind, target, held=SAMPLE_SETS.get(name, own_source.HELD_IMAGES))
    train, evaluation = sizes
    return ((sum(train),), evaluation and (sum(evaluation),)) if target == NONE else sizes


def image_shape(dataset: dict) -> tuple[int, int, int] | None:
    """The shape (C, H, W) of a run's images, from its `dataset` settings.

    None for a name that is not known, for samples that are no images, and for own data that cannot be used: the checks
    of the config say why.
    """
    name, size = dataset["name"], dataset.get("image_size")
    words = {key: dataset.get(key, AUTO) for key in ("kind", "target")}
    if name in SAMPLE_SETS:
        return None
    try:
        if own_source.own_path(name):
            if own_source.read_contents(name, **words).kind != IMAGES:
                return None
            return own_source.image_shape(name, size, target=words["target"])
        if class_sizes(name, **words) is None:
            return None
    except DataError:
        return None
    channels, height, width = DATASET_SHAPES[name]
    return channels, size or height, size or width


def known_channels(dataset: dict) -> tuple[int, ...]:
    """The numbers of channels that a run's images may have, as far as planning knows, from its `dataset` settings.

    Of a folder, planning reads a few images only: whether any that is drawn has colours is for the job to see. Empty
    for a name that is not known, and for own data that cannot be used.
    """
    kind, _ = own_source.own_path(dataset["name"]) or (None, None)
    if kind == IMAGE_FOLDER:
        return (1, 3)
    shape = image_shape(dataset)
    return () if shape is None else shape[:1]
