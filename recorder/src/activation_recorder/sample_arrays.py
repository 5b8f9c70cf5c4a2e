"""The arrays that go with the samples: labels, and what a person gave to tell and to see them."""

import csv
import io
import logging
from collections.abc import Iterable, Mapping

import numpy as np
from torch import Tensor

from activation_recorder.errors import RecorderError

log = logging.getLogger("activation_recorder")


def as_labels(labels: object, samples: int) -> np.ndarray:
    """What each sample is labelled by.

    Returns
    -------
    array
        The class of each sample, int64 (N,); a number each, float64 (N,); or several labels each, bool (N, K).

    Raises
    ------
    RecorderError
        If they are none of these, or all the same.
    """
    array = _as_array("labels", labels)
    if array.ndim == 2 and array.shape[1] > 1:
        return _as_several(array, samples)
    if array.dtype.kind == "f":
        return _as_numbers(array, samples)
    if array.dtype.kind not in "iu":
        raise RecorderError(
            f"labels are {array.dtype}; they must be whole numbers, the class of each sample, from 0; or floats, a "
            "number each; or 0 and 1 (N, K), several labels each. Names of classes go into class_names."
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


def _as_numbers(array: np.ndarray, samples: int) -> np.ndarray:
    if array.shape != (samples,):
        raise RecorderError(
            f"labels have the shape {array.shape}, and inputs hold {samples} samples; the labels must be ({samples},)."
        )
    if not np.isfinite(array).all():
        raise RecorderError("labels hold numbers that are not finite. Leave such samples out.")
    if array.min() == array.max():
        raise RecorderError(f"labels are all {array.min():g}; give samples of different numbers.")
    if (array == np.rint(array)).all():
        log.warning("labels are floats without a fraction, and taken as a number each. Classes are integers.")
    return array.astype(np.float64)


def _as_several(array: np.ndarray, samples: int) -> np.ndarray:
    if array.dtype.kind not in "biuf" or len(array) != samples or not np.isin(array, (0, 1)).all():
        raise RecorderError(
            f"labels are {array.dtype} {array.shape}; several labels a sample are 0 and 1, ({samples}, labels)."
        )
    return array.astype(bool)


def attribute_table(attributes: Mapping[str, Iterable], samples: int) -> str:
    """Further columns of the samples as attributes.csv holds them: a header, and a line a sample.

    Parameters
    ----------
    attributes : mapping of str to array-like (N,)
        Numbers and texts; None or NaN where a value is missing.
    samples : int

    Raises
    ------
    RecorderError
        If a column has another length.
    """
    if not isinstance(attributes, Mapping) or not attributes:
        raise RecorderError(f"attributes={attributes!r} must be a dict: each column by its name.")
    columns = {str(name): _as_array(f"attributes[{name!r}]", values).tolist() for name, values in attributes.items()}
    for name, values in columns.items():
        if not isinstance(values, list) or len(values) != samples:
            raise RecorderError(f"attributes[{name!r}] must have a value for each of {samples} samples.")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    # NaN is the only number that differs from itself.
    writer.writerows(
        ["" if value is None or value != value else value for value in row] for row in zip(*columns.values())
    )
    return stream.getvalue()


def text_lines(texts: Iterable[str], samples: int) -> str:
    """What a person reads of the samples as texts.txt holds it: a line a sample.

    Raises
    ------
    RecorderError
        If there is not a text for each sample.
    """
    given = [] if isinstance(texts, (str, bytes)) else list(texts)
    if len(given) != samples or not all(isinstance(text, str) for text in given):
        raise RecorderError(f"texts must be a list of {samples} texts, one for each sample.")
    return "".join(" ".join(text.split()) + "\n" for text in given)


def optional_arrays(
    samples: int,
    labels: np.ndarray | None,
    *,
    ids: object = None,
    previews: object = None,
    class_names: object = None,
) -> dict[str, np.ndarray]:
    """The optional arrays of a recording, checked.

    Parameters
    ----------
    samples : int
    labels : array or None
        See `as_labels`; None where there are none.
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


def _as_class_names(names: object, labels: np.ndarray | None) -> np.ndarray:
    given = None if isinstance(names, (str, bytes, dict)) or not isinstance(names, Iterable) else list(names)
    if not given or not all(isinstance(name, str) and name for name in given):
        raise RecorderError(
            f"class_names={names!r} must be a list of texts, the name of each class in the order of the labels."
        )
    if len(set(given)) < len(given):
        raise RecorderError(f"class_names repeat {next(name for name in given if given.count(name) > 1)!r}.")
    if labels is not None and labels.dtype.kind == "f":
        raise RecorderError("class_names are given, and labels are numbers with a fraction, which have no classes.")
    if labels is not None and labels.ndim == 2 and len(given) != labels.shape[1]:
        raise RecorderError(f"class_names holds {len(given)} names, and labels have {labels.shape[1]} columns.")
    if labels is not None and labels.ndim == 1 and len(given) <= labels.max():
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
