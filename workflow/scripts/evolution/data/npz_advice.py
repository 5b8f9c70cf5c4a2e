"""How to mend arrays that cannot be read as they are, without losing anything: advice that their values decide."""

from collections.abc import Mapping

import numpy as np


def pixel_advice(images: Mapping[str, np.ndarray]) -> str:
    """How to bring pixels to a type and a range that are read, as the end of a message.

    Parameters
    ----------
    images : mapping of str to array
        The archive's arrays of images by their names, of any type. One scale must serve all of them.

    Returns
    -------
    str
        Begins with "; "; empty where the values are no real numbers, or are not finite.
    """
    arrays = list(images.values())
    if not all(array.size and array.dtype.kind in "iuf" for array in arrays):
        return ""
    # As Python's numbers, so that the largest whole numbers do not overflow.
    low, high = min(array.min() for array in arrays), max(array.max() for array in arrays)
    low, high = (value.item() if isinstance(value, np.generic) else value for value in (low, high))
    if not np.isfinite([float(low), float(high)]).all():
        return ""
    found = f"; its values are from {low:g} to {high:g}"
    name = next(iter(images))
    others = ", ".join(list(images)[1:])
    too = f", and {others} by the same numbers" if others else ""
    if low >= 0 and 1 < high <= 255 and all(_whole(array) for array in arrays):
        kept = ", ".join(f"{each}.astype('uint8')" for each in images)
        return f"{found}, all of them whole, so this keeps them: {kept}"
    if low >= 0 and high > 0:
        # Values that nearly reach 255 are bytes that were averaged.
        largest = 255 if 128 < high <= 255 else f"{name}.max()"
        return f"{found}, so scale them to 0 to 1: {name} / {largest}{too}"
    if low >= -1 and high <= 1 and high > low:
        return f"{found}, so scale them to 0 to 1: ({name} + 1) / 2{too}"
    if high > low:
        return f"{found}, so scale them to 0 to 1: ({name} - {name}.min()) / ({name}.max() - {name}.min()){too}"
    return f"{found}: there is nothing to see in them"


def label_advice(labels: Mapping[str, np.ndarray], *, named: bool = False) -> str:
    """How to turn labels of any type into numbers from 0 without gaps, as the end of a message.

    Parameters
    ----------
    labels : mapping of str to array (N,)
        The archive's arrays of labels by their names, that of the training samples first.
    named : bool
        Whether the archive has names for the classes.

    Returns
    -------
    str
        Begins with "; " or ". ".
    """
    for name, values in labels.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            first = int(np.flatnonzero(~np.isfinite(values))[0])
            return f"; {name} has {values[first]} at position {first}: leave samples without a label out"
    train, *others = labels
    for other in others:
        strange = np.setdiff1d(labels[other], labels[train])
        if len(strange):
            # searchsorted would make another class of it.
            return (
                f". {other} has {strange[0]}, which {train} lack: leave out samples of classes that none is trained on"
            )
    same = "".join(f"; {other} = np.searchsorted(values, {other})" for other in others)
    kept = "" if named else ", and save class_names=values.astype(str) to keep what they stood for"
    return f". This keeps all of them: values, {train} = np.unique({train}, return_inverse=True){same}{kept}"


def label_shape_advice(name: str, labels: np.ndarray, count: int) -> str:
    """How to bring labels to one number a sample, as the end of a message; empty where that is not clear.

    Parameters
    ----------
    name : str
        The array's name.
    labels : array
        Of any shape.
    count : int
        The number of samples.
    """
    if labels.size == count and labels.ndim > 1:
        return f": {name}.ravel()"
    if labels.ndim != 2 or len(labels) != count or labels.dtype.kind not in "biuf":
        return ""
    if ((labels != 0).sum(axis=1) == 1).all():
        return f", and each row has one value that is not 0: {name}.argmax(axis=1)"
    return ""


def _whole(array: np.ndarray) -> bool:
    return array.dtype.kind in "iu" or bool((array == np.rint(array)).all())
