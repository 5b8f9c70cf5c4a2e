"""The mean and the standard deviation that samples are normalised by: their own, none, or given ones."""

import logging

import numpy as np

from evolution.data.sampling import pixel_statistics
from evolution.data.standardising import mean_and_deviation
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


def standardization(normalize: str | dict, inputs: np.ndarray, *, of: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column of a table, or of each channel of signals, to standardise them by.

    Parameters
    ----------
    normalize : str or dict
        See `normalization`; "none" leaves the numbers as they are.
    inputs : float64 array (N, D) or (N, C, T)
        The training samples.
    of : str
        What the second axis is, "column" or "channel", for messages.

    Returns
    -------
    mean, std : float64 arrays (D,) or (C,)
        What has one value everywhere has that value as its mean and 1 as its standard deviation, so that it becomes 0.

    Raises
    ------
    DataError
        If a list has another length than the second axis.
    """
    if normalize != AUTO:
        given = {"mean": 0.0, "std": 1.0} if normalize == NONE else normalize
        mean, std = (_numbers(key, given[key], inputs.shape[1], of).astype(np.float64) for key in ("mean", "std"))
        log.info("each %s standardised by mean %s, standard deviation %s (dataset.normalize)", of, mean, std)
        return mean, std
    axes = (0, *range(2, inputs.ndim))
    mean, std = mean_and_deviation(inputs, axes)
    log.info("each %s standardised by the training samples", of)
    return mean, std


def _by_channel(key: str, value: float | list[float], channels: int) -> np.ndarray:
    """float32 array (C,): a number for each channel of images."""
    return _numbers(key, value, channels, "channel", "images").astype(np.float32)


def _numbers(key: str, value: float | list[float], count: int, of: str, samples: str = "samples") -> np.ndarray:
    """A number for each channel or column."""
    numbers = value if isinstance(value, list) else [value] * count
    if len(numbers) != count:
        raise DataError(
            f"{numbers} has {len(numbers)} numbers, and the {samples} have {count} {of}{'s' * (count > 1)}; give "
            f"one number, or one for each {of}",
            key=f"dataset.normalize.{key}",
        )
    return np.array(numbers)
