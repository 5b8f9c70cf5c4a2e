"""Listings of a user's own folders: what is left out, what is followed, and messages where a folder cannot be read."""

import os

import pytest

from evolution.data.listing import entries, files_below, subfolders
from evolution.errors import DataError


def test_folders_are_sorted_and_hidden_ones_left_out(tmp_path):
    for name in ("b", "a", "B", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    assert subfolders(tmp_path) == ["B", "a", "b"]
    assert sorted(entry.name for entry in entries(tmp_path)) == ["B", "a", "b", "file"]


def test_all_files_of_a_class_and_of_the_folders_within(tmp_path):
    for name in ("cat/1.png", "cat/notes.txt", "cat/more/deep/2.gif", "cat/.hidden/3.png", "dog/4.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = sorted(entry.path for entry in files_below(tmp_path, "cat"))
    assert found == [str(tmp_path / name) for name in ("cat/1.png", "cat/more/deep/2.gif", "cat/notes.txt")]


def test_a_folder_that_goes_away_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none cannot be read \(No such file or directory\); make it readable"):
        subfolders(tmp_path / "none")


def test_a_circle_of_links_is_named(tmp_path):
    (tmp_path / "cat").mkdir()
    os.symlink("..", tmp_path / "cat" / "loop")
    with pytest.raises(DataError, match="loop is a link to a folder that it lies in"):
        list(files_below(tmp_path, "cat"))
