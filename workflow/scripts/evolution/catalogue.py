"""What is known of the built-in data sets and models without loading them: a config is checked against it.

The tests hold it against the data sets and models themselves. What is not in it is checked by the job that meets it.
"""

from dataclasses import dataclass

from evolution import own_data
from evolution.layers import REPEATED, Modules

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
    own_data.DataFault
        If the user's data cannot be used.
    """
    if own_data.own_path(name):
        found = own_data.contents(name)
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
        channels, height, width = own_data.image_shape(name, size) if own_data.own_path(name) else DATASET_SHAPES[name]
    except own_data.DataFault:
        return None
    return (channels, size or height, size or width), len(sizes[0])


@dataclass(frozen=True)
class Architecture:
    """What of a model is known without building it.

    `layers` are its modules that run once as an image passes, `repeated` those that run more often, `auto` what
    `layers: auto` follows, `arguments` what model.kwargs can say.
    """

    layers: tuple[str, ...]
    auto: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def modules(self) -> Modules:
        return Modules(self.layers, dict.fromkeys(self.repeated, REPEATED), self.auto)


MODELS = {
    "small_cnn": Architecture(
        layers=("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2", "dropout"),
        auto=("conv1", "conv2", "conv3", "fc1", "fc2"),
        repeated=("pool",),
        arguments=("dropout",),
    ),
    "tiny_cnn": Architecture(
        layers=("conv1", "conv2", "fc1", "fc2"), auto=("conv1", "conv2", "fc1", "fc2"), repeated=("pool",)
    ),
    "mlp": Architecture(
        layers=("fc1", "fc2", "fc3"), auto=("fc1", "fc2", "fc3"), repeated=("dropout",), arguments=("dropout",)
    ),
}
