"""Labels by their meaning: each form that people have them in, and those that mean nothing or two things."""

import numpy as np
import pytest
import torch

from evolution.data.evaluation_targets import plain_label, plain_labels, read_targets
from evolution.errors import DataError


def read(labels, names=None, asked="auto"):
    return read_targets(plain_labels(labels, "x"), names, "x", how_to_name="class_names", asked=asked)


@pytest.mark.parametrize(
    "labels",
    [np.array([0, 2, 1, 2]), torch.tensor([0, 2, 1, 2]), [0, 2, 1, 2], [np.int64(0), torch.tensor(2), [1], (2,)]],
)
def test_whole_numbers_are_classes(labels):
    target, values, names = read(labels)
    assert (target, names) == ("classes", ("0", "1", "2"))
    assert values.tolist() == [0, 2, 1, 2] and values.dtype == np.int64


def test_texts_are_classes_in_the_order_of_their_names(caplog):
    caplog.set_level("INFO")
    target, values, names = read(np.array(["pear", "apple", "pear", "fig"]))
    assert (target, names, values.tolist()) == ("classes", ("apple", "fig", "pear"), [2, 0, 2, 1])
    assert "in the order of the alphabet, apple, fig, pear" in caplog.text
    assert read(["b", "a"], ("b", "a", "c"))[1].tolist() == [0, 1]


def test_switches_and_one_hot_rows_are_classes():
    assert read(np.array([True, False, True]))[1:][1] == ("False", "True")
    assert read([True, False])[1].tolist() == [1, 0]
    target, values, names = read(np.eye(3)[[2, 0, 1, 1]])
    assert (target, values.tolist(), names) == ("classes", [2, 0, 1, 1], ("0", "1", "2"))
    assert read(np.eye(3, dtype=int)[[2, 0]], tuple("abc"), "labels")[0] == "labels"


@pytest.mark.parametrize("labels", [np.array([0.5, 1, 2]), [0.5, 1, 2], torch.tensor([0.5, 1, 2])])
def test_numbers_with_a_fraction_are_numbers(labels):
    target, values, names = read(labels)
    assert (target, names, values.tolist()) == ("number", (), [0.5, 1, 2]) and values.dtype == np.float64


def test_whole_numbers_are_what_the_config_says():
    assert read([3, 5, 9], asked="number")[0] == "number"
    assert read([3.0, 5.0], asked="number")[1].dtype == np.float64
    assert read([0.0, 1.0], asked="classes")[1].dtype == np.int64


def test_rows_of_0_and_1_are_several_labels():
    rows = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    for given in (rows, rows.astype(bool), rows.astype(np.float32), [torch.tensor(row) for row in rows]):
        target, values, names = read(given, tuple("abc"))
        assert (target, names) == ("labels", tuple("abc"))
        np.testing.assert_array_equal(values, rows.astype(bool))
        assert values.dtype == bool
    assert read(rows)[2] == ("0", "1", "2")


def test_no_labels_and_labels_that_are_left_aside():
    assert read([None, None]) == ("none", None, ())
    assert read([None, None], ("a", "b")) == ("none", None, ("a", "b")), "the names of the model's outputs"
    assert read([0, 1], asked="none") == ("none", None, ())


@pytest.mark.parametrize(
    ("labels", "names", "asked", "message"),
    [
        ([0, None], None, "auto", "no label of sample 1, and labels of others"),
        ([None, None], None, "classes", "no labels, and dataset.target is classes"),
        (
            [0.0, 1.0, 2.0, 3.0],
            None,
            "auto",
            r"\(0.0, 1.0, 2.0 and 1 more\), which may be classes or a number; say which",
        ),
        (
            [0, 0.5],
            None,
            "classes",
            "numbers with a fraction as labels, which are number, and dataset.target is classes",
        ),
        ([0, "a"], None, "auto", r"labels of several types \(int, str\); make them alike"),
        ([0, -1], None, "auto", r"label -1; labels are whole numbers from 0.*dataset: \{target: number\}"),
        ([0, 1], None, "labels", "whole numbers as labels, which are classes, and dataset.target is labels"),
        (["a", "b"], None, "number", "texts as labels, which are classes"),
        (["a", "d"], ("a", "b"), "auto", "label 'd', which is none of the names of classes"),
        ([float("nan"), 0.5], None, "auto", "label nan of sample 0; leave"),
        ([0.5, 0.5], None, "auto", "label 0.5 of every sample"),
        ([(0, 2), (1, 1)], None, "auto", r"labels \[0, 2\] of sample 0; a row"),
        ([(0, 1), (1, 1, 0)], None, "auto", "rows of 2 and of 3 labels"),
        ([(0, 0), (0, 0)], None, "auto", "of which none holds"),
        ([(0, 1), (1, 1)], ("a",), "auto", "1 names of classes, and rows of 2 labels"),
        ([(0, 1), (1, 1)], None, "classes", "rows of 0 and 1 as labels, which are labels"),
        ([(0, 1), (1, 1)], ("a", "a"), "auto", "two labels called 'a'; give each label a name of its own"),
    ],
)
def test_what_has_no_meaning_or_two(labels, names, asked, message):
    with pytest.raises(DataError, match=message):
        read(labels, names, asked)


@pytest.mark.parametrize("label", [{1}, np.zeros((2, 2)), np.zeros(0), np.array(["a", "b"])])
def test_what_is_no_label(label):
    with pytest.raises(DataError, match=r"^dataset\.name: x gives "):
        plain_label(label, "x")
