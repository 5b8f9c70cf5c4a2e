"""CSV files of attributes, and their columns' names."""

import pytest

from evolution.data.attribute_table import check_attribute_names, csv_rows
from evolution.errors import DataError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; it is CSV"),
        ("a,a\n1,2\n", "two attributes called 'a'"),
        ("a,\n1,2\n", "an attribute called ''"),
        ("a,b\n1,2\n3\n", "sample 1 has 1 values, and the header names 2 columns"),
        (b"a\n\xff\n", "cannot be read .*; it is CSV in UTF-8"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, text, message):
    path = tmp_path / "attributes.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=message):
        csv_rows(path)
    with pytest.raises(DataError, match="cannot be read"):
        csv_rows(tmp_path / "none.csv")


def test_lines_of_a_file_and_names(tmp_path):
    path = tmp_path / "attributes.csv"
    path.write_text("a,b\r\n1,x\r\n\r\n2,y\r\n")
    assert csv_rows(path) == [["a", "b"], ["1", "x"], ["2", "y"]]
    check_attribute_names(["age", "größe", "a b"], "x")
