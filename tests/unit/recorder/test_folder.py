"""The folder of a recording: whose it is, and times that are whole."""

import errno
import json
import os
import platform
import shutil

import numpy as np
import pytest

from activation_recorder import RecorderError
from activation_recorder.folder import Folder, FolderLost, disk_remedy

IDENTITY = {
    "format": 1,
    "unit": "step",
    "samples": "a" * 64,
    "model": "Net, " + "b" * 64,
    "pooling": {},
    "compact": True,
}


SETTLED = {"layers": ["fc"], "classes": None, "classifier": None}


def folder(path, **other):
    return Folder(path, IDENTITY | other, {"labels": np.arange(3)}, SETTLED)


def add(recording, step):
    with recording.time(step) as partial:
        (partial / "fc.npy").write_bytes(b"")
        number = partial.stat().st_ino
    # It was moved: a copy would be there before it is whole.
    assert (recording.path / str(step)).stat().st_ino == number


def test_a_time_appears_whole_or_not_at_all(tmp_path):
    recording = folder(tmp_path / "rec")
    assert recording.begin(0) == []
    with pytest.raises(KeyError), recording.time(1) as partial:
        assert partial.name.startswith(".1.partial-") and recording.times() == []
        raise KeyError
    assert [entry.name for entry in (tmp_path / "rec").iterdir() if entry.name.startswith(".")] == [".lock"]
    add(recording, 12)
    add(recording, 3)
    assert recording.times() == [3, 12]


def test_what_of_the_folder_is_missing_is_written_again(tmp_path):
    folder(tmp_path).begin(0)
    (tmp_path / "labels.npy").unlink()
    assert folder(tmp_path).begin(0) == []
    assert (tmp_path / "labels.npy").is_file()


def test_leftovers_of_what_was_killed_are_removed(tmp_path):
    names = {
        f".5.partial-{platform.node()}-999999999": False,
        ".6.partial-elsewhere-3": True,
        ".7.partial-long-ago-3": False,
        ".kept": True,
    }
    for name in names:
        (tmp_path / name).mkdir()
    os.utime(tmp_path / ".7.partial-long-ago-3", (0, 0))
    folder(tmp_path).begin(0)
    assert {name: (tmp_path / name).exists() for name in names} == names


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.write_text(""), "rec is a file"),
        (lambda path: (path / "5").mkdir(parents=True), "rec holds 5 but no recording.json, so no recorder made it"),
        (lambda path: (path.mkdir(), (path / "recording.json").write_text("{")), "is not what a recorder writes"),
        (lambda path: (path.mkdir(), (path / "recording.json").write_text('{"format": 2}')), "format 1 was expected"),
        (
            lambda path: (path.mkdir(), (path / "recording.json").write_text(json.dumps(IDENTITY | {"model": "X"}))),
            "a recording of another model: .*recording.json says X, and this recorder has Net, bbbbbbbbbbbb...[.] Give",
        ),
    ],
)
def test_a_folder_with_something_else_is_refused(tmp_path, make, says):
    make(tmp_path / "rec")
    with pytest.raises(RecorderError, match=says):
        folder(tmp_path / "rec")


def test_a_training_that_recorded_nothing_is_no_other_one(tmp_path):
    folder(tmp_path).begin(400)
    assert folder(tmp_path).begin(0) == []
    add(folder(tmp_path), 100)
    assert folder(tmp_path).begin(50) == [100]


def test_of_two_that_begin_together_one_is_refused(tmp_path):
    one, other = folder(tmp_path), folder(tmp_path)
    one.begin(0)
    add(one, 0)
    with pytest.raises(RecorderError, match=r"step 0, of a training that began at 0. This training begins at 0"):
        other.begin(0)


def test_the_message_counts_times(tmp_path):
    one = folder(tmp_path)
    one.begin(0)
    for step in (0, 7):
        add(one, step)
    assert folder(tmp_path).begin(1) == [0, 7]
    with pytest.raises(RecorderError, match="holds a recording already: 2 steps, 0 to 7"):
        folder(tmp_path).begin(0)


def test_a_folder_that_was_deleted_is_not_written_any_more(tmp_path):
    """It may be another recording by now."""
    one = folder(tmp_path / "rec")
    one.begin(0)
    add(one, 0)
    shutil.rmtree(tmp_path / "rec")
    (tmp_path / "rec").mkdir()
    with pytest.raises(FolderLost, match="was deleted"):
        add(one, 1)
    assert list((tmp_path / "rec").iterdir()) == []


def test_a_training_that_goes_on_in_the_middle_of_an_epoch(tmp_path):
    one = folder(tmp_path, unit="epoch")
    one.begin(0)
    add(one, 0)
    assert folder(tmp_path, unit="epoch").begin(0.6) == [0]


@pytest.mark.parametrize("begun", [None, "0"])
def test_where_it_began_may_have_been_lost(tmp_path, begun):
    add_to = folder(tmp_path)
    add_to.begin(3)
    add(add_to, 3)
    settings = tmp_path / "recording.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"begun": begun}))
    assert folder(tmp_path).begin(4) == [3]
    with pytest.raises(RecorderError, match="began at 3"):
        folder(tmp_path).begin(3)


@pytest.mark.parametrize("size", [0, 6, 130])
def test_inputs_that_were_cut_off_are_named(tmp_path, size):
    arrays = {"inputs": np.zeros((20, 4))}
    Folder(tmp_path, IDENTITY, arrays, SETTLED).begin(0)
    file = tmp_path / "inputs.npy"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(RecorderError, match=r"inputs\.npy cannot be read .* Delete this file; it is written again"):
        Folder(tmp_path, IDENTITY, arrays, SETTLED)


def test_all_is_on_the_disk_before_a_time_has_its_name(tmp_path, monkeypatch):
    one, done = folder(tmp_path), []
    one.begin(0)
    monkeypatch.setattr("activation_recorder.folder._sync", lambda path: done.append(path.name))
    rename = os.rename
    monkeypatch.setattr(os, "rename", lambda old, new: (done.append("rename"), rename(old, new)))
    add(one, 0)
    assert done[0] == "fc.npy" and done[1].startswith(".0.partial") and done[2:] == ["rename", tmp_path.name]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "Make room"), (errno.EACCES, "Make the folder writable"), (errno.ENAMETOOLONG, "Give a path")],
)
def test_the_remedy_is_that_of_the_error(number, remedy):
    assert disk_remedy(OSError(number, "")).startswith(remedy)


def test_what_was_settled_by_the_first_training_holds(tmp_path):
    one = folder(tmp_path)
    one.begin(0)
    add(one, 0)
    other = Folder(tmp_path, IDENTITY, {"labels": np.arange(3)}, SETTLED | {"classifier": "fc", "classes": 3})
    other.begin(1)
    assert other.settled == SETTLED


def test_text_files_lie_next_to_the_arrays(tmp_path):
    def folder(text):
        return Folder(tmp_path / "rec", IDENTITY, {"labels": np.arange(3)}, SETTLED, {"texts.txt": text})

    folder("grün\n").begin(0)
    assert (tmp_path / "rec" / "texts.txt").read_text(encoding="utf-8") == "grün\n"
    folder("grün\n")
    with pytest.raises(RecorderError, match=r"texts\.txt differs from what this recorder is given"):
        folder("blau\n")
