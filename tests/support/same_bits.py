"""Whether two states of a training are equal to the last bit."""

from collections.abc import Mapping

import numpy as np
import torch


def leaves(value, name=""):
    """What is in nested dicts, lists and tuples, as a dict of dotted names."""
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return {name: value}
    return {key: leaf for part, inner in items for key, leaf in leaves(inner, f"{name}.{part}").items()}


def bits(leaf):
    """A tensor's or a number's type and bits, so that NaN equals NaN and 0 does not equal -0; or the value itself."""
    if isinstance(leaf, torch.Tensor):
        return leaf.dtype, leaf.shape, leaf.contiguous().flatten().view(torch.uint8).tolist()
    if isinstance(leaf, float):
        return np.float64(leaf).tobytes()
    return leaf


def assert_same_bits(found, expected):
    """Nested dicts and lists are equal in structure, and bit for bit in what they hold."""
    found, expected = leaves(found), leaves(expected)
    assert list(found) == list(expected)
    different = [name for name, leaf in expected.items() if bits(found[name]) != bits(leaf)]
    assert different == []
