"""Errors that a user can mend keep apart what is wrong and the key at which it is."""

import pytest

from evolution.errors import ConfigError, DataError, LayerError, ModelError, UserError, first_line

FAMILY = (UserError, ConfigError, DataError, ModelError, LayerError)


@pytest.mark.parametrize("kind", FAMILY)
def test_a_message_begins_with_the_key(kind):
    error = kind("no such file", "model.weights")
    assert (str(error), error.problem, error.key) == ("model.weights: no such file", "no such file", "model.weights")
    error = kind("no such file")
    assert (str(error), error.problem, error.key) == ("no such file", "no such file", None)


@pytest.mark.parametrize("kind", FAMILY)
def test_the_same_is_said_of_another_key(kind):
    error = kind("no such file", "model.weights")
    moved = error.at("runs.a.model.weights")
    assert type(moved) is kind and str(moved) == "runs.a.model.weights: no such file"
    assert str(moved.at(None)) == "no such file"
    assert str(error) == "model.weights: no such file", "the first stays as it is"


def test_one_clause_catches_the_whole_family():
    assert all(issubclass(kind, UserError) for kind in FAMILY)
    assert not issubclass(UserError, (ValueError, OSError)), "and nothing that Python raises by itself"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo"), "one"),
        (ValueError("  \n one\ntwo"), "one"),
        (ValueError(""), "ValueError"),
        (MemoryError(), "MemoryError"),
        (DataError("no file", "dataset.name"), "dataset.name: no file"),
    ],
)
def test_the_first_line_of_an_error(error, line):
    assert first_line(error) == line
