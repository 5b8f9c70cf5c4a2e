"""dataset.npz of samples that are ready for the model: what is in it, by hand."""

import numpy as np
import pytest
from PIL import Image

from evolution.data.evaluation_samples import Samples
from evolution.data.previews import tile
from evolution.data.samples_file import samples_said, save_samples
from evolution.data.sketches import row_sketches
from evolution.data.targets import Targets, load_targets

INPUTS = {"x": np.arange(24, dtype=np.float32).reshape(12, 2), "mask": np.ones((12, 3), bool)}


def written(path, **more):
    targets = Targets("table", "classes", np.arange(12) % 2, ("a", "b"), 12)
    samples = {"inputs": INPUTS, "targets": targets, "indices": np.arange(5, 17)}
    save_samples(path, Samples(**samples | more), where="data.py:f")
    with np.load(path) as archive:
        return dict(archive)


def test_what_is_written(tmp_path):
    found = written(tmp_path / "d.npz")
    assert found["input_names"].tolist() == ["x", "mask"]
    assert all(np.array_equal(found[f"inputs_{number}"], array) for number, array in enumerate(INPUTS.values()))
    assert found["eval_indices"].tolist() == list(range(5, 17)) and found["class_names"].tolist() == ["a", "b"]
    assert len(found["eval_images"]) == 12 and found["eval_images"].dtype == np.uint8
    assert not found.keys() & {"eval_ids", "previews_given", "warnings"}


def test_what_only_some_samples_have(tmp_path):
    previews = [Image.new("L", (4, 4), number) for number in range(12)]
    found = written(tmp_path / "d.npz", ids=list("abcdefghijkl"), previews=previews)
    assert found["eval_ids"].tolist() == list("abcdefghijkl") and found["previews_given"]
    assert found["eval_images"][:, 0, 0, 0].tolist() == list(range(12))


@pytest.mark.parametrize("inputs", [{}, {"x": np.ones((12, 2), np.float32)}])
def test_without_inputs_and_with_what_is_odd(tmp_path, inputs):
    found = written(tmp_path / "d.npz", inputs=inputs)
    assert found["input_names"].tolist() == list(inputs) and ("warnings" in found) == bool(inputs)


def test_what_samples_are_and_what_they_are_measured_against_is_read_back(tmp_path):
    columns = {"age": np.arange(12.0), "writer": np.array(list("abcabcabcabc"))}
    targets = Targets("signals", "number", np.linspace(0, 1, 12), (), 12, "weight", columns)
    signals = np.random.default_rng(0).normal(size=(12, 2, 30)).astype(np.float32)
    written(tmp_path / "d.npz", inputs={"": signals}, targets=targets)
    found = load_targets(tmp_path / "d.npz")
    assert (found.kind, found.target, found.name, found.scale) == ("signals", "number", "weight", (0, 1))
    np.testing.assert_array_equal(found.values, targets.values)
    assert all(np.array_equal(found.attributes[name], column) for name, column in columns.items())


def test_rows_of_a_table_can_be_read(tmp_path):
    found = written(tmp_path / "d.npz")
    np.testing.assert_array_equal(found["eval_rows"], INPUTS["x"])
    assert found["eval_rows"].dtype == np.float64 and found["column_names"].tolist() == ["column 0", "column 1"]
    np.testing.assert_array_equal(found["eval_images"], row_sketches(INPUTS["x"], ["column 0", "column 1"]))
    assert written(tmp_path / "d.npz", columns=("age", "size"))["column_names"].tolist() == ["age", "size"]


def test_texts_are_given_or_made_of_the_vocabulary(tmp_path):
    targets = Targets("tokens", "none", None, (), 12)
    tokens = np.tile([1, 2, 0], (12, 1))
    found = written(tmp_path / "d.npz", inputs={"": tokens}, targets=targets, vocabulary=("", "good", "day"))
    assert found["eval_texts"].tolist() == ["good day"] * 12 and found["vocabulary"].tolist() == ["", "good", "day"]
    np.testing.assert_array_equal(found["eval_images"][3, 0], np.asarray(tile("good day")))
    assert "eval_labels" not in found and "previews_given" not in found
    found = written(tmp_path / "d.npz", inputs={"": tokens}, targets=targets, texts=["Good day!"] * 12)
    assert found["eval_texts"].tolist() == ["Good day!"] * 12
    assert "eval_texts" not in written(tmp_path / "d.npz", inputs={"": tokens}, targets=targets)


def test_own_previews_come_first(tmp_path):
    previews = [Image.new("L", (4, 4), number) for number in range(12)]
    found = written(tmp_path / "d.npz", previews=previews, texts=["a"] * 12)
    assert found["eval_images"][:, 0, 0, 0].tolist() == list(range(12)) and found["previews_given"]


@pytest.mark.parametrize(
    ("target", "values", "names", "said"),
    [
        ("classes", np.zeros(3, int), ("a", "b"), "3 samples (table) of 2 classes, and the attributes age"),
        ("number", np.zeros(3), (), "3 samples (table) with a number each, and the attributes age"),
        ("labels", np.zeros((3, 2), bool), ("a", "b"), "3 samples (table) with 2 labels, and the attributes age"),
        ("none", None, (), "3 samples (table) without labels, and the attributes age"),
    ],
)
def test_what_the_log_says(target, values, names, said):
    assert samples_said(Targets("table", target, values, names, 3, "", {"age": np.zeros(3)})) == said


def test_words_of_the_padding_are_no_part_of_a_text(tmp_path):
    """Which may be any token, where a mask says what is padding."""
    tokens = np.tile(np.array([[1, 2, 2]]), (12, 1))
    inputs = {"input_ids": tokens, "attention_mask": np.tile(np.array([[1, 1, 0]]), (12, 1))}
    targets = Targets("tokens", "classes", np.arange(12) % 2, ("x", "y"), 12)
    found = written(tmp_path / "d.npz", inputs=inputs, targets=targets, vocabulary=("[MASK]", "good", "day"))
    assert found["eval_texts"].tolist() == ["good day"] * 12
