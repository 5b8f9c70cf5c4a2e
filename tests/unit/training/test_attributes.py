"""What differs between two recipes, where one has made steps of a training and the other was given its state dict."""

import pytest
import torch

from evolution.models.model_file import load_class
from evolution.training.attributes import differing_attributes
from support.stateful_recipes import CHANGING, STILL, write_recipes


def made(folder, name):
    """An object of a class, whose file is run for it."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    return model, load_class(write_recipes(folder), name)(model, 2)


def differences_after(folder, name, steps):
    """What differs between an object after some steps and one that took over its state dict."""
    model, one = made(folder, name)
    other_model, other = made(folder, name)
    for _ in range(steps):
        one.loss(model, torch.ones(5, 3), torch.arange(5) % 2).backward()
        if hasattr(one, "after_step"):
            one.after_step(model)
    other_model.load_state_dict(model.state_dict())
    if hasattr(one, "state_dict"):
        other.load_state_dict(one.state_dict())
    networks = {id(module) for network in (model, other_model) for module in network.modules()}
    return differing_attributes(one, other, leave_out=networks)


@pytest.mark.parametrize(("name", "expected"), CHANGING.items())
def test_what_is_kept_outside_the_state_dict_is_named(tmp_path, name, expected):
    assert differences_after(tmp_path, name, steps=0) == []
    assert differences_after(tmp_path, name, steps=3) == expected


@pytest.mark.parametrize("name", STILL)
def test_nothing_is_named_where_all_is_in_the_state_dict_or_says_nothing(tmp_path, name):
    assert differences_after(tmp_path, name, steps=3) == []


@pytest.mark.parametrize("other", [2, 1.0, "1", None, [1], torch.tensor(1)])
def test_values_of_other_kinds_differ(other):
    class Holder:
        def __init__(self, value):
            self.value = value

    # 1 == 1.0 and 1 == True, and a step may tell them apart.
    assert differing_attributes(Holder(1), Holder(other)) == ["value"]
    assert differing_attributes(Holder(1), Holder(1)) == []


def test_numbers_that_are_not_finite_are_equal_in_the_same_places():
    class Holder:
        def __init__(self, *values):
            self.tensor, self.number = torch.tensor(values), values[0]

    nan, inf = float("nan"), float("inf")
    assert differing_attributes(Holder(nan, inf, 1), Holder(nan, inf, 1)) == []
    assert differing_attributes(Holder(nan, inf, 1), Holder(nan, -inf, 1)) == ["tensor"]
    assert differing_attributes(Holder(nan, inf), Holder(inf, nan)) == ["tensor", "number"]


def test_an_object_that_cannot_be_looked_into_hides_nothing_else():
    class Refuses(dict):
        def __iter__(self):
            raise RuntimeError("no")

    class Holder:
        def __init__(self, count):
            self.refuses, self.count = Refuses(a=count), count

    assert differing_attributes(Holder(1), Holder(2)) == ["count"]


def test_objects_that_hold_each_other_end():
    class Node:
        def __init__(self, count):
            self.back, self.count = self, count

    one, other = Node(1), Node(2)
    assert differing_attributes(one, other) == ["count"]
