"""The arrays of one time of a recording, and what the planner notes of them."""

import os

import numpy as np
import pytest

from evolution.errors import ConfigError
from evolution.sources import recorded_time
from evolution.sources.recorded_time import (
    array_files,
    array_notes,
    folder_fingerprint,
    read_folder,
    unread_arrays,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "100"
    folder.mkdir()
    np.save(folder / "layer1.0.conv.npy", np.zeros((4, 2), np.float32))
    np.save(folder / ".hidden.npy", np.zeros(4))
    (folder / "notes.txt").touch()
    return folder


def test_arrays_are_named_by_their_files(folder):
    assert list(array_files(folder)) == ["layer1.0.conv"]
    assert read_folder(folder)["layer1.0.conv"].facts.shape == [4, 2]


def test_two_files_of_one_array_are_refused(folder):
    (folder / "layer1.0.conv.safetensors").touch()
    with pytest.raises(ConfigError, match="are two files of one array; remove one of them"):
        array_files(folder)


def test_what_is_no_array_is_named(folder):
    (folder / "a.npy").write_text("some text that is no array")
    with pytest.raises(ConfigError, match=r"100/a\.npy cannot be used: it is no \.npy\. Write it with np\.save"):
        read_folder(folder)


def test_a_file_is_read_once(folder, monkeypatch):
    notes = array_notes()
    first = read_folder(folder, notes=notes)
    notes.save()
    monkeypatch.setattr(recorded_time, "read_array_facts", None)
    assert read_folder(folder, notes=array_notes()) == first, "the notes have it"
    os.utime(folder / "layer1.0.conv.npy", ns=(1, 1))
    with pytest.raises(TypeError):
        read_folder(folder, notes=array_notes())


def test_what_nothing_asks_for_is_not_read(folder):
    (folder / "a.npy").write_text("some text that is no array")
    assert list(read_folder(folder, wanted=lambda name: name != "a")) == ["layer1.0.conv"]
    assert unread_arrays(folder, lambda name: name != "a") == [(folder / "a.npy").as_posix()]


def test_a_folder_changes_with_its_arrays(folder):
    before = folder_fingerprint(read_folder(folder))
    (folder / "notes.txt").write_text("more")
    assert folder_fingerprint(read_folder(folder)) == before
    np.save(folder / "layer1.0.conv.npy", np.ones((4, 2), np.float32))
    assert folder_fingerprint(read_folder(folder)) != before
