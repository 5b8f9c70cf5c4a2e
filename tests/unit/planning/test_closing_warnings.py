"""The warnings of many runs, each distinct sentence once."""

from evolution.planning.closing_warnings import warning_lines


def test_each_sentence_once_with_its_runs():
    warnings = {"a": ["One.", "Two."], "b": [], "c": ["Two.", "Three."], "d": ["Two."]}
    assert warning_lines(warnings, most=60) == [
        "Warning (a): One.",
        "Warning (a, c, d): Two.",
        "Warning (c): Three.",
    ]


def test_without_warnings_there_are_no_lines():
    assert warning_lines({"a": [], "b": []}, most=60) == []
    assert warning_lines({}, most=60) == []


def test_many_runs_and_many_warnings():
    warnings = {f"run-{number}": ["Shared.", f"Own {number}."] for number in range(100)}
    lines = warning_lines(warnings, most=3, most_runs=2)
    assert lines == [
        "Warning (run-0, run-1, and 98 more): Shared.",
        "Warning (run-0): Own 0.",
        "Warning (run-1): Own 1.",
        "98 more warnings: results/*/warnings.json",
    ]


def test_as_many_as_are_named_have_no_rest():
    assert warning_lines({"a": ["One."], "b": ["One."]}, most=1, most_runs=2) == ["Warning (a, b): One."]


def test_a_run_that_says_the_same_twice_is_named_once():
    assert warning_lines({"a": ["One.", "One."]}, most=9) == ["Warning (a): One."]
