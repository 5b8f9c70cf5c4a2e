"""Sweeps: which runs `seeds` and `grid` make, and with which settings."""

import itertools

import yaml

from evolution.config.resolve import resolve
from evolution.config.schema import Fault
from evolution.config.sweeps import Expansion, Origin, expand, grid_faults, holds, merged, nested
from support.config_faults import faults


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


def test_a_mapping_laid_over_another():
    base = {"a": {"b": 1, "c": {"d": 2}}, "e": [1]}
    changes = {"a": {"c": {"d": 3}, "f": {}}, "e": {"g": 4}}
    both = merged(base, changes)
    assert both == {"a": {"b": 1, "c": {"d": 3}, "f": {}}, "e": {"g": 4}}
    both["a"]["c"]["d"] = both["e"]["g"] = 9
    assert base == {"a": {"b": 1, "c": {"d": 2}}, "e": [1]} and changes["e"] == {"g": 4}


def test_a_dotted_key_stands_for_a_mapping():
    assert nested("a.b.c", [1]) == {"a": {"b": {"c": [1]}}}
    assert holds(nested("a.b.c", None), ("a", "b", "c")) and holds({"a": 1}, ("a",)) and holds({}, ())
    assert not holds({"a": 1}, ("a", "b")) and not holds(None, ("a",)) and not holds({"a": {}}, ("a", "b"))


def test_faults_of_the_grid_name_its_key_and_leave_out_the_value_and_what_it_would_set():
    schema = {
        "properties": {
            "runs": {"additionalProperties": {"properties": {"a": {"properties": {"b": {"type": "integer"}}}}}}
        }
    }
    assert grid_faults({"a.b": [1, "x", None], "c": ["y"]}, schema) == [
        Fault(
            ("grid", "a", "b"),
            "'x' is not allowed; must be of type integer",
            (("grid", "a.b", 1), ("a", "b")),
        ),
        Fault(
            ("grid", "a", "b"),
            "None is not allowed; must be of type integer; give it a value, or leave the key out for its default",
            (("grid", "a.b", 2), ("a", "b")),
        ),
    ]


def test_an_expansion_says_where_each_run_comes_from():
    config = {"runs": {"a": {"x": 1}, "b": None}, "grid": {"m.n": [5]}, "seeds": [2], "skip": ["b-n-5-seed-2"]}
    changes = {"x": 1, "m": {"n": 5}, "seed": 2}
    origin = Origin("a", {"grid": {"m": {"n": 5}}, "seeds": {"seed": 2}})
    assert expand(config) == Expansion({"a-n-5-seed-2": changes}, {"a-n-5-seed-2": origin}, [])
    # Where the sweeps cannot be made, the entries alone are checked further.
    fault = "runs.a.m.n: is set by grid.m.n too, for every run; keep one of the two"
    assert expand({"runs": {"a": {"m": {"n": 1}}}, "grid": {"m.n": [5]}, "seeds": [2], "skip": []}) == Expansion(
        {"a": {"m": {"n": 1}}}, {"a": Origin("a")}, [fault]
    )


def test_more_runs_than_can_be_planned_are_not_made():
    grid = {"training.learning_rate": [0.001 * n for n in range(1, 102)], "training.threads": list(range(1, 101))}
    (fault,) = faults({"grid": grid})
    assert fault.startswith("grid: makes 10100 runs together with the other keys, and more than 10000 cannot be")
