"""The arrays that go with the samples: labels, and what a person gave to tell and to see them."""

from collections.abc import Iterable

import numpy as np
from torch import Tensor

from activation_recorder.errors import RecorderError


def as_labels(labels: object, samples: int) -> np.ndarray:
    """The class of each sample, int64 (N,).

    Raises
    ------
    RecorderError
        If they are no whole numbers from 0, or all the same.
    """
    array = _as_array("labels", labels)
    if array.dtype.kind not in "iu":
        raise RecorderError(
            f"labels are {array.dtype}; they must be whole numbers, the class of each sample, from 0. Names of classes "
            "go into class_names."
        )
    if array.shape != (samples,):
        raise RecorderError(
            f"labels have the shape {array.shape}, and inputs hold {samples} samples; the labels must be ({samples},)."
        )
    if array.min() < 0:
        raise RecorderError(f"labels go down to {array.min()}; classes are counted from 0. Leave such samples out.")
    if array.max() > np.iinfo(np.int32).max:
        raise RecorderError(f"labels go up to {array.max()}; classes are counted from 0.")
    if array.min() == array.max():
        raise RecorderError(f"labels are all {array.min()}; give samples of at least two classes.")
    return array.astype(np.int64)


def optional_arrays(
    samples: int, labels: np.ndarray, *, ids: object = None, previews: object = None, class_names: object = None
) -> dict[str, np.ndarray]:
    """The optional arrays of a recording, checked.

    Parameters
    ----------
    samples : int
    labels : int array (N,)
    ids : array-like of int or str (N,), optional
    previews : uint8 array-like (N, H, W) or (N, H, W, 3), optional
    class_names : sequence of str, optional

    Returns
    -------
    dict of str to array
        By the names of their files.

    Raises
    ------
    RecorderError
        If one of them cannot be used.
    """
    arrays = {}
    if ids is not None:
        arrays["ids"] = _as_ids(ids, samples)
    if class_names is not None:
        arrays["class_names"] = _as_class_names(class_names, labels)
    if previews is not None:
        arrays["previews"] = _as_previews(previews, samples)
    return arrays


def _as_array(name: str, value: object) -> np.ndarray:
    try:
        return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecorderError(f"{name} cannot become an array of NumPy ({error}).") from None


def _as_ids(ids: object, samples: int) -> np.ndarray:
    array = _as_array("ids", ids)
    if array.dtype == object and all(isinstance(one, (str, int, np.integer)) for one in array.flat):
        array = np.array([str(one) for one in array.flat]).reshape(array.shape)
    if array.dtype.kind not in "iuU" or array.shape != (samples,):
        raise RecorderError(
            f"ids are {array.dtype} {array.shape}; give a text or a whole number for each of {samples} samples."
        )
    values, counts = np.unique(array, return_counts=True)
    if len(values) < samples:
        raise RecorderError(f"ids repeat: {values[counts > 1][0]} is there {counts.max()} times. Each must be unique.")
    return array


def _as_class_names(names: object, labels: np.ndarray) -> np.ndarray:
    given = None if isinstance(names, (str, bytes, dict)) or not isinstance(names, Iterable) else list(names)
    if not given or not all(isinstance(name, str) and name for name in given):
        raise RecorderError(
            f"class_names={names!r} must be a list of texts, the name of each class in the order of the labels."
        )
    if len(set(given)) < len(given):
        raise RecorderError(f"class_names repeat {next(name for name in given if given.count(name) > 1)!r}.")
    if len(given) <= labels.max():
        raise RecorderError(f"class_names holds {len(given)} names, and labels go up to {labels.max()}.")
    return np.array(given)


def _as_previews(previews: object, samples: int) -> np.ndarray:
    array = _as_array("previews", previews)
    fits = array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3)
    if array.dtype != np.uint8 or not fits or len(array) != samples or array.size == 0:
        raise RecorderError(
            f"previews are {array.dtype} {array.shape}; they must be uint8 ({samples}, height, width) or "
            f"({samples}, height, width, 3)."
        )
    return np.ascontiguousarray(array)
