"""What the planner notes of files, so that it need not read them again."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from evolution.sources.notes import Notes

NOTES = Path(".snakemake/evolution/sizes.json")


@dataclass(frozen=True)
class Size:
    size: int
    is_whole: bool = True


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("12345")


def read(path):
    return Size(path.stat().st_size)


def unread(path):
    raise AssertionError(f"{path} is read again")


def note(*paths, read=read):
    notes = Notes("sizes", Size)
    found = [notes.facts(Path(path), read) for path in paths]
    notes.save()
    return found


def test_a_file_that_is_as_it_was_is_not_read():
    assert note("a") == [Size(5)] == note("a", read=unread)
    os.utime("a", ns=(1, 1))
    with pytest.raises(AssertionError):
        note("a", read=unread)


def test_a_folder_counts_by_its_files():
    os.mkdir("b")
    Path("b/c").write_text("1")
    assert note("b") == note("b", read=unread)
    Path("b/c").write_text("12")
    with pytest.raises(AssertionError):
        note("b", read=unread)


def test_what_is_not_whole_is_read_again():
    note("a", read=lambda path: Size(5, is_whole=False))
    with pytest.raises(AssertionError):
        note("a", read=unread)


def test_files_that_are_gone_are_forgotten():
    Path("b").write_text("1")
    note("a", "b")
    os.remove("b")
    Path("c").write_text("1")
    note("c")
    assert sorted(map(os.path.basename, json.loads(NOTES.read_text())["files"])) == ["a", "c"]


@pytest.mark.parametrize("content", ["{", "[]", "3", "null", '{"version": 0}', '{"version": 1, "files": [1]}', "other"])
def test_notes_of_another_form_are_empty(content):
    note("a")
    if content == "other":
        known = json.loads(NOTES.read_text())
        known["files"] = {
            place: {"stamp": entry["stamp"], "facts": {"b": 1}} for place, entry in known["files"].items()
        }
        content = json.dumps(known)
    NOTES.write_text(content)
    assert note("a") == [Size(5)]
    assert note("a", read=unread) == [Size(5)]
