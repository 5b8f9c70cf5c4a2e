"""Rows, signals and tokens of an archive, and what of them cannot be used."""

import logging

import numpy as np
import pytest

from evolution.data.npz_contents import read_contents
from evolution.data.npz_layout import find_layout
from evolution.data.npz_samples import read_samples
from evolution.data.npz_targets import read_targets
from evolution.errors import DataError

CLASS = np.arange(12) % 3
ROWS = np.random.default_rng(0).normal(size=(12, 4))
SIGNALS = np.random.default_rng(1).normal(size=(12, 2, 9)).astype(np.float32)
TOKENS = np.where(np.arange(6) < 3 + CLASS[:, None], np.random.default_rng(2).integers(1, 8, (12, 6)), 0)
WORDS = np.array(["<pad>", "a", "b", "c", "d", "e", "f", "g"])


def read(path, **arrays):
    np.savez(path / "a.npz", labels=CLASS, **arrays)
    layout = find_layout(path / "a.npz")
    return read_samples(layout, read_targets(layout))


def refused(path, **arrays):
    with pytest.raises(DataError) as error:
        read(path, **arrays)
    assert error.value.key == "dataset.name" and error.value.problem.startswith(f"{path / 'a.npz'}")
    return error.value.problem


def test_rows(tmp_path):
    names = np.array(list("abcd"))
    found = read(tmp_path, rows=ROWS.astype(np.float32), column_names=names, eval_rows=ROWS[::-1], eval_labels=CLASS)
    assert (found.kind, found.target, found.columns, found.arrays) == (
        "table",
        "classes",
        tuple("abcd"),
        ("rows", "eval_rows"),
    )
    np.testing.assert_array_equal(found.train.inputs, ROWS.astype(np.float32))
    np.testing.assert_array_equal(found.test.inputs, ROWS[::-1])
    assert found.train.inputs.dtype == np.float64 and found.train.values.tolist() == CLASS.tolist()
    assert read(tmp_path, rows=ROWS).columns == ("column 0", "column 1", "column 2", "column 3")


def test_previews(tmp_path):
    previews = np.arange(12 * 9, dtype=np.uint8).reshape(12, 3, 3)
    assert read(tmp_path, rows=ROWS).train.previews is None
    np.testing.assert_array_equal(read(tmp_path, rows=ROWS, previews=previews).train.previews, previews)


def test_signals(tmp_path):
    found = read(tmp_path, signals=SIGNALS)
    np.testing.assert_array_equal(found.train.inputs, SIGNALS)
    assert found.train.inputs.dtype == np.float64 and found.warnings == ()
    np.testing.assert_array_equal(read(tmp_path, signals=SIGNALS[:, 0]).train.inputs, SIGNALS[:, :1])
    (warning,) = read(tmp_path, signals=SIGNALS.transpose(0, 2, 1)).warnings
    assert warning.startswith("The signals have 9 channels of 2 samples each.")


def test_tokens(tmp_path, caplog):
    texts = np.array([f"text {index}" for index in range(12)])
    with caplog.at_level(logging.INFO, logger="evolution"):
        found = read(tmp_path, tokens=TOKENS.astype(np.uint16), vocabulary=WORDS, texts=texts)
    np.testing.assert_array_equal(found.train.inputs, TOKENS)
    assert found.train.inputs.dtype == np.int64 and found.vocabulary == tuple(WORDS) and found.vocabulary_size == 8
    assert found.train.texts.tolist() == texts.tolist() and not caplog.messages
    found = read(tmp_path, tokens=TOKENS + (TOKENS > 0))
    # Planning knows the same number.
    assert found.vocabulary == () and found.vocabulary_size == read_contents(tmp_path / "a.npz").vocabulary == 9


def test_padding_goes_to_the_end(tmp_path, caplog):
    left = np.array([np.roll(row, (row == 0).sum()) for row in TOKENS])
    assert not np.array_equal(left, TOKENS)
    with caplog.at_level(logging.INFO, logger="evolution"):
        np.testing.assert_array_equal(read(tmp_path, tokens=left).train.inputs, TOKENS)
    assert caplog.messages == ["a.npz: padding of tokens moved to the end of each row"]


def test_zeros_that_may_be_words(tmp_path):
    """As a token that begins each text, or at both ends of one."""
    begun = np.concatenate([np.zeros((12, 1), int), TOKENS], axis=1)
    assert "each row of tokens begins with one token 0" in refused(tmp_path, tokens=begun)
    both = np.where(np.arange(12)[:, None] == 5, [0, 1, 2, 0, 0, 0], TOKENS)
    assert "at both ends in row 5" in refused(tmp_path, tokens=both)


