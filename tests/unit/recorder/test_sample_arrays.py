"""Ids, names and pictures of samples."""

import numpy as np
import pytest
import torch

from activation_recorder import RecorderError
from activation_recorder.sample_arrays import as_labels, attribute_table, optional_arrays, text_lines

Y = np.arange(6) % 3


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ids": [1, 2]}, "for each of 6 samples"),
        ({"ids": [1, 1, 2, 3, 4, 5]}, "ids repeat: 1 is there 2 times"),
        ({"ids": np.arange(6) / 2}, "ids are float64"),
        ({"ids": [object() for _ in range(6)]}, "ids are object"),
        ({"ids": [[1], [2, 3]]}, "ids cannot become an array"),
        ({"ids": torch.arange(6).bfloat16()}, "ids cannot become an array"),
        ({"class_names": ["a"]}, "holds 1 names, and labels go up to 2"),
        ({"class_names": "abc"}, "must be a list of texts"),
        ({"class_names": {0: "a", 1: "b", 2: "c"}}, "must be a list of texts"),
        ({"class_names": 3}, "must be a list of texts"),
        ({"class_names": ["a", "", "c"]}, "must be a list of texts"),
        ({"class_names": ["a", "b", "a"]}, "class_names repeat 'a'"),
        ({"previews": np.zeros((6, 4, 4))}, "previews are float64"),
        ({"previews": np.zeros((5, 4, 4), np.uint8)}, r"must be uint8 \(6, height, width\)"),
        ({"previews": np.zeros((6, 0, 4), np.uint8)}, r"previews are uint8 \(6, 0, 4\)"),
        ({"previews": [np.zeros((2, 2)), np.zeros((3, 3))]}, "previews cannot become an array"),
    ],
)
def test_optional_arrays_that_do_not_fit(given, says):
    with pytest.raises(RecorderError, match=says):
        optional_arrays(6, Y, **given)


def test_texts_are_no_objects():
    arrays = optional_arrays(6, Y, ids=np.array(list("abcdef"), dtype=object), class_names=("x", "y", "zz"))
    assert arrays["ids"].dtype.kind == "U" and arrays["class_names"].dtype.kind == "U"


def test_labels():
    assert as_labels(torch.tensor([0, 1, 1]), 3).dtype == np.int64


def test_labels_that_are_no_classes(caplog):
    assert as_labels(torch.tensor([0.5, 1, 1]), 3).dtype == np.float64
    held = as_labels([[0, 1], [1, 1], [0, 0]], 3)
    assert held.dtype == bool and held.tolist() == [[False, True], [True, True], [False, False]]
    assert not caplog.records
    as_labels([3.0, 4.0, 4.0], 3)
    assert "labels are floats without a fraction, and taken as a number each" in caplog.text


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0.5, float("nan"), 1], "labels hold numbers that are not finite"),
        ([0.5, 0.5, 0.5], "labels are all 0.5"),
        ([0.5, 1.5], r"labels have the shape \(2,\)"),
        ([[0, 2], [1, 1], [0, 0]], r"labels are int64 \(3, 2\); several labels a sample are 0 and 1, \(3, labels\)"),
        ([[0, 1], [1, 1]], r"several labels a sample are 0 and 1"),
    ],
)
def test_labels_that_are_none(labels, says):
    with pytest.raises(RecorderError, match=says):
        as_labels(labels, 3)


def test_names_of_what_is_no_class():
    held = np.zeros((6, 2), bool)
    assert optional_arrays(6, held, class_names=["a", "b"])["class_names"].tolist() == ["a", "b"]
    assert optional_arrays(6, None, class_names=["a", "b"])["class_names"].tolist() == ["a", "b"]
    with pytest.raises(RecorderError, match="holds 3 names, and labels have 2 columns"):
        optional_arrays(6, held, class_names=["a", "b", "c"])
    with pytest.raises(RecorderError, match="labels are numbers with a fraction"):
        optional_arrays(6, np.zeros(6), class_names=["a", "b"])


def test_columns_as_a_file_holds_them():
    columns = {"age": np.array([3, 4, 5]), "size": [1.5, None, float("nan")], "who": ["a, b", "c", 'd"']}
    assert attribute_table(columns, 3) == 'age,size,who\n3,1.5,"a, b"\n4,,c\n5,,"d"""\n'
    for given, says in ((["a"], "must be a dict"), ({}, "must be a dict"), ({"age": [1]}, "for each of 3 samples")):
        with pytest.raises(RecorderError, match=says):
            attribute_table(given, 3)


def test_texts_as_a_file_holds_them():
    assert text_lines(["one", "two\nlines  here", ""], 3) == "one\ntwo lines here\n\n"
    for given in (["one"], "abc", [1, 2, 3]):
        with pytest.raises(RecorderError, match="a list of 3 texts"):
            text_lines(given, 3)
