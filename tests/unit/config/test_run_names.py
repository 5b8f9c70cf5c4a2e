"""What the runs of a sweep are called."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolution.config.resolve import resolve
from evolution.config.run_names import run_name, safe_form, value_forms
from evolution.config.sweeps import expand

# The schema's pattern for the names of runs, by hand.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (0.001, "0.001"),
        (1e-05, "1e-05"),
        (1e20, "1e20"),
        (1.0, "1"),
        (1000, "1000"),
        (True, "true"),
        (None, "null"),
        ("adamw", "adamw"),
        ("torchvision.resnet18", "torchvision.resnet18"),
        ("models/mine.py:Net", "Net"),
        ("npz:data/two words.npz", None),
        ("../..", None),
        ("", None),
        ("ж", None),
        ("a\n", None),
        (-1, None),
        ("x" * 41, None),
        ([256, 128], "256x128"),
        ([], None),
        ([{"a": 1}], None),
        ({"name": "mlp", "kwargs": {}}, "mlp"),
        ({"kwargs": {}}, None),
    ],
)
def test_a_value_as_part_of_a_name(value, form):
    assert safe_form(value) == form


def test_values_that_look_alike_are_numbered():
    forms = value_forms(
        {"model.kwargs.path": ["a/x", "b/x", "X", "é", "4"], "dataset.name": ["digits"], "a.b": [1], "b": [2]}
    )
    assert forms["path"] == ["x", "x-2", "X-3", "4", "4-5"]
    assert forms["dataset"] == ["digits"]
    # Two keys that end alike are written out.
    assert forms["a.b"] == ["1"] and forms["b"] == ["2"]


def test_a_value_added_at_the_end_renames_no_run():
    before = resolve({"grid": {"dataset.root": ["data one", "data two"]}})["runs"]
    after = resolve({"grid": {"dataset.root": ["data one", "data two", "three"]}})["runs"]
    assert list(after)[:2] == list(before) == ["run-root-1", "run-root-2"]


def test_a_name_too_long_is_cut():
    grid = {
        "training.learning_rate": [0.001],
        "training.weight_decay": [0.0001],
        "training.optimizer": ["adamw"],
        "training.batch_size": [100],
        "dataset.train_size": [1000, 2000],
    }
    short, _ = resolve({"grid": grid, "runs": {"experiment-of-november": {}}})["runs"]
    assert short == "experiment-of-november-0.001-0.0001-adamw-100-1000"
    first, second = resolve({"grid": grid, "seeds": [7], "runs": {"x" * 90: {}}})["runs"]
    assert first == "x" * 87 + "-1-seed-7" and second == "x" * 87 + "-2-seed-7"


def test_a_name_that_is_taken_gets_a_number():
    given = {"entry": "a", "number": 7, "suffix": "-seed-3"}
    assert run_name(**given, labelled=[("n", "5")], taken=set()) == "a-n-5-seed-3"
    assert run_name(**given, labelled=[("n", "5")], taken={"a-n-5-seed-3"}) == "a-n-5-2-seed-3"
    assert run_name(**given, labelled=[("N", "5")], taken={"a-n-5-seed-3", "a-n-5-2-seed-3"}) == "a-N-5-3-seed-3"
    # An entry that no sweep changes keeps its name.
    assert run_name(entry="a", number=1, suffix="", labelled=[], taken={"a"}) == "a"


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", fullmatch=True)
values = st.integers(-3, 12) | st.floats(0, 1) | st.text(max_size=50) | st.none() | st.lists(st.integers(), max_size=3)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.dictionaries(names, st.just({}), min_size=1, max_size=3),
    st.dictionaries(
        st.sampled_from(["a", "b.a", "a.b", "name"]).map("model.kwargs.{}".format),
        st.lists(values, min_size=1, max_size=4, unique_by=repr),
        max_size=3,
    ),
    st.lists(st.integers(0, 2**32 - 1), max_size=3, unique=True),
)
def test_names_are_safe_and_unique_whatever_the_values(entries, grid, seeds):
    entries = {name.lower(): changes for name, changes in entries.items()}
    expansion = expand({"runs": entries, "grid": grid, "seeds": seeds, "skip": []})
    if expansion.faults:
        # Only a and a.b can set the same.
        assert {"model.kwargs.a", "model.kwargs.a.b"} <= set(grid)
        return
    count = len(entries) * max(len(seeds), 1)
    for listed in grid.values():
        count *= len(listed)
    assert len({name.lower() for name in expansion.changes}) == count
    assert all(NAME.fullmatch(name) for name in expansion.changes)
