"""The times of runs whose checkpoints are on disk: as they grow, shrink, and are replaced."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from evolution.errors import ConfigError
from evolution.planning.run_times import RunTimes, checkpoint_times, recording_times
from evolution.sources.records import save_record
from evolution.sources.unusable import note_unusable
from support.recordings import write_recording, write_time

CHOOSE = {"every": None, "log_until": None, "also": [], "leave_out": []}
SETTINGS = {"path": "ck", "unit": "auto", "key": None, "choose": CHOOSE}


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("ck")


def write(*steps):
    for step in steps:
        torch.save({"w": torch.rand(3)}, f"ck/step_{step}.pt")


def planned(per_job=1, **changes):
    return checkpoint_times("a", SETTINGS | changes, per_job=per_job)


def take(times):
    """What the snapshot jobs of a plan leave behind."""
    for span, members in times.spans.items():
        save_record(
            f"results/a/checkpoints/{span}.json",
            pattern="ck",
            unit=times.unit,
            times=[times.stored[member] for member in members],
        )


def test_a_span_a_checkpoint():
    write(0, 500, 1000)
    times = planned()
    assert times.unit == "step" and times.times == [0, 500, 1000] and times.training_spans == {}
    assert times.spans == {"step_000000": [0], "step_000500": [500], "step_001000": [1000]}
    assert times.span_of == {0: "step_000000", 500: "step_000500", 1000: "step_001000"}
    assert times.history_spans == list(times.spans)


def test_growing_moves_no_span():
    write(0, 1, 2, 3)
    before = planned(per_job=2)
    assert list(before.spans.values()) == [[0], [1, 2], [3]]
    take(before)
    write(4, 5, 6)
    assert list(planned(per_job=2).spans.values()) == [[0], [1, 2], [3], [4, 5], [6]]
    assert list(planned(per_job=5).spans.values()) == [[0], [1, 2], [3], [4, 5, 6]]


def test_a_time_within_a_span_breaks_it():
    write(0, 1, 3)
    take(planned(per_job=2))
    write(2)
    assert list(planned(per_job=2).spans.values()) == [[0], [1, 2], [3]]


def test_what_is_deleted_stays_once_it_was_taken():
    write(0, 500, 1000)
    before = planned()
    os.remove("ck/step_500.pt")
    assert planned().times == [0, 1000], "it was not taken"
    take(before)
    after = planned()
    assert after.spans == before.spans and after.stored == before.stored
    assert after.notes == ["ck/step_500.pt is gone; what was taken of it stays part of run a."]
    for step in (0, 1000):
        os.remove(f"ck/step_{step}.pt")
    assert planned().spans == before.spans
    with pytest.raises(ConfigError, match="matches no whole checkpoint"):
        planned(path="ck/*.pt")
    assert planned(choose=CHOOSE | {"leave_out": [500]}).times == [0, 1000]


def test_a_chosen_one_that_was_taken_may_be_gone():
    write(0, 500, 1000)
    take(planned(choose=CHOOSE | {"also": [500]}))
    os.remove("ck/step_500.pt")
    assert planned(choose=CHOOSE | {"also": [500]}).times == [500]
    with pytest.raises(ConfigError, match="no checkpoint of step 700"):
        planned(choose=CHOOSE | {"also": [500, 700]})


def test_another_training_in_the_same_folder_is_not_mixed_with_the_first():
    write(0, 500, 1000)
    take(planned())
    write(1000)
    assert planned().times == [0, 500, 1000], "a file that changed is taken again"
    write(0, 500)
    assert planned().times == [0, 500, 1000], "and so are all"
    take(planned())
    write(500)
    with pytest.raises(ConfigError, match=r"^path: ck/step_500\.pt is not .* ck/step_1000\.pt, which comes later, is"):
        planned()
    os.remove("ck/step_1000.pt")
    with pytest.raises(
        ConfigError, match=r"^path: ck/step_500\.pt is not the file .* run a .*ck/step_1000\.pt is gone"
    ):
        planned()


def test_a_training_that_begins_again_in_an_emptied_folder():
    write(50, 100)
    take(planned())
    for path in Path("ck").iterdir():
        path.unlink()
    assert planned().times == [50, 100]
    write(1, 2)
    for path in Path("ck").iterdir():
        os.utime(path, (2e9, 2e9))
    with pytest.raises(
        ConfigError, match=r"^path: ck/step_1\.pt was written after the results of run a .* step 100, and"
    ):
        planned()
    for path in Path("ck").iterdir():
        os.utime(path, (1e9, 1e9))
    assert planned().times == [1, 2, 50, 100], "older files, which are chosen only now"


def test_unusable_checkpoints_are_left_out():
    write(0, 500)
    note_unusable(planned().stored[500].fingerprint, None, "NaN")
    assert planned().times == [0] and "not finite" in planned().notes[0]


def test_times_of_a_grid():
    times = RunTimes("step", {str(step): [step] for step in range(0, 2000, 100)})
    assert times.grid_times([100]) == [100]
    spread = times.grid_times(None)
    assert len(spread) == 6 and spread[0] == 0 and spread[-1] == 1900


ACTIVATIONS = {"compact": True, "pooling": {"maps": "flatten", "tokens": "mean"}}


def recorded(layers="auto", activations=None, **changes):
    settings = {"path": "rec", "unit": "step", "choose": CHOOSE} | changes
    return recording_times("a", settings, layers=layers, activations=activations or ACTIVATIONS, per_job=1)


def take_recorded(times):
    """What the snapshot jobs of a plan leave behind."""
    for span, members in times.spans.items():
        save_record(
            f"results/a/recording/{span}.json",
            pattern="rec",
            unit=times.unit,
            times=[times.stored[member] for member in members],
            recording=times.recording.for_record(),
        )


def test_a_recording_grows_shrinks_and_goes():
    folder = write_recording(Path("rec"), times=(0, 100), predictions=None, inputs=False)
    before = recorded()
    assert list(before.spans) == ["step_000000", "step_000100"]
    assert not before.has_predictions and not before.has_inputs and len(before.notes) == 2
    take_recorded(before)
    write_time(folder / "200", 2, predictions=None)
    shutil.rmtree(folder / "0")
    after = recorded()
    assert after.times == [0, 100, 200] and after.notes[0].startswith("rec/0 is gone; what was taken of it stays")
    take_recorded(after)
    shutil.rmtree(folder)
    gone = recorded()
    assert gone.spans == after.spans and gone.recording == replace(after.recording, samples_digest="", ids_digest=None)
    with pytest.raises(ConfigError, match="'other' is not there"):
        recorded(path="other")


def test_a_recorded_time_that_a_job_found_not_finite_is_left_out_where_that_layer_is_followed():
    write_recording(Path("rec"))
    take_recorded(recorded(layers=["conv1"]))
    note_unusable(recorded().stored[100].fingerprint, "fc1", "NaN")
    times = recorded()
    assert times.times == [0, 200] and times.notes == ["rec/100 is left out: its fc1 is not finite (NaN or infinite)."]
    assert recorded(layers=["conv*"]).times == [0, 100, 200]
    note_unusable(times.stored[0].fingerprint, "predictions", "NaN")
    note_unusable(times.stored[200].fingerprint, "fc1", "NaN")
    with pytest.raises(ConfigError, match=r"^path: all times of 'rec' hold values that are not finite"):
        recorded()


def test_keys_that_come_too_late_for_what_a_recorder_made():
    folder = write_recording(Path("rec"))
    said = {"format": 1, "pooling": {"maps": "flatten", "tokens": "mean"}, "compact": True}
    (folder / "recording.json").write_text(json.dumps(said))
    assert recorded().notes == []
    asked = {"compact": False, "pooling": {"maps": "mean", "tokens": "mean"}}
    assert recorded(activations=asked).notes == [
        "rec was recorded with maps: flatten, so activations.pooling.maps: mean has no effect on it.",
        "rec was recorded with compact: true, so activations.compact: false has no effect on it.",
    ]


def test_another_recording_in_the_same_folder_is_not_mixed_with_the_first():
    folder = write_recording(Path("rec"))
    take_recorded(recorded())
    shutil.rmtree(folder / "0")
    shutil.rmtree(folder / "100")
    write_time(folder / "100", 9)
    with pytest.raises(ConfigError, match=r"rec/100 is not the folder that the results of run a were made from"):
        recorded()


def test_a_trained_run_has_everything():
    times = RunTimes("epoch", {"0000": [0]})
    assert times.has_inputs and times.has_predictions
