"""Sweeps: which runs `seeds` and `grid` make, with which settings, and what they are called."""

import itertools
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evolution.config.resolve import resolve
from evolution.config.sweeps import safe_form, value_forms

# The schema's pattern for the names of runs, by hand.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def runs_of(text):
    return resolve(yaml.safe_load(text))["runs"]


def test_each_run_once_with_each_seed():
    runs = runs_of("{seed: 9, seeds: [3, 1], runs: {a: {}, b: {training: {learning_rate: 0.5}}}}")
    assert list(runs) == ["a-seed-3", "a-seed-1", "b-seed-3", "b-seed-1"]
    assert [run["seed"] for run in runs.values()] == [3, 1, 3, 1]
    assert [run["training"]["learning_rate"] for run in runs.values()] == [1e-3, 1e-3, 0.5, 0.5]


def test_all_seeds_see_the_same_images():
    assert {run["dataset"]["seed"] for run in runs_of("{seed: 9, seeds: [3, 1]}").values()} == {9}
    assert {run["dataset"]["seed"] for run in runs_of("{seeds: [3, 1], dataset: {seed: 5}}").values()} == {5}
    runs = runs_of("{seed: 9, seeds: [3, 1], runs: {a: {dataset: {seed: 4}}, own: {dataset: {seed: null}}, c: {}}}")
    # null says: as the run's own seed.
    assert [run["dataset"]["seed"] for run in runs.values()] == [4, 4, None, None, 9, 9]
    assert [run["dataset"]["seed"] for run in runs_of("{runs: {a: {seed: 3}, b: {}}}").values()] == [None, None]


def test_every_combination_of_the_grid():
    runs = runs_of(
        """
        grid: {training.learning_rate: [1.0e-3, 1.0e-2], model.kwargs.dropout: [0, 0.3]}
        seeds: [1, 2]
        runs: {mnist: {}}
        """
    )
    combinations = list(itertools.product([1e-3, 1e-2], [0, 0.3], [1, 2]))
    assert list(runs) == [f"mnist-learning_rate-{rate}-dropout-{drop}-seed-{seed}" for rate, drop, seed in combinations]
    for run, (rate, drop, seed) in zip(runs.values(), combinations):
        assert run["training"]["learning_rate"] == rate and run["seed"] == seed
        assert run["model"] == {"name": "small_cnn", "kwargs": {"dropout": drop}, "weights": None}
        assert run["training"]["optimizer"] == "adamw", "what the grid does not name stays"


def test_whole_mappings_are_called_by_their_name():
    runs = runs_of("{layers: [fc1], model: {kwargs: {dropout: 0.5}}, grid: {model: [{name: small_cnn}, {name: mlp}]}}")
    assert {name: run["model"] for name, run in runs.items()} == {
        "run-model-small_cnn": {"name": "small_cnn", "kwargs": {"dropout": 0.5}, "weights": None},
        # Arguments are a model's own.
        "run-model-mlp": {"name": "mlp", "kwargs": {}, "weights": None},
    }


def test_a_mapping_and_a_key_in_it_go_together():
    grid = "{model: [{name: small_cnn}, {name: mlp}], model.kwargs.dropout: [0.1, 0.2]}"
    runs = runs_of(f"{{layers: [fc1], grid: {grid}}}")
    assert [(run["model"]["name"], run["model"]["kwargs"]["dropout"]) for run in runs.values()] == list(
        itertools.product(["small_cnn", "mlp"], [0.1, 0.2])
    )


def test_a_run_keeps_its_arguments_where_the_grid_names_the_model():
    runs = runs_of(
        "{layers: [fc1], grid: {model.name: [small_cnn, mlp]}, runs: {a: {model: {kwargs: {dropout: 0.2}}}}}"
    )
    assert [run["model"]["kwargs"] for run in runs.values()] == [{"dropout": 0.2}] * 2


def test_a_seed_in_the_grid_is_the_whole_runs():
    runs = runs_of("grid: {seed: [4, 5]}")
    assert list(runs) == ["run-seed-4", "run-seed-5"]
    assert [run["dataset"]["seed"] for run in runs.values()] == [None, None]


def test_skipped_runs_are_not_made():
    text = "{seeds: [1, 2], grid: {training.optimizer: [sgd, adamw]}, skip: [run-optimizer-sgd-seed-2]}"
    assert list(runs_of(text)) == [
        "run-optimizer-sgd-seed-1",
        "run-optimizer-adamw-seed-1",
        "run-optimizer-adamw-seed-2",
    ]


def test_without_a_sweep_runs_are_what_is_written():
    longest = "x" * 100
    assert list(resolve({"runs": {"b": {}, longest: None}})["runs"]) == ["b", longest]


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
def test_a_value_in_a_name(value, form):
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
    before = runs_of("{grid: {dataset.root: ['data one', 'data two']}}")
    after = runs_of("{grid: {dataset.root: ['data one', 'data two', three]}}")
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
    from evolution.config.sweeps import expand

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
