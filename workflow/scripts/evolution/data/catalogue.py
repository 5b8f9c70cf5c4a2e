"""What is known of the built-in data sets without loading them: a config is checked against it.

The tests compare it with the data sets themselves.
"""

from evolution.data import own_source
from evolution.errors import DataError

# Images of each class in the part to train on and, where the source has one, the part to evaluate on.
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
}

# Those that are read from dataset.root.
ROOTED = ("mnist", "fashion_mnist", "kmnist", "cifar10")

# (channels, height, width) of their images.
DATASET_SHAPES = {
    "mnist_5k": (1, 28, 28),
    "digits": (1, 8, 8),
    "mnist": (1, 28, 28),
    "fashion_mnist": (1, 28, 28),
    "kmnist": (1, 28, 28),
    "cifar10": (3, 32, 32),
}


def class_sizes(name: str) -> tuple[tuple[int, ...], tuple[int, ...] | None] | None:
    """As an entry of `DATASET_CLASS_SIZES`, for the user's own data too; None where nothing is known.

    Raises
    ------
    DataError
        If the user's data cannot be used.
    """
    if own_source.own_path(name):
        found = own_source.contents(name)
        return found.train_sizes, found.eval_sizes
    return DATASET_CLASS_SIZES.get(name)


def image_shape(dataset: dict) -> tuple[tuple[int, int, int], int] | None:
    """The shape (C, H, W) of a run's images and the number of their classes, from its `dataset` settings.

    None where that is not known before the data set is read, as of a user's own data that cannot be used: the checks
    of the config say why.
    """
    name, size = dataset["name"], dataset.get("image_size")
    try:
        sizes = class_sizes(name)
        if sizes is None:
            return None
        channels, height, width = (
            own_source.image_shape(name, size) if own_source.own_path(name) else DATASET_SHAPES[name]
        )
    except DataError:
        return None
    return (channels, size or height, size or width), len(sizes[0])
