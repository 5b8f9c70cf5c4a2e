"""A note is said once in a process."""

from evolution.planning.said_before import not_said_before


def test_each_note_is_new_once():
    assert not_said_before(["one", "two", "one"]) == ["one", "two"]
    assert not_said_before(iter(["two", "three"])) == ["three"]
