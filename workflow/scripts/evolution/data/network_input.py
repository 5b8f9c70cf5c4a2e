"""The samples of dataset.npz as the network sees them."""

import numpy as np

from evolution.io.arrays import load_npz, names_in_npz


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
    """One part of a dataset of images, ready for the network.

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


def load_evaluation(path: str) -> tuple[dict[str, np.ndarray], np.ndarray, int]:
    """The evaluation samples of any dataset, ready for the network.

    Parameters
    ----------
    path : str
        Of dataset.npz.

    Returns
    -------
    inputs : dict of str to array (N, ...)
        float32 or int64, by the name of the model's argument. "" alone where the model is called with one array.
    labels : int64 array (N,)
    classes : int

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    if "input_names" not in names_in_npz(path):
        images, labels, classes = load_part(path, "eval")
        return {"": images}, labels, classes
    labels, class_names, names = load_npz(path, "eval_labels", "class_names", "input_names")
    arrays = load_npz(path, *(f"inputs_{number}" for number in range(len(names))))
    return dict(zip(map(str, names), arrays)), labels, len(class_names)
