"""Ids, names and pictures of samples."""

import numpy as np
import pytest
import torch

from activation_recorder import RecorderError
from activation_recorder.sample_arrays import as_labels, optional_arrays

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
