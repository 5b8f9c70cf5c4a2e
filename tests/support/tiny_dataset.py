"""A tiny dataset.npz for tests, and what it should look like to the network."""

import numpy as np


def write_dataset(path, train_size=40, eval_size=24, shape=(1, 8, 8), classes=4, seed=0):
    """Write a dataset.npz of noise with a bright band, whose height is its class's; return its path as a string."""
    random = np.random.default_rng(seed)

    def part(size):
        labels = np.arange(size) % classes
        images = random.integers(0, 120, (size, *shape))
        rows = np.arange(shape[1]) * classes // shape[1]
        images += 100 * (rows[None, :] == labels[:, None])[:, None, :, None]
        return images.astype(np.uint8), labels

    arrays = {}
    for role, size in (("train", train_size), ("eval", eval_size)):
        arrays[f"{role}_images"], arrays[f"{role}_labels"] = part(size)
        arrays[f"{role}_indices"] = np.arange(size)
    scaled = arrays["train_images"] / 255
    np.savez(
        path,
        **arrays,
        mean=scaled.mean(axis=(0, 2, 3)).astype(np.float32),
        std=scaled.std(axis=(0, 2, 3)).astype(np.float32),
        class_names=np.array([f"class {label}" for label in range(classes)]),
    )
    return str(path)


def read_part(path, role):
    """Images as the network should see them, float64, and labels; computed apart from the workflow's code."""
    with np.load(path) as archive:
        images, labels, mean, std = (archive[name] for name in (f"{role}_images", f"{role}_labels", "mean", "std"))
    channels = [(images[:, channel] / 255 - mean[channel]) / std[channel] for channel in range(images.shape[1])]
    return np.stack(channels, axis=1), labels
