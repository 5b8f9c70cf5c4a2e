"""Labels in the forms that people save them in, each against plain NumPy, and those with two meanings."""

import numpy as np
import pytest

from evolution.data.npz_layout import find_layout
from evolution.data.npz_targets import read_targets, read_texts
from evolution.errors import DataError

CLASS = np.arange(30) % 3
ROWS = np.random.default_rng(0).normal(size=(30, 4))
AMOUNT = np.random.default_rng(1).normal(size=30)
HELD = np.random.default_rng(2).random((30, 4)) < 0.4
NAMES = np.array(["ash", "birch", "cedar"])


def read(path, labels=None, *, target="auto", **more):
    arrays = {"rows": ROWS, **({} if labels is None else {"labels": labels}), **more}
    np.savez(path / "a.npz", **arrays)
    return read_targets(find_layout(path / "a.npz", target=target), target=target)


def refused(path, labels=None, **more):
    with pytest.raises(DataError) as error:
        read(path, labels, **more)
    return error.value.problem.replace(str(path / "a.npz"), "a.npz")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (CLASS, ["0", "1", "2"]),
        (CLASS.astype(np.uint8)[:, None], ["0", "1", "2"]),
        (CLASS + 1, ["1", "2", "3"]),
        (CLASS * 10 + 5, ["5", "15", "25"]),
        (CLASS * 10**9, ["0", "1000000000", "2000000000"]),
        (CLASS.astype(np.float32), ["0", "1", "2"]),
        (CLASS.astype(">i4"), ["0", "1", "2"]),
        (np.eye(3)[CLASS], ["0", "1", "2"]),
        (np.eye(3, dtype=bool)[CLASS], ["0", "1", "2"]),
        (np.where(CLASS == 0, -1, 1), ["-1", "1"]),
        (CLASS > 0, ["False", "True"]),
        (np.array(["cedar", "ash", "birch"])[CLASS], ["ash", "birch", "cedar"]),
        (np.array(["é".encode(), b"ash", b"zoo"])[CLASS], ["ash", "zoo", "é"]),
    ],
    ids=[
        *("from 0", "in a column", "from 1", "gaps", "billions", "whole floats", "big-endian", "one-hot"),
        *("one-hot bool", "-1 and 1", "bool", "text", "bytes"),
    ],
)
def test_classes_keep_what_they_stood_for(tmp_path, labels, names):
    found = read(tmp_path, labels)
    assert (found.target, found.names, found.evaluation) == ("classes", tuple(names), None)
    assert found.train.values.dtype == np.int64 and sorted(set(found.train.values)) == list(range(len(names)))
    stood_for = [names[value] for value in found.train.values]
    if labels.ndim == 2:
        labels = labels.argmax(axis=1) if labels.shape[1] > 1 else labels[:, 0]
    if labels.dtype.kind == "S":
        expected = [each.decode() for each in labels]
    else:
        expected = [str(each) for each in (labels.astype(int) if labels.dtype.kind == "f" else labels)]
    assert stood_for == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (CLASS, CLASS),
        (CLASS + 1, CLASS),
        (np.eye(3)[CLASS], CLASS),
        (NAMES[::-1][CLASS], 2 - CLASS),
        (CLASS + 1.0, CLASS),
    ],
    ids=["from 0", "from 1", "one-hot", "text", "floats from 1"],
)
def test_classes_with_names_of_their_own(tmp_path, labels, expected):
    found = read(tmp_path, labels, class_names=NAMES.astype("S"))
    assert found.names == tuple(NAMES)
    np.testing.assert_array_equal(found.train.values, expected)


def test_both_parts_are_numbered_alike(tmp_path):
    found = read(tmp_path, CLASS + 4, eval_rows=ROWS, eval_labels=CLASS[::-1] + 4)
    np.testing.assert_array_equal(found.evaluation.values, CLASS[::-1])
    assert found.names == ("4", "5", "6")


def test_a_number(tmp_path):
    found = read(tmp_path, AMOUNT.astype(np.float32), target_name=np.array("price"))
    assert (found.target, found.names, found.name) == ("number", (), "price")
    assert found.train.values.dtype == np.float64
    np.testing.assert_array_equal(found.train.values, AMOUNT.astype(np.float32))
    found = read(tmp_path, np.arange(30) - 3, target="number")
    np.testing.assert_array_equal(found.train.values, np.arange(-3, 27.0))


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float64])
def test_several_labels(tmp_path, kind):
    found = read(tmp_path, HELD.astype(kind), class_names=np.array(list("abcd")))
    assert (found.target, found.names) == ("labels", tuple("abcd"))
    np.testing.assert_array_equal(found.train.values, HELD)
    assert found.train.values.dtype == bool
    assert read(tmp_path, np.eye(3)[CLASS], target="labels").target == "labels"


def test_no_labels(tmp_path):
    found = read(tmp_path, class_names=NAMES)
    # They are those of a model's outputs.
    assert (found.target, found.names, found.train.values) == ("none", tuple(NAMES), None)
    assert read(tmp_path, CLASS, target="none").train.values is None


def test_further_columns(tmp_path):
    found = read(
        tmp_path,
        CLASS,
        attribute_age=np.arange(30),
        attribute_source=np.array([b"web", b""] * 15),
        attribute_smokes=CLASS > 0,
        attribute_height=np.where(CLASS == 1, np.nan, 1.5)[:, None],
    ).train.attributes
    assert {name: column.dtype.kind for name, column in found.items()} == {
        "age": "f",
        "source": "U",
        "smokes": "U",
        "height": "f",
    }
    assert found["source"][:2].tolist() == ["web", ""] and found["smokes"][:2].tolist() == ["False", "True"]
    np.testing.assert_array_equal(np.isnan(found["height"]), CLASS == 1)


