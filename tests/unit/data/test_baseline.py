"""The raw inputs as rows: against scikit-learn, and by hand."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from evolution.data.baseline import baseline_rows, tf_idf


@pytest.fixture
def tokens():
    random = np.random.default_rng(0)
    made = random.geometric(0.2, (50, 12)) * 3
    made[np.arange(12) >= random.integers(3, 13, 50)[:, None]] = 0
    return made


def counts_of(tokens, there):
    known = np.unique(tokens[there])
    return np.array([[sum(row[keep] == token) for token in known] for row, keep in zip(tokens, there)])


def test_tokens_are_weighted_as_scikit_learn_weights_counts(tokens):
    expected = TfidfTransformer().fit_transform(counts_of(tokens, tokens != 0)).toarray()
    found = baseline_rows("tokens", {"": tokens})
    assert found.dtype == np.float32 and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_texts_are_weighted_as_scikit_learn_weights_texts():
    texts = ["a cat sees a dog", "the dog", "a bird bird bird"]
    words = sorted({word for text in texts for word in text.split()})
    tokens = np.zeros((3, 6), int)
    for row, text in zip(tokens, texts):
        row[: len(text.split())] = [words.index(word) + 1 for word in text.split()]
    expected = TfidfVectorizer(token_pattern=r"\S+").fit_transform(texts).toarray()
    np.testing.assert_allclose(baseline_rows("tokens", {"": tokens}), expected, atol=1e-6)


def test_masked_tokens_are_left_out_and_a_mask_alone_decides(tokens):
    mask = np.random.default_rng(1).integers(0, 2, tokens.shape)
    mask[:, 0] = 1
    expected = TfidfTransformer().fit_transform(counts_of(tokens, mask == 1)).toarray()
    assert 0 in tokens[mask == 1], "what the mask lets through counts, also a token 0"
    for inputs in ({"input_ids": tokens, "attention_mask": mask}, {"attention_mask": mask, "input_ids": tokens}):
        found = baseline_rows("tokens", inputs)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_weights_by_hand():
    found = tf_idf(np.array([[5, 5, 2], [7, 2, 0]]), np.array([[True] * 3, [True, True, False]]))
    rare = np.log(3 / 2) + 1
    rows = np.array([[1, 2 * rare, 0], [1, 0, rare]])
    np.testing.assert_allclose(found, rows / np.linalg.norm(rows, axis=1, keepdims=True), rtol=1e-6)
    assert not tf_idf(np.array([[3], [4]]), np.array([[True], [False]]))[1].any(), "a sample of padding is zero"


def test_columns_are_standardised_as_by_scikit_learn(caplog):
    caplog.set_level("INFO")
    rows = np.random.default_rng(0).normal(3, [1, 100, 1e-3], (40, 3)).astype(np.float32)
    found = baseline_rows("table", {"": rows})
    np.testing.assert_allclose(found, StandardScaler().fit_transform(rows.astype(float)), atol=1e-5)
    assert "standardised by the evaluation samples" in caplog.text
    others = rows[:20] * 3 + 1
    found = baseline_rows("table", {"": rows}, trained_on=others)
    np.testing.assert_allclose(found, StandardScaler().fit(others.astype(float)).transform(rows), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "shape"), [("signals", (4, 3, 20)), ("images", (4, 1, 5, 5)), ("other", (4, 7, 3, 2))]
)
def test_all_else_is_as_it_is_given(kind, shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    np.testing.assert_array_equal(baseline_rows(kind, {"": values}), values.reshape(4, -1))
