"""The mean and the standard deviation that images are normalised by: their own, none, or given ones."""

import logging

import numpy as np

from evolution.data.sampling import pixel_statistics
from evolution.errors import DataError

log = logging.getLogger("evolution")

# The words of dataset.normalize.
AUTO, NONE = "auto", "none"


def normalization(normalize: str | dict, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, by which images scaled to [0, 1] are normalised.

    Parameters
    ----------
    normalize : str or dict
        "auto", the training images' own; "none", which leaves pixels in [0, 1]; or mean and std, each one number, or
        a list of one a channel.
    images : uint8 array (N, C, H, W)
        The training images.

    Returns
    -------
    mean, std : float32 arrays (C,)

    Raises
    ------
    DataError
        If a list has another length than there are channels.
    """
    mean, std = pixel_statistics(images)
    log.info("train pixels in [0, 1]: mean %s, standard deviation %s", mean, std)
    if normalize == AUTO:
        return mean, std
    given = {"mean": 0.0, "std": 1.0} if normalize == NONE else normalize
    channels = images.shape[1]
    mean, std = (_by_channel(key, given[key], channels) for key in ("mean", "std"))
    log.info("normalised by mean %s, standard deviation %s (dataset.normalize)", mean, std)
    return mean, std


def _by_channel(key: str, value: float | list[float], channels: int) -> np.ndarray:
    """float32 array (C,): a number for each channel."""
    numbers = value if isinstance(value, list) else [value] * channels
    if len(numbers) != channels:
        raise DataError(
            f"{numbers} has {len(numbers)} numbers, and the images have {channels} channel{'s' * (channels > 1)}; give "
            "one number, or one for each channel",
            key=f"dataset.normalize.{key}",
        )
    return np.array(numbers, dtype=np.float32)
