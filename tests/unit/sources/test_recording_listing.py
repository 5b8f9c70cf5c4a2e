"""The times of a recording: what is found, what is left out, and each fault's message."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from evolution.errors import ConfigError
from evolution.sources.listing import NoCheckpointError
from evolution.sources.recording_listing import list_recording
from support.recordings import SAMPLES, write_recording

CHOOSE = {"every": None, "log_until": None, "also": [], "leave_out": []}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_recording(Path("rec"))


def found(unit="step", **choose):
    return list_recording({"path": "rec", "unit": unit, "choose": CHOOSE | choose})


def fault(**given):
    with pytest.raises(ConfigError) as error:
        found(**given)
    return str(error.value)


def test_times_layers_and_what_comes_with_them(folder):
    listing, recording = found()
    assert (listing.unit, list(listing.checkpoints), listing.notes) == ("step", [0, 100, 200], [])
    assert [time.file for time in listing.checkpoints.values()] == ["rec/0", "rec/100", "rec/200"]
    assert recording.layers == {"conv1": [2, 3, 3], "fc1": [6]}
    assert (recording.samples, recording.predictions, recording.classes) == (SAMPLES, "outputs", 5)
    assert recording.inputs and not recording.classifier


def test_predictions_may_be_classes_or_missing(folder):
    for predictions in ("classes", None):
        shutil.rmtree(folder)
        write_recording(folder, predictions=predictions, inputs=False)
        recording = found()[1]
        assert (recording.predictions, recording.classes, recording.inputs) == (predictions, None, False)


def test_the_unit_comes_from_the_config_the_names_or_recording_json(folder):
    assert "recording" not in fault(unit="auto") and "must be epoch or step" in fault(unit="auto")
    (folder / "recording.json").write_text(json.dumps({"format": 1, "unit": "epoch"}))
    assert found(unit="auto")[0].unit == "epoch" and found(unit="step")[0].unit == "step"
    (folder / "recording.json").unlink()
    for time in (0, 100, 200):
        (folder / str(time)).rename(folder / f"epoch={time // 100}-step={time}")
    listing = found(unit="auto")[0]
    assert listing.unit == "step" and list(listing.checkpoints) == [0, 100, 200]
    assert [time.other_time for time in listing.checkpoints.values()] == [0, 1, 2]


def test_times_are_chosen(folder):
    assert list(found(every=200)[0].checkpoints) == [0, 200]
    assert list(found(leave_out=[100])[0].checkpoints) == [0, 200]
    assert "there is no recorded step 150; the nearest is" in fault(also=[150])
    assert "chooses none of the 3 recorded times" in fault(leave_out=[0, 100, 200])


def test_a_folder_with_a_dot_is_not_looked_at(folder):
    (folder / ".300.partial-1").mkdir()
    (folder / "plots").mkdir()
    listing = found()[0]
    assert list(listing.checkpoints) == [0, 100, 200]
    assert listing.notes == ["rec/plots is left out: its name has no time."]


def test_a_layer_as_safetensors(folder):
    for time in (0, 100, 200):
        os.remove(folder / str(time) / "fc1.npy")
        save_file({"x": torch.zeros(SAMPLES, 6), "ids": torch.arange(SAMPLES)}, folder / str(time) / "fc1.safetensors")
    assert "has other ids" in fault()
    os.remove(folder / "ids.npy")
    assert found()[1].layers == {"conv1": [2, 3, 3], "fc1": [6]}


def test_the_classifier_comes_whole_or_not_at_all(folder):
    shapes = {"classifier_inputs": (SAMPLES, 6), "classifier_weight": (5, 6), "classifier_bias": (5,)}
    assert not found()[1].classifier
    for name, shape in shapes.items():
        for time in (0, 100, 200):
            np.save(folder / str(time) / f"{name}.npy", np.zeros(shape, np.float32))
        if name != "classifier_bias":
            assert "comes without classifier_" in fault()
    assert found()[1].classifier
    np.save(folder / "0" / "classifier_weight.npy", np.zeros((4, 6), np.float32))
    assert "rec/0/classifier_weight.npy is float32 (4, 6)" in fault()


# Bad inputs, one message each: the file, what was found, the remedy.


def test_labels_of_another_length(folder):
    np.save(folder / "labels.npy", np.arange(50) % 5)
    os.remove(folder / "inputs.npy")
    os.remove(folder / "ids.npy")
    message = fault()
    assert "rec/0/conv1.npy is float32 (60, 2, 3, 3), and labels.npy has 50 samples; all arrays" in message


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "rec has no labels.npy: whole numbers (N,)"),
        (np.zeros(60), "rec/labels.npy is float64 (60,); labels are whole numbers"),
        (np.zeros((60, 2), int), "rec/labels.npy is int64 (60, 2); labels are whole numbers"),
        (np.zeros(5, int), "rec/labels.npy has 5 samples; at least 10 are needed"),
    ],
)
def test_labels_that_are_none(folder, labels, message):
    os.remove(folder / "labels.npy")
    if labels is not None:
        np.save(folder / "labels.npy", labels)
    assert message in fault()


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
    assert list(found()[0].checkpoints) == [0, 100, 200]


def test_ids_that_differ(folder):
    ids = np.load(folder / "ids.npy")
    np.save(folder / "100" / "ids.npy", ids)
    assert list(found()[0].checkpoints) == [0, 100, 200]
    np.save(folder / "200" / "ids.npy", ids[::-1])
    message = fault()
    assert "rec/200/ids.npy has other ids: sample 0 is 's59' there, and 's0' in rec/ids.npy" in message
    assert "record them so, or give the other samples a run of their own" in message
    np.save(folder / "200" / "ids.npy", ids[:30])
    assert "it has 30 ids, and rec/ids.npy has 60" in fault()


def test_a_layer_missing_at_a_time_that_is_not_the_latest(folder):
    os.remove(folder / "100" / "fc1.npy")
    assert "rec/100 lacks fc1, which rec/0 has; record it there too, remove one of the two folders" in fault()
    assert list(found(leave_out=[100])[0].checkpoints) == [0, 200]


def test_a_layer_missing_at_the_latest_time(folder):
    os.remove(folder / "200" / "fc1.npy")
    listing = found()[0]
    assert list(listing.checkpoints) == [0, 100]
    assert listing.notes[0].startswith("rec/200 is left out: it lacks fc1, which the other times have, and is taken")


def test_an_empty_folder(folder):
    shutil.rmtree(folder)
    assert "'rec' is not there; must be a folder that holds labels.npy" in fault()
    folder.mkdir()
    assert "rec has no labels.npy" in fault()
    write_recording(folder, times=())
    assert "rec holds no folder of a time. Each time has a folder of its own" in fault()
    (folder / "100").mkdir()
    with pytest.raises(NoCheckpointError, match="rec has no whole time yet; rec/100 is left out: it holds no layer"):
        found()


def test_no_time_in_names(folder):
    for time, name in ((0, "first"), (100, "middle"), (200, "last")):
        (folder / str(time)).rename(folder / name)
    assert "the folders first, last, middle of rec have no time in their names; call each by its number" in fault()


def test_a_time_that_is_there_twice(folder):
    shutil.copytree(folder / "100", folder / "0100")
    assert "rec/0100 and rec/100 are both of step 100; remove one of them" in fault()


@pytest.mark.parametrize("time", [100, 200])
def test_a_truncated_array(folder, time):
    path = folder / str(time) / "conv1.npy"
    path.write_bytes(path.read_bytes()[:-100])
    listing = found()[0]
    assert time not in listing.checkpoints and len(listing.checkpoints) == 2
    assert listing.notes[0].startswith(f"rec/{time} is left out: rec/{time}/conv1.npy is not whole, and is taken to be")


def test_another_version_of_the_format(folder):
    (folder / "recording.json").write_text(json.dumps({"format": 7, "unit": "step"}))
    assert "rec/recording.json has the format 7, and this workflow reads format 1" in fault()


@pytest.mark.parametrize(
    "predictions", [np.zeros(SAMPLES, np.float32), np.zeros((SAMPLES, 5), int), np.zeros((SAMPLES, 5, 1), np.float32)]
)
def test_predictions_that_are_neither_outputs_nor_classes(folder, predictions):
    np.save(folder / "0" / "predictions.npy", predictions)
    message = fault()
    assert "rec/" in message and ("predictions are the model's outputs" in message or "one shape" in message)


def test_names_of_other_classes_than_there_are_outputs(folder):
    (folder / "class_names.txt").write_text("a\nb\nc\n")
    assert "rec/0/predictions.npy has 5 outputs for each sample, and class_names names 3 classes" in fault()
    (folder / "class_names.txt").write_text("a\nb\nc\nd\ne\n")
    assert found()[1].classes == 5


def test_previews_of_another_form(folder):
    np.save(folder / "previews.npy", np.zeros((SAMPLES, 4, 4), np.float32))
    assert "rec/previews.npy is float32 (60, 4, 4); previews are uint8" in fault()


def test_the_samples_have_a_digest_of_their_own(folder):
    before = found()[1].dataset
    np.save(folder / "100" / "fc1.npy", np.zeros((SAMPLES, 6), np.float32))
    assert found()[1].dataset == before
    (folder / "class_names.txt").write_text("a\nb\nc\nd\ne\n")
    assert found()[1].dataset != before