def test_a_mask_is_there_of_both_parts(tmp_path):
    parts = {"tokens": TOKENS, "eval_tokens": TOKENS, "eval_labels": CLASS, "attention_mask": TOKENS > 0}
    assert "no eval_attention_mask" in refused(tmp_path, **parts)


def test_a_mask_says_what_is_text(tmp_path):
    """Texts that are filled up with another number, on the left, as some tokenisers do."""
    used = np.array([np.roll(row, (row == 0).sum()) for row in TOKENS > 0])
    left = np.array([np.roll(row, (row == 0).sum()) for row in TOKENS])
    found = read(tmp_path, tokens=np.where(used, left, 50_256), attention_mask=used.astype(np.int64))
    np.testing.assert_array_equal(found.train.inputs, TOKENS)


def bad(array, place, value):
    array = array.astype(float) if isinstance(value, float) else array.copy()
    array[place] = value
    return array


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"rows": bad(ROWS, (5, 2), np.nan), "column_names": np.array(["age", "height", "weight", "x"])},
            "rows has nan in column 'weight' of row 5, and values that are not finite in 1 of 12 rows",
        ),
        ({"rows": bad(ROWS, (3, 0), np.inf)}, "rows has inf in column 'column 0' of row 3"),
        ({"rows": ROWS, "column_names": np.array(["a"])}, "column_names has 1 names, and rows 4 columns"),
        ({"rows": ROWS, "column_names": np.array(list("abca"))}, "has two columns called 'a'"),
        ({"signals": bad(SIGNALS, (4, 1, 7), np.nan)}, "signals has nan in signal 4 (channel 1, sample 7), and"),
        ({"signals": SIGNALS[:, :, :1]}, "in which signals have a single sample"),
        ({"tokens": bad(TOKENS, (2, 1), -5)}, "tokens has -5 in row 2 at position 1; tokens are whole numbers from 1"),
        ({"tokens": bad(TOKENS, (2, 1), 1.5)}, "tokens has 1.5 in row 2 at position 1; tokens are whole numbers"),
        ({"tokens": bad(TOKENS, (2, 1), np.nan)}, "tokens has nan in row 2 at position 1"),
        (
            {"tokens": bad(TOKENS, (1, 2), 8), "vocabulary": WORDS},
            "tokens has the token 8 in row 1 at position 2, and vocabulary has 8 words, of the tokens 0 to 7",
        ),
        ({"tokens": bad(TOKENS, 7, 0)}, "1 rows of tokens are padding alone (as row 7); leave texts without a word"),
        ({"tokens": bad(TOKENS, (4, 1), 0)}, "tokens has the token 0 between others or at both ends in row 4"),
        ({"tokens": TOKENS, "attention_mask": TOKENS * 0 + 1}, "tokens has the token 0 in row 0 at position 3, which"),
        ({"tokens": bad(TOKENS, (1, 2), 10**9)}, "tokens has the token 1e+09, and a network has weights for each"),
        ({"tokens": TOKENS, "texts": np.arange(12)}, "texts is of type int64; must be text"),
    ],
)
def test_samples_that_are_refused(tmp_path, arrays, said):
    assert said in refused(tmp_path, **arrays)


def test_the_advice_on_missing_values_can_be_followed(tmp_path):
    rows = bad(ROWS, (5, 2), np.nan)
    formula = refused(tmp_path, rows=rows).split("by its median: ")[1]
    mended = read(tmp_path, rows=eval(formula, {"np": np, "rows": rows})).train.inputs
    assert (
        mended[5, 2] == np.median(np.delete(ROWS[:, 2], 5)) and (np.delete(mended, 5, 0) == np.delete(ROWS, 5, 0)).all()
    )


def test_the_advice_on_a_mask_can_be_followed(tmp_path):
    used = np.arange(6) < 4
    tokens = np.where(used, np.arange(72).reshape(12, 6) % 5, 0)
    arrays = {"tokens": tokens, "attention_mask": np.tile(used, (12, 1))}
    formula = refused(tmp_path, **arrays).split("Move all by one: ")[1]
    mended = eval(formula, {"np": np, **arrays})
    np.testing.assert_array_equal(read(tmp_path, tokens=mended).train.inputs[:, :4], tokens[:, :4] + 1)
