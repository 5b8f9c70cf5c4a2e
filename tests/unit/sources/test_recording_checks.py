"""Recordings that do not fit together, one message each: the file, what was found, the remedy."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from evolution.errors import ConfigError
from evolution.sources.stored_times import NothingStoredError
from support.recordings import SAMPLES, fault, found, write_recording


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_recording(Path("rec"))


def test_the_classifier_comes_whole_or_not_at_all(folder):
    shapes = {"classifier_inputs": (SAMPLES, 6), "classifier_weight": (5, 6), "classifier_bias": (5,)}
    for name, shape in shapes.items():
        for time in (0, 100, 200):
            np.save(folder / str(time) / f"{name}.npy", np.zeros(shape, np.float32))
        if name != "classifier_bias":
            assert "comes without classifier_" in fault()
    assert list(found()[0].stored) == [0, 100, 200]
    np.save(folder / "0" / "classifier_weight.npy", np.zeros((4, 6), np.float32))
    assert "rec/0/classifier_weight.npy is float32 (4, 6)" in fault()


def test_labels_of_another_length(folder):
    np.save(folder / "labels.npy", np.arange(50) % 5)
    os.remove(folder / "inputs.npy")
    os.remove(folder / "ids.npy")
    message = fault()
    assert "rec/0/conv1.npy is float32 (60, 2, 3, 3), and labels.npy has 50 samples; all arrays" in message


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array(["a"] * 60), "rec/labels.npy is text (60,); labels are classes, whole numbers (N,) counted from 0"),
        (np.zeros((60, 2, 2), int), "rec/labels.npy is int64 (60, 2, 2); labels are classes"),
        (np.zeros(60, bool), "rec/labels.npy is bool (60,); labels are classes"),
        (np.zeros(5, int), "rec/labels.npy has 5 samples; at least 10 are needed"),
    ],
)
def test_labels_that_are_none(folder, labels, message):
    np.save(folder / "labels.npy", labels)
    assert message in fault()


@pytest.mark.parametrize("mask", [np.ones((60, 4), int), np.ones((60, 5)), np.ones(60, bool)])
def test_a_mask_is_one_of_tokens(folder, mask):
    np.save(folder / "inputs.npy", np.ones((60, 5), int))
    np.save(folder / "attention_mask.npy", np.ones((60, 5), bool))
    assert found()[1].inputs == "tokens"
    np.save(folder / "attention_mask.npy", mask)
    assert "an entry for each token of inputs.npy. Mend it, or leave it out" in fault()
    os.remove(folder / "inputs.npy")
    assert "and there is no inputs.npy; a mask is 1 and 0 (N, T)" in fault()


def test_without_labels_the_other_arrays_say_how_many_samples_there_are(folder):
    os.remove(folder / "labels.npy")
    np.save(folder / "ids.npy", np.arange(50))
    assert "rec/ids.npy is int64 (50,), and inputs.npy has 60 samples" in fault()
    os.remove(folder / "inputs.npy")
    assert "rec/0/conv1.npy is float32 (60, 2, 3, 3), and ids.npy has 50 samples" in fault()
    os.remove(folder / "ids.npy")
    assert found()[1].sample_count == SAMPLES
    np.save(folder / "100" / "fc1.npy", np.zeros((50, 6), np.float32))
    assert "rec/100/fc1.npy is float32 (50, 6), and conv1.npy has 60 samples" in fault()


def test_outputs_of_one_number_a_sample_are_those_of_numbers(folder):
    for time in (0, 100, 200):
        np.save(folder / str(time) / "predictions.npy", np.zeros(SAMPLES, np.float32))
    assert "floats (N, K)" in fault()
    for shape in (SAMPLES, (SAMPLES, 1)):
        np.save(folder / "labels.npy", np.linspace(0, 1, SAMPLES).reshape(shape))
        assert found()[1].predictions == "outputs"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([{}] * SAMPLES, object), "holds Python objects, which are never read"),
        (np.zeros((SAMPLES, 6), np.complex64), "holds complex numbers; save real ones"),
        (np.array(["a"] * SAMPLES), "is text; save numbers, such as float32"),
        (np.zeros((SAMPLES, 6), [("a", "f4")]), "is structured; save numbers"),
        (np.zeros((SAMPLES, 7), np.float32), "is float32 (60, 7), and rec/0/fc1.npy float32 (60, 6); a layer has one"),
        (np.zeros((SAMPLES - 1, 6), np.float32), "is float32 (59, 6), and labels.npy has 60 samples"),
    ],
)
def test_arrays_that_are_refused(folder, array, message):
    np.save(folder / "100" / "fc1.npy", array)
    assert f"rec/100/fc1.npy {message}" in fault()


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32", "bool"])
def test_other_types_and_orders_are_taken(folder, dtype):
    array = np.load(folder / "100" / "fc1.npy")
    np.save(folder / "100" / "fc1.npy", np.asfortranarray(array.astype(dtype)))
    assert list(found()[0].stored) == [0, 100, 200]


def test_ids_that_differ(folder):
    ids = np.load(folder / "ids.npy")
    np.save(folder / "100" / "ids.npy", ids)
    assert list(found()[0].stored) == [0, 100, 200]
    np.save(folder / "200" / "ids.npy", ids[::-1])
    message = fault()
    assert "rec/200/ids.npy has other ids: sample 0 is 's59' there, and 's0' in rec/ids.npy" in message
    assert "record them so, or give the other samples a run of their own" in message
    np.save(folder / "200" / "ids.npy", ids[:30])
    assert "it has 30 ids, and rec/ids.npy has 60" in fault()


def test_a_layer_missing_at_a_time_that_is_not_the_latest(folder):
    os.remove(folder / "100" / "fc1.npy")
    assert "rec/100 lacks fc1, which rec/0 has; record it there too, remove one of the two folders" in fault()
    assert list(found(leave_out=[100])[0].stored) == [0, 200]


@pytest.mark.parametrize(
    ("predictions", "said"),
    [
        (np.zeros(SAMPLES, np.float32), "float32 (60,)"),
        (np.zeros((SAMPLES, 5), int), "int64 (60, 5)"),
        (np.zeros((SAMPLES, 5, 1), np.float32), "float32 (60, 5, 1)"),
    ],
)
def test_predictions_that_are_neither_outputs_nor_classes(folder, predictions, said):
    np.save(folder / "0" / "predictions.npy", predictions)
    assert fault() == (
        f"path: rec/0/predictions.npy is {said}; predictions are the model's outputs, floats (N, K), or the classes "
        "that it predicts, whole numbers (N,); of labels that are a number each also floats (N,)"
    )


def test_names_of_other_classes_than_there_are_outputs(folder):
    (folder / "class_names.txt").write_text("a\nb\nc\n")
    assert "rec/0/predictions.npy has 5 outputs for each sample, and class_names names 3 classes" in fault()
    (folder / "class_names.txt").write_text("a\nb\nc\nd\ne\n")
    assert found()[1].class_count == 5


def test_previews_of_another_form(folder):
    np.save(folder / "previews.npy", np.zeros((SAMPLES, 4, 4), np.float32))
    assert "rec/previews.npy is float32 (60, 4, 4); previews are uint8" in fault()


def test_ids_next_to_the_labels_and_their_number(folder):
    """Wherever ids stand they are compared: in a time alone, and with the labels of a .safetensors."""
    ids = np.load(folder / "ids.npy")
    labels = torch.from_numpy(np.load(folder / "labels.npy"))
    (folder / "labels.npy").unlink()
    (folder / "ids.npy").unlink()
    save_file({"labels": labels, "ids": torch.arange(SAMPLES)}, folder / "labels.safetensors")
    found()
    np.save(folder / "100" / "ids.npy", np.arange(SAMPLES)[::-1])
    assert "rec/100/ids.npy has other ids" in fault()
    save_file({"labels": labels}, folder / "labels.safetensors")
    np.save(folder / "100" / "ids.npy", ids[:50])
    assert "rec/100/ids.npy has 50 ids, and there are 60 samples" in fault()
    (folder / "100" / "ids.npy").unlink()
    save_file({"x": torch.arange(SAMPLES)}, folder / "ids.safetensors")
    assert found()[1].ids_digest is not None


def test_inputs_without_numbers(folder):
    np.save(folder / "inputs.npy", np.zeros((SAMPLES, 0), np.float32))
    assert "rec/inputs.npy is float32 (60, 0), without any numbers" in fault()


def test_labels_that_are_not_whole_are_no_deleted_recording(folder):
    content = (folder / "labels.npy").read_bytes()
    (folder / "labels.npy").write_bytes(content[:-8])
    message = fault()
    assert "rec/labels.npy is not whole; give the same command again" in message
    with pytest.raises(ConfigError) as error:
        found()
    assert not isinstance(error.value, NothingStoredError)
