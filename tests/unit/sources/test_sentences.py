"""Sentences of listings."""

import os

from evolution.sources.sentences import few, unfinished_note


def test_few_of_many_names():
    assert few([1, 2]) == "1, 2"
    assert few("abcde") == "a, b, c, ... (5 in all)"


def test_what_is_not_whole_is_still_written_or_was_broken_off(tmp_path):
    path = tmp_path / "a.pt"
    path.touch()
    assert "still written; give the same command again" in unfinished_note(str(path))
    os.utime(path, (1, 1))
    note = unfinished_note(str(path), left_out="folder", why="a.pt is not whole")
    assert note.startswith("folder is left out: a.pt is not whole, as after a full disk")
