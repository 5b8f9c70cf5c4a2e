"""Further columns of samples: numbers, texts, what is missing, and files of them."""

import numpy as np
import pytest
import torch

from evolution.data.attribute_columns import attribute_columns, read_attributes_csv
from evolution.errors import DataError


def test_numbers_and_texts():
    found = attribute_columns(
        {
            "age": [31, None, 2.5],
            "size": np.array([1, 2, 3], np.int32),
            "weight": [torch.tensor(0.5), float("nan"), np.float32(2)],
            "writer": ["ann", None, "bob"],
            "left": [True, False, True],
            "mixed": ["a", 3, ""],
        },
        "x",
    )
    np.testing.assert_array_equal(found["age"], [31, np.nan, 2.5])
    np.testing.assert_array_equal(found["size"], [1.0, 2, 3])
    np.testing.assert_array_equal(found["weight"], [0.5, np.nan, 2])
    assert {name: found[name].dtype.kind for name in ("age", "size", "weight")} == dict.fromkeys(
        ("age", "size", "weight"), "f"
    )
    assert found["writer"].tolist() == ["ann", "", "bob"] and found["left"].tolist() == ["True", "False", "True"]
    assert found["mixed"].tolist() == ["a", "3", ""]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"": [1]}, "an attribute called ''"),
        ({"a\n": [1]}, r"called 'a\\n'"),
        ({"age": [1.0, float("inf")]}, "'age' of sample 1 is infinite; give None"),
        ({"age": [1.0, [2, 3]]}, r"'age' of sample 1 is \[2, 3\]; an attribute is a number or a text"),
    ],
)
def test_what_is_no_column(columns, message):
    with pytest.raises(DataError, match=message):
        attribute_columns(columns, "x")


def test_a_file(tmp_path):
    path = tmp_path / "attributes.csv"
    path.write_text('\ufeffage,writer,code\n31,"Ann, A.",007\n,bob,8\n\n2.5,,9\n', encoding="utf-8")
    found = read_attributes_csv(path, count=3)
    np.testing.assert_array_equal(found["age"], [31, np.nan, 2.5])
    assert found["writer"].tolist() == ["Ann, A.", "bob", ""] and found["code"].tolist() == ["007", "8", "9"]
    with pytest.raises(DataError, match="has 3 lines after its header, and there are 4 samples"):
        read_attributes_csv(path, count=4)


def test_numbers_of_a_file_and_what_only_looks_like_them(tmp_path):
    path = tmp_path / "attributes.csv"
    path.write_text("age,run,share,place\n31,1_2,.5,NA\nNA,12,-1e3,b\n-0.5,3,2.,c\n", encoding="utf-8")
    found = read_attributes_csv(path, count=3)
    np.testing.assert_array_equal(found["age"], [31, np.nan, -0.5])
    np.testing.assert_array_equal(found["share"], [0.5, -1000, 2])
    assert found["run"].tolist() == ["1_2", "12", "3"] and found["place"].tolist() == ["", "b", "c"]
