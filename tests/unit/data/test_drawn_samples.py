"""The arrays of dataset.npz of drawn rows, signals and tokens."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from evolution.data.drawn_samples import drawn_targets, sample_arrays
from evolution.data.sample_source import SamplePart, SampleSource
from evolution.errors import DataError

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(5, 3, (30, 4)) * [1, 10, 100, 1000]
AGES = {"age": np.arange(30.0), "source": np.array(["web", "book", ""] * 10)}
TRAIN, EVALUATION = np.arange(0, 20), np.arange(20, 30)


def rows(**changes):
    settings = {"kind": "table", "target": "classes", "names": ("a", "b"), "columns": tuple("wxyz")}
    part = SamplePart(changes.pop("inputs", ROWS), changes.pop("values", np.arange(30) % 2), AGES)
    return SampleSource(train=part, **settings | changes)


def test_rows_are_standardised_by_the_training_rows():
    arrays, warnings = sample_arrays(rows(target_name="diagnosis"), TRAIN, EVALUATION, name="npz:a")
    scaler = StandardScaler().fit(ROWS[TRAIN])
    np.testing.assert_allclose(arrays["train_inputs"], scaler.transform(ROWS[TRAIN]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(arrays["inputs_0"], scaler.transform(ROWS[EVALUATION]), rtol=1e-5, atol=1e-6)
    assert arrays["train_inputs"].dtype == arrays["inputs_0"].dtype == np.float32 and warnings == []
    np.testing.assert_array_equal(arrays["eval_rows"], ROWS[EVALUATION])
    assert arrays["column_names"].tolist() == list("wxyz") and arrays["input_names"].tolist() == [""]
    assert (arrays["kind"], arrays["target"], arrays["target_name"]) == ("table", "classes", "diagnosis")
    np.testing.assert_array_equal(arrays["train_labels"], TRAIN % 2)
    np.testing.assert_array_equal(arrays["eval_labels"], EVALUATION % 2)
    np.testing.assert_array_equal(arrays["attribute_0"], AGES["age"][EVALUATION])
    assert arrays["attribute_names"].tolist() == ["age", "source"]
    assert arrays["eval_images"].dtype == np.uint8 and arrays["eval_images"].shape[0] == 10
    assert arrays["eval_images"].ndim == 4


def test_a_constant_column_becomes_zero():
    constant = ROWS.copy()
    constant[:, 2] = 0.1
    arrays, warnings = sample_arrays(rows(inputs=constant), TRAIN, EVALUATION, name="npz:a")
    assert not arrays["train_inputs"][:, 2].any() and not arrays["inputs_0"][:, 2].any()
    assert "1 of the 4 columns have one value in all training rows (y)" in warnings[0]
    assert sample_arrays(rows(inputs=constant), TRAIN, EVALUATION, name="wine", checked=False)[1] == []


@pytest.mark.parametrize(("sample", "value"), [(3, 1e300), (25, 1e45)])
def test_numbers_that_are_too_large(sample, value):
    """In the training part the deviation overflows, in the evaluation part float32 does."""
    large = ROWS.copy()
    large[sample, 1] = value
    with pytest.raises(DataError, match="column 'x' has numbers that are too large to be standardised in float32"):
        sample_arrays(rows(inputs=large), TRAIN, EVALUATION, name="npz:a")


def test_numbers_to_standardise_by():
    arrays, _ = sample_arrays(rows(), TRAIN, EVALUATION, name="npz:a", normalize="none")
    np.testing.assert_array_equal(arrays["inputs_0"], ROWS[EVALUATION].astype(np.float32))
    given = {"mean": [1, 2, 3, 4], "std": 10}
    arrays, _ = sample_arrays(rows(), TRAIN, EVALUATION, name="npz:a", normalize=given)
    np.testing.assert_allclose(arrays["inputs_0"], (ROWS[EVALUATION] - [1, 2, 3, 4]) / 10, rtol=1e-6)
    with pytest.raises(DataError, match=r"\[1, 2\] has 2 numbers, and the samples have 4 columns"):
        sample_arrays(rows(), TRAIN, EVALUATION, name="npz:a", normalize={"mean": [1, 2], "std": 1})


def test_signals_are_standardised_channel_by_channel():
    signals = RANDOM.normal(size=(30, 2, 9)) * np.array([1, 50])[:, None] + np.array([3, -7])[:, None]
    source = rows(inputs=signals, kind="signals", columns=())
    arrays, _ = sample_arrays(source, TRAIN, EVALUATION, name="npz:a")
    for channel in (0, 1):
        own = signals[TRAIN, channel]
        expected = (signals[EVALUATION, channel] - own.mean()) / own.std()
        np.testing.assert_allclose(arrays["inputs_0"][:, channel], expected, rtol=1e-4, atol=1e-5)
    assert "eval_rows" not in arrays and arrays["train_inputs"].shape == (20, 2, 9)


def test_tokens_stay_as_they_are():
    tokens = np.where(np.arange(5) < 3, RANDOM.integers(1, 6, (30, 5)), 0)
    words = ("<pad>", "the", "cat", "sees", "a", "dog")
    source = rows(inputs=tokens, kind="tokens", columns=(), vocabulary=words)
    arrays, _ = sample_arrays(source, TRAIN, EVALUATION, name="npz:a")
    np.testing.assert_array_equal(arrays["inputs_0"], tokens[EVALUATION])
    assert arrays["inputs_0"].dtype == arrays["train_inputs"].dtype == np.int64
    assert arrays["eval_texts"][0] == " ".join(words[token] for token in tokens[20, :3])
    assert arrays["vocabulary"].tolist() == list(words) and arrays["vocabulary_size"] == 6
    arrays, _ = sample_arrays(
        rows(inputs=tokens, kind="tokens", columns=(), vocabulary_size=9), TRAIN, EVALUATION, name="npz:a"
    )
    assert "vocabulary" not in arrays and arrays["vocabulary_size"] == 9
    assert arrays["eval_texts"][0] == " ".join(map(str, tokens[20, :3]))


def test_texts_of_the_source_come_first():
    tokens = RANDOM.integers(1, 6, (30, 4))
    source = rows(inputs=tokens, kind="tokens", columns=(), vocabulary=tuple("abcdef"))
    texts = np.array([f"text {number}" for number in range(30)])
    source = replace(source, train=replace(source.train, texts=texts))
    arrays, _ = sample_arrays(source, TRAIN, EVALUATION, name="npz:a")
    assert arrays["eval_texts"].tolist() == texts[EVALUATION].tolist()


@pytest.mark.parametrize(
    ("target", "names", "values"),
    [
        ("number", (), RANDOM.normal(50, 9, 30)),
        ("labels", ("a", "b"), np.arange(60).reshape(30, 2) % 3 == 0),
        ("none", ("out 0", "out 1"), None),
    ],
)
def test_targets_of_each_kind(target, names, values):
    arrays, _ = sample_arrays(rows(target=target, names=names, values=values), TRAIN, EVALUATION, name="npz:a")
    assert arrays["target"] == target and arrays["class_names"].tolist() == list(names)
    if values is None:
        assert "eval_labels" not in arrays and "train_labels" not in arrays
        return
    np.testing.assert_array_equal(arrays["eval_labels"], values[EVALUATION])
    np.testing.assert_array_equal(arrays["train_labels"], values[TRAIN])
    if target == "number":
        np.testing.assert_allclose(arrays["target_scale"], [values[TRAIN].mean(), values[TRAIN].std()])


def test_two_parts_have_names_of_their_own():
    source = rows()
    two = SampleSource(
        **{**vars(source), "test": SamplePart(ROWS[:10], np.arange(10) % 2, AGES), "arrays": ("rows", "eval_rows")}
    )
    _, warnings = sample_arrays(two, TRAIN, np.arange(10), name="npz:a")
    assert "(as eval_rows[0] and rows[0])" in warnings[0]
    targets = drawn_targets(two, "table", None, two.test, np.array([3, 4]))
    assert targets.values.tolist() == [1, 0] and targets.count == 2 and targets.scale == (0.0, 1.0)


def test_previews_of_the_source_come_before_drawn_ones():
    previews = RANDOM.integers(0, 256, (30, 5, 4, 3)).astype(np.uint8)
    source = rows()
    source = replace(source, train=replace(source.train, previews=previews))
    arrays, _ = sample_arrays(source, TRAIN, EVALUATION, name="npz:a")
    np.testing.assert_array_equal(arrays["eval_images"], previews[EVALUATION].transpose(0, 3, 1, 2))
    assert arrays["previews_given"]
    assert "previews_given" not in sample_arrays(rows(), TRAIN, EVALUATION, name="npz:a")[0]
    previews[20] = 0
    source = replace(source, train=replace(source.train, previews=previews.astype(int) - 1))
    with pytest.raises(DataError, match="npz:a: the preview of sample 20 is int64 with values outside 0 to 255"):
        sample_arrays(source, TRAIN, EVALUATION, name="npz:a")
