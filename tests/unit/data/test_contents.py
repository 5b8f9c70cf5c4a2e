"""The checks that archives and folders share."""

import re

import pytest

from evolution.data.contents import check_class_names, listed, require_file, unusable
from evolution.errors import DataError


def test_the_error_lies_at_the_key_that_names_the_data():
    error = unusable("mine.npz is damaged")
    assert isinstance(error, DataError)
    assert (str(error), error.key) == ("dataset.name: mine.npz is damaged", "dataset.name")


@pytest.mark.parametrize(
    "names", [("cat", "dog"), ("犬", "кошка"), ("e\u0301te\u0301", "نص"), ("<b>", "a b", "a\u00a0b")]
)
def test_names_in_any_script_are_taken(names):
    check_class_names(names, "mine")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("cat", " "), "mine has a class called ' ', which cannot be written in a figure"),
        (("cat", ""), "mine has a class called ''"),
        (("cat", "a\nb"), r"mine has a class called 'a\nb'"),
        (("cat", "a\u2028b"), r"mine has a class called 'a\u2028b'"),
        (("cat", "caf\udce9"), r"mine has a class called 'caf\udce9'"),
        (("cat", "dog", "cat"), "mine has two classes called 'cat'; give each class a name of its own"),
        (("cat",), "mine has 1 class, 'cat'; a classifier needs at least two"),
        ((), "mine has 0 class; a classifier needs at least two"),
    ],
)
def test_names_that_cannot_be_used(names, said):
    with pytest.raises(DataError, match=f"^dataset.name: {re.escape(said)}"):
        check_class_names(names, "mine")


def test_a_hint_ends_the_message_of_one_class():
    with pytest.raises(DataError, match=r"a classifier needs at least two; or name mine/train$"):
        check_class_names(("train",), "mine", hint_for_one_class="; or name mine/train")
    check_class_names(("cat", "dog"), "mine", hint_for_one_class="; or name mine/train")


def test_names_of_labels_and_columns():
    check_class_names(("age",), "mine", word="column")
    with pytest.raises(DataError, match="mine has two columns called 'a'; give each column a name of its own"):
        check_class_names(("a", "a"), "mine", word="column")
    with pytest.raises(DataError, match="mine has a label called ' '"):
        check_class_names((" ",), "mine", word="label")


@pytest.mark.parametrize(
    ("names", "said"),
    [(["a"], "a"), (("a", "b", "c"), "a, b, c"), ([2, 3, 5, 7, 11], "2, 3, 5 and 2 more"), ([], "")],
)
def test_the_first_of_many(names, said):
    assert listed(names) == said
    assert listed(names, more="more classes") == said.replace("more", "more classes")


def test_an_archive_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    require_file(tmp_path / "file")
    with pytest.raises(DataError, match=f"{tmp_path} is a folder, and npz: takes a file; .*image_folder:{tmp_path}"):
        require_file(tmp_path)
    with pytest.raises(DataError, match="none does not exist; a relative path starts from"):
        require_file(tmp_path / "none")
