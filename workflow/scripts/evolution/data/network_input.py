"""The samples of dataset.npz as the network sees them."""

from collections.abc import Mapping

import numpy as np

from evolution.data.kinds import MASK, PADDING, TOKENS, output_count
from evolution.data.targets import Targets, load_targets
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


def load_training(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The samples that this workflow trains a network on, ready for it.

    Parameters
    ----------
    path : str
        Of dataset.npz.

    Returns
    -------
    inputs : float32 or int64 array (N, ...)
        The model is called with it alone.
    values : array or None
        The targets in their own units, see `evolution.data.targets.Targets`.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    known = names_in_npz(path)
    (values,) = load_npz(path, "train_labels") if "train_labels" in known else (None,)
    if "train_inputs" in known:
        return load_npz(path, "train_inputs")[0], values
    return network_input(*load_npz(path, "train_images", "mean", "std")), values


def load_evaluation(path: str) -> tuple[dict[str, np.ndarray], Targets, int | None]:
    """The evaluation samples of any dataset, ready for the network.

    Parameters
    ----------
    path : str
        Of dataset.npz.

    Returns
    -------
    inputs : dict of str to array (N, ...)
        float32, int64 or bool, by the name of the model's argument. "" alone where the model is called with one array.
    targets : Targets
    outputs : int or None
        The numbers that a network puts out for each sample, see `evolution.data.kinds.output_count`.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    targets = load_targets(path)
    outputs = output_count(targets.target, targets.names)
    if "input_names" not in names_in_npz(path):
        return {"": network_input(*load_npz(path, "eval_images", "mean", "std"))}, targets, outputs
    (names,) = load_npz(path, "input_names")
    arrays = load_npz(path, *(f"inputs_{number}" for number in range(len(names))))
    return dict(zip(map(str, names), arrays)), targets, outputs


def load_vocabulary(path: str, kind: str) -> int | None:
    """How many tokens there are, the padding 0 among them.

    Parameters
    ----------
    path : str
        Of dataset.npz.
    kind : str
        Of the samples, see `evolution.data.kinds`.

    Returns
    -------
    int or None
        None where the samples are no tokens; 0 where nobody knows how many there are, as of a model that was trained
        elsewhere.
    """
    if kind != TOKENS:
        return None
    known = names_in_npz(path)
    if "vocabulary_size" in known:
        return int(load_npz(path, "vocabulary_size")[0])
    words = len(load_npz(path, "vocabulary")[0]) if "vocabulary" in known else 0
    if words or "train_inputs" not in known:
        return words
    return 1 + max(int(tokens.max()) for tokens in load_npz(path, "train_inputs", "inputs_0"))


def first_input(inputs: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """The input that counts as what a sample is: the first one that is no mask. None where none is known."""
    return next((array for name, array in inputs.items() if name != MASK), None)


def token_mask(inputs: Mapping[str, np.ndarray], kind: str) -> np.ndarray | None:
    """Which tokens of each sample are no padding.

    Parameters
    ----------
    inputs : mapping of str to array (N, ...)
        See `load_evaluation`.
    kind : str
        Of the samples, see `evolution.data.kinds`.

    Returns
    -------
    bool array (N, T) or None
        The attention mask among the inputs; of tokens without one, where they are not `PADDING`. None where the samples
        are no tokens.
    """
    mask = inputs.get(MASK)
    if mask is not None and mask.ndim == 2:
        return mask != 0
    if kind != TOKENS:
        return None
    tokens = next((array for array in inputs.values() if array.ndim == 2 and array.dtype == np.int64), None)
    return None if tokens is None else tokens != PADDING
