"""What is odd in samples of a function: against samples that were made so."""

import numpy as np
import pytest

from evolution.data.evaluation_samples import Samples
from evolution.data.own_warnings import sample_warnings
from evolution.data.targets import Targets

X = np.random.default_rng(0).normal(size=(12, 2, 3)).astype(np.float32)
Y = np.arange(12) % 3


def warned(inputs, labels=Y, class_names=tuple("abc"), kind="other", target="classes", columns=()):
    targets = Targets(kind, target, labels, class_names, 12)
    inputs = inputs if isinstance(inputs, dict) else {"": inputs}
    samples = Samples(inputs, targets, np.arange(12), columns=columns)
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


def test_copies_whose_numbers_or_labels_differ():
    found = warned(changed(7, X[3]), np.arange(12) / 4, (), target="number")
    assert found[1].startswith(
        "1 of them have another label than what they are a copy of (s7 is 1.75, and s3 is 0.75)."
    )
    held = np.eye(3, dtype=bool)[Y]
    held[3] = [True, True, False]
    found = warned(changed(7, X[3]), held, target="labels")
    assert "(s7 is b, and s3 is a and b). Labels are mixed up, or the samples do not show what they are" in found[1]
    assert len(warned(changed(7, X[3]), None, (), target="none")) == 1


def test_labels_that_hold_of_all_or_none():
    held = np.eye(3, dtype=bool)[Y] | [[True, False, False]]
    held[:, 2] = False
    assert warned(X, held, target="labels") == [
        "1 of the 3 labels of data.py:f hold of no sample, so nothing can be told of them: c.",
        "1 of the 3 labels of data.py:f hold of every sample, so nothing can be told of them: a.",
    ]


def test_columns_of_one_value_and_flat_signals():
    rows = X.reshape(12, 6).copy()
    rows[:, 2] = 7
    found = warned(rows, kind="table", columns=tuple("uvwxyz"))
    assert found == ["1 of the 6 columns of data.py:f have one value in all rows, which tells nothing: w."]
    assert warned(rows[:, [0, 2]], kind="table")[0].endswith("tells nothing: 1.")
    # A row may have one value everywhere; a signal whose channels each have one holds nothing.
    assert warned(changed(4, 3, X.reshape(12, 6)), kind="table") == []
    flat = changed(4, [[1], [2]])
    assert warned(flat, kind="signals") == [
        "1 of the 12 samples of data.py:f have one value everywhere, without anything in them (as s4)."
    ]


def test_a_padding_token_between_others():
    texts = np.array([[1, 2, 3, 0], [4, 0, 5, 6], [2, 3, 0, 0], [7, 6, 5, 4], [0, 0, 1, 1], [3, 3, 3, 1]] * 2)
    texts[:, 0] += np.arange(12) * (texts[:, 0] > 0)
    found = [line for line in warned(texts, kind="tokens") if "between others" in line]
    assert len(found) == 1 and found[0].startswith(
        "2 of the 12 samples of data.py:f have the token 0 between others (as "
    )
