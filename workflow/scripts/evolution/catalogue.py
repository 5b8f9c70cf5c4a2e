"""What is known of the built-in data sets and models without loading them: a config is checked against it.

The tests hold it against the data sets and models themselves. What is not in it is checked by the job that meets it.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Architecture:
    """A model's modules that run once as an image passes, those that run more often, and what model.kwargs can say."""

    layers: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


MODELS = {
    "small_cnn": Architecture(
        ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2", "dropout"), ("pool",), ("dropout",)
    ),
    "tiny_cnn": Architecture(("conv1", "conv2", "fc1", "fc2"), ("pool",)),
    "mlp": Architecture(("fc1", "fc2", "fc3"), ("dropout",), ("dropout",)),
}
