"""What the times of a recording share, and its recording.json."""

import json

import pytest

from evolution.errors import ConfigError
from evolution.sources.recorded_time import read_folder
from evolution.sources.recording import Recording, describe, in_order, read_settings
from evolution.sources.recording_format import SHARED
from support.recordings import CLASSES, SAMPLES, write_recording


def test_layers_come_by_their_numbers_value_or_as_recording_json_says():
    names = ["layer10", "fc", "layer2", "conv1"]
    assert in_order(names, {}) == ["conv1", "fc", "layer2", "layer10"]
    assert in_order(names, {"layers": ["conv1", "layer2", "layer10", "fc"]}) == ["conv1", "layer2", "layer10", "fc"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"format": 2}, "has the format 2, and this workflow reads format 1"),
        ({}, "has the format None"),
        ([1], "has the format"),
        ({"format": 1, "unit": "batch"}, "has the unit 'batch'; must be epoch or step"),
    ],
)
def test_another_version_is_refused(content, message, tmp_path):
    (tmp_path / "recording.json").write_text(json.dumps(content))
    with pytest.raises(ConfigError, match=message):
        read_settings(tmp_path)


def test_a_file_that_is_no_json_is_named(tmp_path):
    assert read_settings(tmp_path) == {}
    (tmp_path / "recording.json").write_text("{")
    with pytest.raises(ConfigError, match=r"recording\.json is not JSON"):
        read_settings(tmp_path)


def test_what_is_not_there_is_said():
    whole = Recording(10, predictions="outputs", has_inputs=True)
    assert whole.left_out() == []
    assert [note.split(":")[0] for note in Recording(10).left_out()] == ["has no predictions", "has no inputs.npy"]
    assert "no outputs" in Recording(10, predictions="classes", has_inputs=True).left_out()[0]
    assert "samples_digest" not in whole.for_record() and Recording(**whole.for_record()) == whole


def test_a_recorder_may_say_what_it_made():
    asked = {"compact": False, "pooling": {"maps": "mean", "tokens": "mean"}}
    assert Recording(10).without_effect(asked) == []
    raw = Recording(10, form={"maps": "mean", "tokens": "cls", "compact": False})
    (sentence,) = raw.without_effect(asked)
    assert sentence == "was recorded with tokens: cls, so activations.pooling.tokens: mean has no effect on it."


def test_a_recording_is_described_by_one_of_its_times(tmp_path):
    folder = write_recording(tmp_path / "rec")
    shared, time = read_folder(folder, wanted=SHARED.__contains__), read_folder(folder / "100")
    said = {"layers": ["fc1", "conv1"], "pooling": {"maps": "mean", "tokens": 3}, "compact": True}
    found = describe(folder, said, shared=shared, time=time, ids_digest="0123")
    assert list(found.layers.items()) == [("fc1", [6]), ("conv1", [2, 3, 3])]
    assert (found.sample_count, found.predictions, found.class_count) == (SAMPLES, "outputs", CLASSES)
    assert found.has_inputs and found.form == {"maps": "mean", "compact": True}
    (folder / "class_names.txt").write_text("a\nb\n")
    other = describe(folder, {}, shared=shared, time={"fc1": time["fc1"]})
    assert other.class_count == 2 and other.predictions is None and other.samples_digest != found.samples_digest
