"""Which runs form a group, and which runs and layers a comparison shows."""

import pytest

from evolution.config.resolve import resolve
from evolution.planning.run_groups import group_name, layer_order, representative_runs, run_groups


def groups_of(**config):
    return run_groups(resolve(config)["runs"])


def test_runs_that_differ_only_in_their_seed_form_a_group():
    grid = {"training.learning_rate": [0.1, 0.2]}
    assert groups_of(seeds=[1, 2], grid=grid, runs={"a": {}}) == {
        "a-learning_rate-0.1": ["a-learning_rate-0.1-seed-1", "a-learning_rate-0.1-seed-2"],
        "a-learning_rate-0.2": ["a-learning_rate-0.2-seed-1", "a-learning_rate-0.2-seed-2"],
    }


def test_runs_written_one_by_one_are_called_by_their_names():
    runs = {"x": {"seed": 1}, "other": {"training": {"optimizer": "sgd"}}, "y": {"seed": 2, "dataset": {"seed": 3}}}
    assert groups_of(runs=runs) == {"x + y": ["x", "y"], "other": ["other"]}
    assert list(groups_of(runs={f"r{seed}": {"seed": seed} for seed in range(5)})) == ["r0 + 4 more"]


def test_a_group_is_not_called_like_another_run():
    runs = {"a-seed-1": {"seed": 1}, "a": {"training": {"optimizer": "sgd"}}}
    assert groups_of(runs=runs) == {"a-seed-1": ["a-seed-1"], "a": ["a"]}


def test_the_same_run_twice_is_no_group_of_two():
    assert groups_of(runs={"a": {}, "b": None, "c": {"seed": 1}}) == {"a + c": ["a", "c"], "b": ["b"]}


GROUPS = {"a": ["a1", "a2", "a3"], "b": ["b1"], "c": ["c1", "c2"]}
LAYERS = {run: ["l1", "l2"] for runs in GROUPS.values() for run in runs}


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (12, ["a1", "a2", "a3", "b1", "c1", "c2"]),
        (10, ["a1", "a2", "b1", "c1", "c2"]),
        (7, ["a1", "b1", "c1"]),
        (1, ["a1", "b1"]),
    ],
)
def test_the_first_run_of_each_group_represents_it(most, expected):
    assert representative_runs(GROUPS, LAYERS, most) == expected


def test_a_groups_name_is_no_other_groups():
    settings = {name: {"seed": 1} for name in ("a-seed-1", "b-seed-1")}
    assert group_name(["a-seed-1"], settings, taken=[]) == "a"
    assert group_name(["a-seed-1"], settings, taken=["a"]) == "a-seed-1"
    assert group_name(["a-seed-1", "b-seed-1"], settings, taken=[]) == "a-seed-1 + b-seed-1"


def test_layers_come_in_the_order_in_which_they_first_appear():
    assert layer_order({"a": ["x", "y"], "b": ["z", "y"]}) == ["x", "y", "z"]
