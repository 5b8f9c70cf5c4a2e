"""The images of dataset.npz as the network sees them."""

import numpy as np

from evolution.io.arrays import load_npz


def network_input(images: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Scale images to [0, 1] and normalise each channel.

    Parameters
    ----------
    images : uint8 array (N, C, H, W)
    mean, std : float32 arrays (C,)
        Of the training images scaled to [0, 1].

    Returns
    -------
    float32 array (N, C, H, W)
    """
    scaled = images.astype(np.float32) / np.float32(255)
    return (scaled - mean[:, None, None]) / std[:, None, None]


def load_part(path: str, part: str) -> tuple[np.ndarray, np.ndarray, int]:
    """One part of a dataset, ready for the network.

    Parameters
    ----------
    path : str
        Of dataset.npz.
    part : {"train", "eval"}

    Returns
    -------
    images : float32 array (N, C, H, W)
    labels : int64 array (N,)
    classes : int

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    images, labels, mean, std, names = load_npz(path, f"{part}_images", f"{part}_labels", "mean", "std", "class_names")
    return network_input(images, mean, std), labels, len(names)
