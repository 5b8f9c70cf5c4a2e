"""What is odd in samples of a function: against samples that were made so."""

import numpy as np
import pytest

from evolution.data.own_samples import Samples
from evolution.data.own_warnings import sample_warnings

X = np.random.default_rng(0).normal(size=(12, 2, 3)).astype(np.float32)
Y = np.arange(12) % 3


def warned(inputs, labels=Y, class_names=tuple("abc")):
    samples = Samples(inputs if isinstance(inputs, dict) else {"": inputs}, labels, class_names, np.arange(12))
    return sample_warnings(samples, [f"s{index}" for index in range(12)], "data.py:f")


def changed(place, value, array=X):
    array = array.copy()
    array[place] = value
    return array


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.bool_])
def test_nothing_is_odd(kind):
    array = np.arange(12)[:, None] >> np.arange(4) & 1  # Binary digits: all rows differ.
    assert warned(array.astype(kind) if kind is not np.float32 else X) == []


def test_a_copy():
    assert warned(changed(6, X[3])) == ["1 of the 12 samples of data.py:f are copies of another one (as s6 of s3)."]


def test_a_copy_with_another_label():
    found = warned(changed(7, X[3]))
    assert len(found) == 2 and found[1].startswith(
        "1 of them have another label than what they are a copy of (s7 is b, and s3 is a)."
    )


def test_a_zero_and_its_negative_are_the_same():
    assert len(warned(changed((7, 0), 0, changed(7, X[4])) * 1)) == 0
    array = changed((4, 0, 0), 0.0)
    array[7] = array[4]
    array[7, 0, 0] = -0.0
    assert "copies" in warned(array)[0]


def test_all_inputs_together_make_a_copy():
    one = np.zeros((12, 3), np.int64)
    assert warned({"a": one, "b": X}) == []


def test_one_value_everywhere():
    assert warned(changed(5, 0.5)) == [
        "1 of the 12 samples of data.py:f have one value everywhere, without anything in them (as s5)."
    ]
    colours = np.random.default_rng(0).normal(size=(12, 3, 2, 2)).astype(np.float32)
    colours[4] = np.array([1, 2, 3])[:, None, None]
    assert len(warned(colours)) == 1
    assert warned(np.arange(12, dtype=np.float32)[:, None]) == [], "a single number has no other"


def test_classes_without_samples():
    found = warned(X, class_names=tuple("abcdefgh"))
    assert found == ["There is no sample of 5 of the 8 classes of data.py:f: d, e, f and 2 more."]
