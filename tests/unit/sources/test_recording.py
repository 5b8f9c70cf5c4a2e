"""What the times of a recording share, and its recording.json."""

import json

import numpy as np
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


def test_a_recorder_may_have_taken_the_token_at_a_position(tmp_path):
    folder = write_recording(tmp_path / "rec")
    shared, time = read_folder(folder, wanted=SHARED.__contains__), read_folder(folder / "100")
    said = {"pooling": {"maps": "mean", "tokens": 3}, "compact": True}
    recording = describe(folder, said, shared=shared, time=time)
    asked = {"compact": True, "pooling": {"maps": "mean", "tokens": 3}}
    assert recording.without_effect(asked) == []
    asked["pooling"]["tokens"] = "mean"
    assert recording.without_effect(asked)[0].startswith("was recorded with tokens: 3, so")


def test_a_recording_is_described_by_one_of_its_times(tmp_path):
    folder = write_recording(tmp_path / "rec")
    shared, time = read_folder(folder, wanted=SHARED.__contains__), read_folder(folder / "100")
    said = {"layers": ["fc1", "conv1"], "pooling": {"maps": "mean", "tokens": [3]}, "compact": True}
    found = describe(folder, said, shared=shared, time=time, ids_digest="0123")
    assert list(found.layers.items()) == [("fc1", [6]), ("conv1", [2, 3, 3])]
    assert (found.sample_count, found.predictions, found.class_count) == (SAMPLES, "outputs", CLASSES)
    assert found.has_inputs and found.form == {"maps": "mean", "compact": True}
    (folder / "class_names.txt").write_text("a\nb\n")
    other = describe(folder, {}, shared=shared, time={"fc1": time["fc1"]})
    assert other.class_count == 2 and other.predictions is None and other.samples_digest != found.samples_digest


def described(folder):
    shared, time = read_folder(folder, wanted=SHARED.__contains__), read_folder(folder / "100")
    return describe(folder, {}, shared=shared, time=time)


def facts(folder, **said):
    return described(folder).facts({"kind": "auto", "target": "auto"} | said)


@pytest.mark.parametrize(
    ("labels", "target", "names"),
    [
        (np.arange(SAMPLES) % 3, "classes", ("0", "1", "2")),
        (np.linspace(0, 1, SAMPLES), "number", ()),
        (np.arange(SAMPLES)[:, None] % 4, "classes", tuple("0123")),
        (np.linspace(0, 1, SAMPLES)[:, None], "number", ()),
        (np.eye(4)[np.arange(SAMPLES) % 4], "classes", tuple("0123")),
        (np.eye(4)[np.arange(SAMPLES) % 4] + np.eye(4)[0], "labels", tuple("0123")),
        (np.zeros((SAMPLES, 2), bool), "labels", ("0", "1")),
        (None, "none", ()),
    ],
)
def test_what_labels_are_by_their_type_and_shape(tmp_path, labels, target, names):
    folder = write_recording(tmp_path / "rec", predictions=None)
    (folder / "labels.npy").unlink()
    if labels is not None:
        np.save(folder / "labels.npy", labels)
    assert (facts(folder).target, facts(folder).names) == (target, names)
    assert described(folder).sample_count == SAMPLES
    assert (described(folder).left_out()[0][:18] == "has no labels.npy:") == (labels is None)
    if target in ("classes", "labels", "none"):
        np.save(folder / "class_names.npy", np.array(["x", "y", "z", "w"]))
        assert facts(folder).names == ("x", "y", "z", "w")


def test_whole_numbers_that_are_no_classes_have_no_names(tmp_path):
    """A billion names would not fit into memory: planning leaves it to the job to refuse such classes."""
    folder = write_recording(tmp_path / "rec", predictions=None)
    np.save(folder / "labels.npy", np.arange(SAMPLES) * 10**9)
    assert (facts(folder).target, facts(folder).names) == ("classes", ())
    assert facts(folder, target="number").target == "number"


@pytest.mark.parametrize(
    ("inputs", "kind", "shape"),
    [
        (np.ones((SAMPLES, 7), int), "tokens", (7,)),
        (np.ones((SAMPLES, 7), np.float32), "table", (7,)),
        (np.ones((SAMPLES, 2, 30)), "signals", (2, 30)),
        (np.ones((SAMPLES, 1, 5, 5)), "images", (1, 5, 5)),
        (np.ones((SAMPLES, 6, 6), np.uint8), "other", (6, 6)),
        (None, "other", None),
    ],
)
def test_what_inputs_are_by_their_type_and_shape(tmp_path, inputs, kind, shape):
    folder = write_recording(tmp_path / "rec", inputs=False)
    if inputs is not None:
        np.save(folder / "inputs.npy", inputs)
    assert (facts(folder).kind, facts(folder).shape) == (kind, shape)
    (folder / "texts.txt").write_text("a\n" * SAMPLES)
    assert facts(folder).kind == (kind if inputs is not None else "tokens")
    assert facts(folder, kind="table", target="number").kind == "table"


def test_attributes_are_known_by_their_header_and_outlive_the_folder(tmp_path):
    folder = write_recording(tmp_path / "rec")
    before = described(folder)
    (folder / "attributes.csv").write_text("age,writer\n" + "3,a\n" * SAMPLES)
    found = described(folder)
    assert found.facts({"kind": "auto", "target": "auto"}).attributes == ("age", "writer")
    assert found.samples_digest != before.samples_digest
    assert Recording(**found.for_record()).facts({"kind": "auto", "target": "auto"}) == facts(folder)
    (folder / "attributes.csv").write_text("age,writer\n3,a\n")
    with pytest.raises(ConfigError, match=r"attributes\.csv has 1 lines after its header, and there are 60 samples"):
        described(folder)
    (folder / "attributes.csv").write_text("age,age\n")
    with pytest.raises(ConfigError, match="two attributes called 'age'"):
        described(folder)
