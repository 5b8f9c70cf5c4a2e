"""The times of runs: of those that are trained here, and of what is on disk as it grows, shrinks, and is replaced."""

import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from evolution.config.resolve import resolve
from evolution.errors import ConfigError
from evolution.planning.run_times import Ending, RunTimes, checkpoint_times, recording_times, trained_times
from evolution.sources.records import save_record
from evolution.sources.unusable import note_unusable
from evolution.training.kept_times import load_kept_times, save_kept_times
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


def test_a_record_that_does_not_say_what_the_samples_are():
    """It is from when all samples were images with classes; the figures that were drawn of them call them so."""
    folder = write_recording(Path("rec"), times=(0, 100))
    take_recorded(recorded())
    shutil.rmtree(folder)
    for path in Path("results/a/recording").glob("*.json"):
        record = json.loads(path.read_text())
        for name in ("labels", "names", "attributes", "inputs", "input_shape"):
            del record["recording"][name]
        path.write_text(json.dumps(record))
    recording = recorded().recording
    facts = recording.facts({"kind": "auto", "target": "auto"})
    assert (facts.kind, facts.target, len(facts.names)) == ("images", "classes", recording.class_count)


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


# Runs that are trained here. An epoch has three steps: 30 images in batches of 10.


def trained(*, also=(), training=None, snapshots=None, **changes):
    """The times of a run of 12 steps with a snapshot every fourth, trained in spans of 5 steps."""
    config = {
        "dataset": {"train_size": 30},
        "training": {"epochs": 4, "batch_size": 10, "steps_per_job": 5} | (training or {}),
        "snapshots": {"unit": "step", "every": 4, "also": list(also)} | (snapshots or {}),
        "runs": {"a": {}},
    }
    return resolve(config | changes)["times"]["a"]


def train(times):
    """The notes that the training jobs of a plan leave behind."""
    for span, within in {**times.training_spans, **times.added_spans}.items():
        if times.kept[span] is not None:
            path = Path(f"results/a/kept/{span}.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            save_kept_times(
                path, training=times.training_digest, times=within, asked=times.asked[span], kept=times.kept[span]
            )


def test_a_training_that_has_ended_leaves_the_plan_of_its_jobs_as_it_was():
    """Whatever else its checkpoints hold, the jobs were asked for the same; and nothing of it is trained again."""
    stop = {"stop": {"train_accuracy": 0.5}}
    before = trained(training=stop)
    train(before)
    # It ended at step 6: the second span holds that, and the third holds nothing.
    for span, within in before.training_spans.items():
        if within[-1] >= 6:
            kept = [time for time in before.asked[span] if time < 6] + [6] * (within[0] <= 6)
            note = {"training": before.training_digest, "times": within, "asked": before.asked[span], "kept": kept}
            save_kept_times(Path(f"results/a/kept/{span}.json"), **note)
    after = trained(training=stop)
    assert after.asked == before.asked and after.added_spans == {}
    run, config = _resolved(stop)
    ended = trained_times("a", run, config, ending=Ending(6, ""), training_digest=after.training_digest)
    assert ended.times == [0, 4, 6] and ended.added_spans == {}
    assert ended.grid_times([0, 4]) == [0, 4] and ended.grid_times([0, 4, 8]) == [0, 4, 6]
    # A step that is added before the end is a part of a span, and one after the end is nothing.
    run, config = _resolved(stop, also=[2, 9])
    added = trained_times("a", run, config, ending=Ending(6, ""), training_digest=after.training_digest)
    assert added.times == [0, 2, 4, 6] and list(added.added_spans) == ["step_000001-000002"]


def _resolved(training, also=()):
    """A run of `trained` and its config."""
    config = resolve(
        {
            "dataset": {"train_size": 30},
            "training": {"epochs": 4, "batch_size": 10, "steps_per_job": 5} | training,
            "snapshots": {"unit": "step", "every": 4, "also": list(also)},
            "runs": {"a": {}},
        }
    )
    return config["runs"]["a"], config


def test_where_data_sets_lie_is_no_part_of_a_training():
    assert trained(dataset={"train_size": 30, "root": "elsewhere"}).training_digest == trained().training_digest


def test_a_seed_of_the_images_that_is_the_runs_own_is_no_other_training():
    same, other = (trained(seed=3, dataset={"train_size": 30, "seed": seed}).training_digest for seed in (3, 4))
    assert trained(seed=3).training_digest == same != other


