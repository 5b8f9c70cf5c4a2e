"""Which runs are one group, and which runs and layers a comparison shows."""

import pytest

from evolution.config.resolve import resolve
from evolution.figures.comparison import layer_columns
from evolution.planning.run_groups import layer_order, representative_runs, run_groups


def groups_of(**config):
    return run_groups(resolve(config)["runs"])


def test_runs_that_differ_in_seed_only_are_a_group():
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


def test_the_same_layers_stand_in_a_column():
    layers = {"a": ["x", "y", "z"], "b": ["x", "y", "z"]}
    assert layer_columns(layers, 6) == [{"a": name, "b": name} for name in "xyz"]


def test_other_layers_stand_by_their_place():
    layers = {"cnn": ["c1", "c2", "c3", "f1", "f2"], "mlp": ["f1", "f2", "f3"], "one": ["f"]}
    assert layer_columns(layers, 6) == [
        {"cnn": "c1", "mlp": "f1"},
        {"cnn": "c2"},
        {"cnn": "c3", "mlp": "f2"},
        {"cnn": "f1"},
        {"cnn": "f2", "mlp": "f3", "one": "f"},
    ]


def test_of_many_layers_the_first_and_the_last_are_shown():
    names = [f"l{place}" for place in range(21)]
    shown = [column["a"] for column in layer_columns({"a": names}, 6)]
    assert shown == ["l0", "l4", "l8", "l12", "l16", "l20"]
    assert layer_columns({"a": ["x"]}, 6) == [{"a": "x"}]
    assert layer_order({"a": ["x", "y"], "b": ["z", "y"]}) == ["x", "y", "z"]
