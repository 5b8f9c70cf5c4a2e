"""The times of a recording: what is found, what is left out, and each fault's message."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from activation_recorder import Recorder
from evolution.sources.array_file import ids_digest
from evolution.sources.stored_times import NothingStoredError
from support.recorded import images
from support.recordings import SAMPLES, fault, found, write_recording


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_recording(Path("rec"))


def test_times_layers_and_what_comes_with_them(folder):
    listing, recording = found()
    assert (listing.unit, list(listing.stored), listing.notes) == ("step", [0, 100, 200], [])
    assert [time.path for time in listing.stored.values()] == ["rec/0", "rec/100", "rec/200"]
    assert recording.layers == {"conv1": [2, 3, 3], "fc1": [6]}
    assert (recording.sample_count, recording.predictions, recording.class_count) == (SAMPLES, "outputs", 5)
    assert recording.has_inputs


def test_predictions_may_be_classes_or_missing(folder):
    for predictions in ("classes", None):
        shutil.rmtree(folder)
        write_recording(folder, predictions=predictions, inputs=False)
        recording = found()[1]
        assert (recording.predictions, recording.class_count, recording.has_inputs) == (predictions, None, False)


def test_the_unit_comes_from_the_config_the_names_or_recording_json(folder):
    assert "recording" not in fault(unit="auto") and "must be epoch or step" in fault(unit="auto")
    (folder / "recording.json").write_text(json.dumps({"format": 1, "unit": "epoch"}))
    assert found(unit="auto")[0].unit == found(unit="epoch")[0].unit == "epoch"
    assert "step contradicts rec/recording.json, where the recorder says epoch; must be epoch, or auto" in fault()
    (folder / "recording.json").unlink()
    for time in (0, 100, 200):
        (folder / str(time)).rename(folder / f"epoch={time // 100}-step={time}")
    listing = found(unit="auto")[0]
    assert listing.unit == "step" and list(listing.stored) == [0, 100, 200]
    assert [time.other_time for time in listing.stored.values()] == [0, 1, 2]


def test_times_are_chosen(folder):
    assert list(found(every=200)[0].stored) == [0, 200]
    assert list(found(leave_out=[100])[0].stored) == [0, 200]
    assert "there is no recorded step 150; the nearest is" in fault(also=[150])
    assert "chooses none of the 3 recorded times" in fault(leave_out=[0, 100, 200])


def test_a_folder_with_a_dot_is_not_looked_at(folder):
    (folder / ".300.partial-1").mkdir()
    (folder / "plots").mkdir()
    listing = found()[0]
    assert list(listing.stored) == [0, 100, 200]
    assert listing.notes == ["rec/plots is left out: its name has no time."]


def test_arrays_that_lie_where_nothing_reads_them_are_named(folder):
    before = found()[1].samples_digest
    (folder / "conv2.npy").write_text("no array")
    for time in (0, 100):
        np.save(folder / str(time) / "labels.npy", np.zeros(3))
    np.save(folder / "class_names.npy", np.array(list("abcde")))
    (folder / "class_names.txt").write_text("a\nb\nc\n")
    listing, recording = found()
    assert listing.notes == [
        "rec/conv2.npy is not read; the layers and predictions of a time lie in its folder, such as rec/0.",
        "rec/class_names.txt is not read; rec/class_names.npy gives the classes' names.",
        "rec/0/labels.npy, rec/100/labels.npy are not read; labels lie next to the folders of the times.",
    ]
    os.remove(folder / "class_names.npy")
    os.remove(folder / "class_names.txt")
    assert found()[1].samples_digest == before, "what is not read does not count"
    assert recording.class_count == 5


@pytest.mark.parametrize("content", ["[]", "3", '{"version": 0, "files": {}}', '{"version": 1, "files": {"a": 1}}'])
def test_notes_of_another_form_do_not_stop_a_plan(folder, content):
    notes = Path(".snakemake/evolution/recordings.json")
    notes.parent.mkdir(parents=True)
    notes.write_text(content)
    assert list(found()[0].stored) == [0, 100, 200]


def test_ids_of_a_time_that_is_left_out_do_not_count(folder):
    (folder / "ids.npy").rename(folder / "200" / "ids.npy")
    np.save(folder / "0" / "ids.npy", np.arange(SAMPLES))
    assert found(leave_out=[0])[1].ids_digest == ids_digest([f"s{number}" for number in range(SAMPLES)])


def test_a_time_that_is_deleted_leaves_the_samples_as_they_are(folder):
    for time in (0, 100):
        shutil.copyfile(folder / "ids.npy", folder / str(time) / "ids.npy")
    os.remove(folder / "ids.npy")
    before = found()[1]
    shutil.rmtree(folder / "0")
    assert found()[1] == before, "whichever file the ids are read from"


def test_a_layer_as_safetensors(folder):
    for time in (0, 100, 200):
        os.remove(folder / str(time) / "fc1.npy")
        save_file({"x": torch.zeros(SAMPLES, 6), "ids": torch.arange(SAMPLES)}, folder / str(time) / "fc1.safetensors")
    assert "has other ids" in fault()
    os.remove(folder / "ids.npy")
    assert found()[1].layers == {"conv1": [2, 3, 3], "fc1": [6]}


def test_a_layer_missing_at_the_latest_time(folder):
    os.remove(folder / "200" / "fc1.npy")
    listing = found()[0]
    assert list(listing.stored) == [0, 100]
    assert listing.notes[0].startswith("rec/200 is left out: it lacks fc1, which the other times have, and is taken")


def test_an_empty_folder(folder):
    shutil.rmtree(folder)
    assert "'rec' is not there; must be a folder that holds a folder a time" in fault()
    folder.mkdir()
    assert "rec holds no folder of a time" in fault()
    write_recording(folder, times=())
    assert "rec holds no folder of a time. Each time has a folder of its own" in fault()
    (folder / "100").mkdir()
    with pytest.raises(NothingStoredError, match="rec has no whole time yet; rec/100 is left out: it holds no layer"):
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
    assert time not in listing.stored and len(listing.stored) == 2
    assert listing.notes[0].startswith(f"rec/{time} is left out: rec/{time}/conv1.npy is not whole, and is taken to be")


def test_another_version_of_the_format(folder):
    (folder / "recording.json").write_text(json.dumps({"format": 7, "unit": "step"}))
    assert "rec/recording.json has the format 7, and this workflow reads format 1" in fault()


def test_the_samples_have_a_digest_of_their_own(folder):
    before = found()[1].samples_digest
    np.save(folder / "100" / "fc1.npy", np.zeros((SAMPLES, 6), np.float32))
    assert found()[1].samples_digest == before
    (folder / "class_names.txt").write_text("a\nb\nc\nd\ne\n")
    assert found()[1].samples_digest != before


class Watched(torch.nn.Module):
    """A network that calls a function as often as samples pass through it."""

    def __init__(self, look):
        super().__init__()
        self.fc1, self.look = torch.nn.Linear(36, 3), look

    def forward(self, x):
        self.look()
        return self.fc1(x.flatten(1))


def test_a_plan_while_a_recorder_writes(folder):
    shutil.rmtree(folder)
    seen = []

    def plan():
        if (folder / "0").is_dir():
            listing = found(unit="auto")[0]
            seen.append((list(listing.stored), listing.notes, any(folder.glob(".3*"))))

    recorder = Recorder(Watched(plan), *images(20), path="rec", at=[0, 3])
    recorder.step(0)
    recorder.step(3)
    assert seen and all(each == ([0], [], True) for each in seen)
    assert list(found(unit="auto")[0].stored) == [0, 3]


def test_times_that_tables_cannot_hold(folder):
    (folder / "200").rename(folder / "3000000000")
    assert "rec/3000000000 is of step 3000000000; must be at most 2147483647" in fault()


@pytest.mark.parametrize("layers", ["fc1", [["fc1"]], [{"a": 1}]])
def test_layers_of_recording_json_are_names(folder, layers):
    (folder / "recording.json").write_text(json.dumps({"format": 1, "layers": layers}))
    assert "rec/recording.json has the layers" in fault() and "must be a list of names" in fault()


def test_a_name_with_a_digit_that_is_no_number(folder):
    for time in (0, 100, 200):
        (folder / str(time) / "fc1.npy").rename(folder / str(time) / "a\u00b2.npy")
    assert "a\u00b2" in found()[1].layers