CHAIN = {
    "step_000000": range(0, 1),
    "step_000001-000005": range(1, 6),
    "step_000006-000010": range(6, 11),
    "step_000011-000012": range(11, 13),
}


def test_a_training_in_steps():
    times = trained()
    assert times.unit == "step" and times.epoch_length == 3 and times.times == [0, 4, 8, 12]
    assert times.training_spans == CHAIN and times.added_spans == times.repeated_span == {}
    # Snapshots, the ends of the epochs 3, 6, 9 and 12, and those of the spans.
    assert list(times.kept.values()) == [[0], [3, 4, 5], [6, 8, 9, 10], [12]] and list(times.kept) == list(CHAIN)
    assert times.history_spans == list(CHAIN)
    assert times.history_span_of[4] == "step_000001-000005" and 7 not in times.history_span_of
    assert times.training_span_before == dict(zip(list(CHAIN)[1:], CHAIN))


def test_a_training_that_keeps_snapshots_alone():
    times = trained(training={"keep_epochs": "snapshots"})
    assert list(times.kept.values()) == [[0], [4, 5], [8, 10], [12]]
    epochs = {"unit": "epoch", "every": 2}
    in_epochs = {"steps_per_job": None, "epochs_per_job": 3}
    times = trained(training={"keep_epochs": "snapshots"} | in_epochs, snapshots=epochs)
    assert times.kept == {"0000": [0], "0001-0003": [2, 3], "0004": [4]} and times.epoch_length == 1
    assert trained(training=in_epochs, snapshots=epochs).kept == {"0000": None, "0001-0003": None, "0004": None}


def test_by_default_a_snapshot_comes_every_second_epoch():
    assert trained(snapshots={"every": None}).times == [0, 6, 12]
    assert trained(snapshots={"every": None, "unit": "epoch"}, training={"steps_per_job": None}).times == [0, 2, 4]
    assert trained(snapshots={"every": None, "log_until": 4}).times == [0, 1, 2, 4, 6, 12]


def test_steps_of_an_epoch_are_a_runs_own():
    runs = {"a": {"training": {"batch_size": 15, "accumulate": 2}}, "b": {"dataset": {"train_size": 40}}}
    times = resolve(
        {
            "dataset": {"train_size": 30},
            "training": {"epochs": 4, "batch_size": 10},
            "snapshots": {"unit": "step"},
            "runs": runs,
        }
    )["times"]
    assert times["a"].epoch_length == 1 and times["a"].times == [0, 2, 4]
    assert times["b"].epoch_length == 4 and times["b"].times == [0, 8, 16]


def test_a_snapshot_that_is_added_is_trained_again_where_its_weights_were_not_kept():
    before = trained()
    train(before)
    # The weights of 6 and 10 are there.
    times = trained(also=[6, 7, 10])
    assert times.training_spans == CHAIN and {span: times.kept[span] for span in CHAIN} == before.kept
    assert times.added_spans == {"step_000006-000007": range(6, 8)} and times.kept["step_000006-000007"] == [7]
    assert times.repeated_span == {"step_000006-000007": "step_000006-000010"}
    assert times.training_span_before["step_000006-000007"] == "step_000001-000005"
    assert times.history_spans == [*CHAIN, "step_000006-000007"]
    assert times.history_span_of[7] == "step_000006-000007" and times.history_span_of[6] == "step_000006-000010"


def test_what_was_added_before_stays_as_it_is():
    train(trained())
    train(trained(also=[7]))
    times = trained(also=[1, 7, 11])
    assert times.kept["step_000006-000007"] == [7]
    assert times.added_spans == {
        "step_000001": range(1, 2),
        "step_000006-000007": range(6, 8),
        "step_000011": range(11, 12),
    }
    assert times.training_span_before["step_000001"] == "step_000000"
    # An added span that no snapshot asks for any more is no job.
    assert trained().added_spans == {}


def test_the_first_plan_keeps_all_that_is_asked_for():
    """Without notes nothing is there yet."""
    times = trained(also=[7])
    assert times.added_spans == {} and times.kept["step_000006-000010"] == [6, 7, 8, 9, 10]