def test_the_log_says_what_was_understood(tmp_path):
    assert read(tmp_path, CLASS).said == ()
    assert read(tmp_path, CLASS + 1).said == ("labels has 3 values from 1 to 3: taken as the classes 1, 2, 3",)
    assert read(tmp_path, CLASS > 0).said == ("labels is bool: taken as the classes False and True",)
    assert "dataset: {target: labels}" in read(tmp_path, np.eye(3)[CLASS]).said[0]
    assert read(tmp_path, HELD).said == ("labels has rows of 0 and 1: taken as 4 labels, each of which holds or not",)


YEARS = np.random.default_rng(3).permutation(30) + 1970
BOTH = "which may be classes or an amount; say which: dataset: {target: classes} or dataset: {target: number}"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"labels": YEARS}, f"labels is int64 of whole numbers (30 different values), {BOTH}"),
        ({"labels": CLASS + 1.0}, f"labels is float64 of whole numbers (1, 2, 3), {BOTH}"),
        ({"labels": YEARS - 1970.0}, f"(30 different values), {BOTH}"),
        ({"labels": np.where(CLASS == 1, np.nan, 1.5)}, "not finite; labels has nan at position 1: leave samples"),
        ({"labels": CLASS * 0 + 2.5}, "labels is 2.5 everywhere, so there is nothing to learn"),
        ({"labels": AMOUNT, "target": "classes"}, "labels has fractions, and dataset.target is classes"),
        ({"labels": NAMES[CLASS], "target": "number"}, "and dataset.target is number; such labels are classes"),
        ({"labels": HELD, "target": "classes"}, "and dataset.target is classes; such labels are labels"),
        ({"labels": CLASS, "target": "labels"}, "and dataset.target is labels; such labels are classes"),
        ({"target": "number"}, "a.npz has no labels, and dataset.target is number; add labels, or set it to none"),
        ({"labels": ROWS}, "labels is float64 of shape (30, 4); one label for each row, or columns of 0 and 1"),
        ({"labels": HELD & [1, 1, 0, 1]}, "labels holds 0 alone in column 2 (label '2')"),
        ({"labels": HELD | [0, 1, 0, 0]}, "np.delete(labels, 1, axis=1)"),
        ({"labels": HELD, "class_names": NAMES}, "labels has 4 columns, and class_names has 3 names"),
        ({"labels": np.where(CLASS == 1, "", "a")}, "labels is empty at position 1; leave rows without a label out"),
        ({"labels": np.array(["oak", "ash"] * 15), "class_names": NAMES}, "labels has 'oak', which is not among"),
        (
            {"labels": NAMES[CLASS], "eval_rows": ROWS, "eval_labels": np.array(["oak"] * 30), "class_names": NAMES},
            "eval_labels has 'oak', which is not among",
        ),
        ({"labels": CLASS - 1}, "labels has -1; labels are whole numbers from 0. Leave out rows without a label"),
        ({"labels": CLASS > 0, "class_names": NAMES}, "labels is bool, and class_names has 3 names; must have two"),
        ({"labels": CLASS[:, None, None]}, "labels must be (30,), one for each row: labels.ravel()"),
        (
            {"labels": CLASS + 3, "eval_rows": ROWS, "eval_labels": CLASS * 0 + 3},
            "eval_labels has no row of class 4, of 3",
        ),
        (
            {"labels": NAMES[CLASS], "eval_rows": ROWS, "eval_labels": NAMES[CLASS * 0]},
            "eval_labels has no row of class 1 ('birch'), of 3; leave the class out",
        ),
        (
            {"labels": np.eye(3, dtype=int)[CLASS], "eval_rows": ROWS, "eval_labels": np.eye(3, dtype=int)[CLASS * 0]},
            "eval_labels has no row of class 1 ('1'), of 3; leave the class out, or add some",
        ),
        ({"labels": CLASS, "eval_rows": ROWS, "eval_labels": HELD}, "labels and eval_labels differ in shape"),
        ({"labels": CLASS, "eval_rows": ROWS, "eval_labels": NAMES[CLASS]}, "labels and eval_labels are text and"),
        ({"labels": CLASS, "attribute_age": np.full(30, np.inf)}, "attribute_age is infinite at position 0"),
        ({"labels": CLASS, "attribute_day": np.zeros(30, "M8[D]")}, "attribute_day is of type datetime64[D]; a column"),
    ],
)
def test_labels_that_are_refused(tmp_path, arrays, said):
    assert said in refused(tmp_path, **arrays)


def test_texts_of_text_and_bytes(tmp_path):
    np.savez(tmp_path / "a.npz", one=np.array("a b"), some=np.array(["é".encode(), b"b"]), wrong=np.array([b"\xff"]))
    assert read_texts(tmp_path / "a.npz", "one") == ("a b",)
    assert read_texts(tmp_path / "a.npz", "some") == ("é", "b")
    with pytest.raises(DataError, match=r"bytes that are no UTF-8 .*np.char.decode\(wrong, 'latin-1'\)"):
        read_texts(tmp_path / "a.npz", "wrong")


def test_class_names_say_that_many_whole_numbers_are_classes(tmp_path):
    labels = np.arange(30) % 25
    assert BOTH in refused(tmp_path, labels)
    for given in (labels, labels.astype(float)):
        found = read(tmp_path, given, class_names=np.array([f"kind {number}" for number in range(25)]))
        assert found.target == "classes" and found.train.values.tolist() == labels.tolist()
