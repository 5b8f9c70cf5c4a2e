"""Which outputs are recorded as predictions."""

from types import SimpleNamespace

import numpy as np
import pytest

from activation_recorder import RecorderError
from activation_recorder.planning import recorded_outputs


def arguments(labels=(0, 1, 2, 0), names=None):
    arrays = {} if names is None else {"class_names": np.array(names)}
    return SimpleNamespace(labels=np.array(labels), arrays=arrays)


def test_as_many_as_classes(caplog):
    assert recorded_outputs(3, arguments()) == 3
    assert recorded_outputs(3, arguments(names=["a", "b", "c"])) == 3
    assert recorded_outputs(None, arguments()) is None
    assert not caplog.records


def test_more_than_the_labels_know_are_recorded_and_said(caplog):
    """A model of ten classes may be recorded on samples of three; an embedding of 64 numbers looks alike."""
    assert recorded_outputs(64, arguments()) == 64
    assert "output with 64 numbers for a sample, and labels go up to 2. If these numbers are no logits" in caplog.text


@pytest.mark.parametrize("columns", [2, 64])
def test_another_number_than_names_is_no_prediction(columns, caplog):
    assert recorded_outputs(columns, arguments(names=["a", "b", "c"])) is None
    assert f"gives {columns} numbers for a sample, and class_names holds 3 names: predictions are not" in caplog.text


def test_gaps_in_labels_need_outputs_or_names():
    gap = (0, 2, 2, 0)
    assert recorded_outputs(3, arguments(gap)) == 3
    assert recorded_outputs(None, arguments(gap, ["a", "b", "c"])) is None
    with pytest.raises(
        RecorderError, match=r"no sample of class 1, and go up to 2\. Count classes from 0 without gaps"
    ):
        recorded_outputs(None, arguments(gap))


def test_outputs_of_samples_without_classes(caplog):
    none = SimpleNamespace(labels=None, arrays={})
    assert recorded_outputs(7, none) == 7 and recorded_outputs(None, none) is None
    named = SimpleNamespace(labels=None, arrays={"class_names": np.array(["a", "b"])})
    numbers, several = arguments([0.5, 1.0]), arguments([[True, False], [True, True]])
    assert recorded_outputs(2, named) == 2 and recorded_outputs(1, numbers) == 1 and recorded_outputs(2, several) == 2
    assert not caplog.records
    for given in (named, numbers, several):
        assert recorded_outputs(5, given) is None
    assert "gives 5 numbers for a sample, and 1 is known: predictions are not recorded" in caplog.text
