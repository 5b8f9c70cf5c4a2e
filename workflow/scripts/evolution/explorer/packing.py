"""Arrays and numbers as the explorer's page holds them."""

import base64

import numpy as np


def packed(array: np.ndarray) -> dict[str, object]:
    """An array as JSON can hold it: little-endian bytes in base64, with shape and type."""
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {"type": array.dtype.name, "shape": array.shape, "bytes": base64.b64encode(array.tobytes()).decode()}


def rounded(value: float | None) -> float | None:
    """Six decimals, so that 0.9999 is not 1; None where there is no value, which is null in JSON."""
    return None if value is None or not np.isfinite(value) else round(float(value), 6)
