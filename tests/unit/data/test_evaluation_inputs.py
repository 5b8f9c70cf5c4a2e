"""What inputs are, and those that cannot be that."""

import numpy as np
import pytest

from evolution.data.evaluation_inputs import kind_of, require_inputs
from evolution.errors import DataError

WHOLE, FLOATS = np.int64, np.float32


@pytest.mark.parametrize(
    ("shape", "dtype", "kind"),
    [
        ((20, 7), WHOLE, "tokens"),
        ((20, 7), FLOATS, "table"),
        ((20, 7), np.bool_, "table"),
        ((20, 3, 50), FLOATS, "signals"),
        ((20, 1, 8, 8), FLOATS, "images"),
        ((20, 8, 8, 3), FLOATS, "images"),
        ((20, 5, 8, 8), FLOATS, "other"),
        ((20,), FLOATS, "other"),
    ],
)
def test_kinds_by_type_and_shape(shape, dtype, kind):
    assert kind_of({"": np.zeros(shape, dtype)}, "x") == kind


def test_a_mask_is_not_what_a_sample_is():
    inputs = {"attention_mask": np.ones((20, 7), WHOLE), "values": np.zeros((20, 7), FLOATS)}
    assert kind_of(inputs, "x") == "table"
    assert kind_of({}, "x") == "other" and kind_of({}, "x", asked="tokens") == "tokens"


def test_what_the_config_says():
    assert kind_of({"": np.zeros((20, 7), FLOATS)}, "x", asked="signals") == "signals"
    assert kind_of({"": np.zeros((20, 7), WHOLE)}, "x", asked="table") == "table"
    with pytest.raises(DataError, match=r"x gives float32 \(20, 7\), and dataset.kind is tokens; images are"):
        kind_of({"": np.zeros((20, 7), FLOATS)}, "x", asked="tokens")
    with pytest.raises(DataError, match=r"dataset\.kind is images"):
        kind_of({"": np.zeros((20, 7), FLOATS)}, "x", asked="images")


def required(kind, inputs, **more):
    count = len(next(iter(inputs.values())))
    require_inputs(kind, inputs, "x", names=[f"s{number}" for number in range(count)], **more)


def test_bad_tokens_and_their_remedies():
    tokens = np.array([[1, 2, 0], [3, 1, 1]])
    required("tokens", {"": tokens}, vocabulary=list("abcd"))
    required("tokens", {"": tokens})
    for wrong, more, message in (
        (tokens - 1, {}, r"sample s0 holds -1, and tokens are whole numbers from 0.*\{kind: table\}"),
        (
            tokens,
            {"vocabulary": list("abc")},
            "sample s1 holds the token 3, and the vocabulary has 3 words, from 0 to 2",
        ),
        (tokens * [[1], [0]], {}, r"1 of 2 samples are padding throughout, the token 0 alone \(as s1\)"),
    ):
        with pytest.raises(DataError, match=message):
            required("tokens", {"": wrong}, **more)


def test_bad_masks():
    tokens = np.array([[1, 2, 0], [0, 0, 0]])
    required("tokens", {"ids": tokens, "attention_mask": np.ones((2, 3))})
    with pytest.raises(DataError, match=r"an attention_mask of 0 alone \(as s1\)"):
        required("tokens", {"ids": tokens, "attention_mask": np.array([[1, 1, 1], [0, 0, 0]])})
    with pytest.raises(DataError, match=r"attention_mask is \(2, 2\), and the tokens are \(2, 3\)"):
        required("tokens", {"ids": tokens, "attention_mask": np.ones((2, 2))})


def test_names_of_columns_are_as_many_as_columns():
    rows = np.zeros((2, 3), FLOATS)
    required("table", {"": rows}, columns=("a", "b", "c"))
    with pytest.raises(DataError, match="2 names of columns, and rows of 3; name each column"):
        required("table", {"": rows}, columns=("a", "b"))