def test_the_end_of_a_span_is_never_trained_again():
    """The part would be the whole span, and have its name."""
    settings = {"training": {"keep_epochs": "snapshots"}, "snapshots": {"every": 12}}
    train(trained(**settings))
    times = trained(also=[5, 10], **settings)
    assert times.added_spans == {} and times.history_span_of[5] == "step_000001-000005"


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"learning_rate": 0.1}},
        {"training": {"schedule": {"name": "cosine"}}},
        {"training": {"augmentation": ["RandomHorizontalFlip"]}},
        {"model": {"name": "mlp"}},
        {"seed": 3},
        {"dataset": {"train_size": 30, "seed": 3}},
    ],
)
def test_notes_of_another_training_count_for_nothing(changes):
    before = trained()
    train(before)
    times = trained(also=[7], **changes)
    assert times.training_digest != before.training_digest
    assert times.added_spans == {} and times.kept["step_000006-000010"] == [6, 7, 8, 9, 10]


def test_how_a_training_is_cut_and_where_it_runs_makes_it_no_other():
    before = trained().training_digest
    assert trained(training={"steps_per_job": 2, "keep_epochs": "snapshots", "gpus": 0}).training_digest == before
    assert trained(snapshots={"every": 2}).training_digest == before
    # A longer training is another one where the learning rate depends on its length.
    assert trained(training={"epochs": 9}).training_digest == before
    cosine = {"schedule": {"name": "cosine"}}
    assert trained(training=cosine | {"epochs": 9}).training_digest != trained(training=cosine).training_digest


def test_a_longer_training_goes_on_from_what_is_there():
    train(trained())
    times = trained(training={"epochs": 6})
    assert list(times.training_spans)[:3] == list(CHAIN)[:3] and list(times.training_spans)[3] == "step_000011-000015"
    assert times.added_spans == {} and times.kept["step_000011-000015"] == [12, 15]


def test_notes_in_epochs_count_for_nothing_in_steps():
    """Both kinds of spans begin at 1, and their numbers say different things."""
    epochs = {"snapshots": {"unit": "epoch", "every": 4}}
    in_epochs = {"keep_epochs": "snapshots", "steps_per_job": None}
    train(trained(training=in_epochs, also=[2], **epochs))
    train(trained())
    times = trained(also=[2])
    assert times.added_spans == {"step_000001-000002": range(1, 3)}


@pytest.mark.parametrize("keep_epochs", ["all", "snapshots"])
@pytest.mark.parametrize("unit", ["step", "epoch"])
def test_whatever_is_added_and_removed_each_snapshot_has_its_weights(unit, keep_epochs):
    drawn = random.Random(1)
    for _ in range(25):
        shutil.rmtree("results", ignore_errors=True)
        for _ in range(5):
            also = drawn.sample(range(13), drawn.randrange(6))
            cut = {"steps_per_job": 5} if unit == "step" else {"steps_per_job": None, "epochs_per_job": 5, "epochs": 12}
            times = trained(also=also, training={"keep_epochs": keep_epochs} | cut, snapshots={"unit": unit})
            assert set(times.history_span_of) >= set(times.times)
            assert not times.added_spans.keys() & times.training_spans.keys()
            for added, within in times.added_spans.items():
                whole = times.training_spans[times.repeated_span[added]]
                assert within[0] == whole[0] and within[-1] == times.kept[added][-1] < whole[-1]
            # No checkpoint that is there is written again.
            for span, note in load_kept_times(Path("results/a/kept"), training=times.training_digest).items():
                assert span not in times.kept or times.kept[span] == note.kept
            train(times)


def test_there_are_too_many_jobs_in_steps():
    with pytest.raises(
        ConfigError, match=r"training\.epochs: 9000 with snapshots\.every 1 \(steps\) makes about"
    ) as error:
        trained(training={"epochs": 9000}, snapshots={"every": 1})
    assert "raise snapshots.every, snapshots_per_job or training.steps_per_job" in str(error.value)


def test_a_span_of_another_cut_is_a_part_only_where_it_begins_as_one():
    train(trained())
    cut = {"steps_per_job": 8, "keep_epochs": "snapshots"}
    train(trained(training=cut))
    # The weights of 3 are in the earlier span from 1, which is a part of the new one; those of 10 are in one from 6.
    times = trained(training=cut, also=[3, 10])
    assert times.added_spans == {"step_000001-000005": range(1, 6), "step_000009-000010": range(9, 11)}
    assert times.kept["step_000001-000005"] == [3, 4, 5]
