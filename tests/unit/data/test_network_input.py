"""The images of a dataset.npz as the network gets them, against the same computed apart."""

import numpy as np
import pytest

from evolution.data.network_input import (
    first_input,
    load_evaluation,
    load_training,
    load_vocabulary,
    network_input,
    token_mask,
)
from support.samples import WORDS, write_samples
from support.tiny_dataset import read_part
from support.training_samples import write_training


@pytest.mark.parametrize(("role", "size"), [("train", 40), ("eval", 24)])
def test_parts_of_a_dataset(dataset, role, size):
    if role == "train":
        images, labels = load_training(dataset)
    else:
        inputs, targets, classes = load_evaluation(dataset)
        images, labels = inputs[""], targets.values
        assert classes == 4
    expected, expected_labels = read_part(dataset, role)
    assert images.shape == (size, 1, 8, 8) and images.dtype == np.float32
    np.testing.assert_allclose(images, expected, atol=1e-5)
    np.testing.assert_array_equal(labels, expected_labels)


def test_each_channel_has_its_own_scale():
    images = np.full((2, 3, 2, 2), 255, np.uint8)
    scaled = network_input(images, np.float32([0, 0.5, 1]), np.float32([1, 0.25, 0.5]))
    np.testing.assert_array_equal(scaled[:, :, 0, 0], [[1, 2, 0]] * 2)
    assert scaled.dtype == np.float32


OUTPUTS = {"classes": 3, "number": 1, "labels": 3, "none": None}


@pytest.mark.parametrize(("kind", "shape"), [("table", (5,)), ("signals", (1, 40)), ("tokens", (12,))])
@pytest.mark.parametrize("target", OUTPUTS)
def test_samples_that_are_no_images(tmp_path, kind, shape, target):
    path = write_training(tmp_path / "dataset.npz", kind=kind, target=target)
    (inputs, values), (evaluation, targets, outputs) = load_training(path), load_evaluation(path)
    assert inputs.shape == (48, *shape) and evaluation[""].shape == (30, *shape)
    assert inputs.dtype == (np.int64 if kind == "tokens" else np.float32)
    assert (targets.kind, targets.target, outputs) == (kind, target, OUTPUTS[target])
    with np.load(path) as archive:
        assert (values is None) == (target == "none") or np.array_equal(values, archive["train_labels"])
        if target != "none":
            np.testing.assert_array_equal(targets.values, archive["eval_labels"])


def test_images_with_a_number(tmp_path, dataset):
    with np.load(dataset) as archive:
        arrays = dict(archive)
    ages = {f"{part}_labels": np.arange(len(arrays[f"{part}_labels"])) / 7 for part in ("train", "eval")}
    np.savez(tmp_path / "ages.npz", **arrays | ages | {"target": "number", "class_names": np.array([], str)})
    images, values = load_training(str(tmp_path / "ages.npz"))
    np.testing.assert_allclose(images, read_part(dataset, "train")[0], atol=1e-5)
    np.testing.assert_array_equal(values, ages["train_labels"])
    inputs, targets, outputs = load_evaluation(str(tmp_path / "ages.npz"))
    np.testing.assert_allclose(inputs[""], read_part(dataset, "eval")[0], atol=1e-5)
    assert targets.target == "number" and outputs == 1


def test_outputs_of_samples_without_labels(tmp_path):
    path = write_samples(tmp_path / "dataset.npz", kind="table", target="none")
    assert load_evaluation(path)[2] is None


def test_how_many_tokens_there_are(tmp_path):
    path = write_training(tmp_path / "dataset.npz", kind="tokens", target="classes")
    assert load_vocabulary(path, "tokens") == len(WORDS)
    assert load_vocabulary(path, "table") is None
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(tmp_path / "sized.npz", **arrays, vocabulary_size=99)
    assert load_vocabulary(str(tmp_path / "sized.npz"), "tokens") == 99
    words = arrays.pop("vocabulary")
    arrays["inputs_0"][0, 0] = len(words) + 5
    np.savez(tmp_path / "counted.npz", **arrays)
    assert load_vocabulary(str(tmp_path / "counted.npz"), "tokens") == len(words) + 6
    del arrays["train_inputs"]
    np.savez(tmp_path / "elsewhere.npz", **arrays)
    assert load_vocabulary(str(tmp_path / "elsewhere.npz"), "tokens") == 0


def test_a_mask_is_not_what_a_sample_is():
    inputs = {"attention_mask": np.ones((20, 7), np.int64), "values": np.zeros((20, 7), np.float32)}
    assert first_input(inputs) is inputs["values"] and first_input({}) is None


def test_which_tokens_are_padding():
    tokens, mask = np.array([[5, 6, 0], [7, 0, 0]]), np.array([[1, 1, 1], [0, 1, 1]])
    assert token_mask({"": tokens}, "tokens").tolist() == [[True, True, False], [True, False, False]]
    assert token_mask({"": tokens}, "table") is None
    assert token_mask({"": tokens.astype(np.float32)}, "tokens") is None
    for kind in ("tokens", "images"):
        found = token_mask({"input_ids": tokens, "attention_mask": mask}, kind)
        assert found.tolist() == (mask == 1).tolist()
