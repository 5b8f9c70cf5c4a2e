"""What a function returned, as something that gives samples one by one; its forms are in test_own_samples.py."""

import pytest

from evolution.data.own_items import call_function

BODY = """
import pathlib, torch
def note():
    with pathlib.Path(__file__).with_name("calls").open("a") as stream:
        stream.write("x")
def generator():
    note()
    yield from ((torch.rand(2), n % 2) for n in range(12))
def listed():
    note()
    return [([n, 0.5], n % 2) for n in range(12)]
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "data.py").write_text(BODY)
    return tmp_path / "data.py"


def test_a_generator_starts_again_with_the_same_random_numbers(file):
    items = call_function(file, "generator", 5)
    passes = [[item.inputs[""].tolist() for item in items.all()] for _ in range(3)]
    assert passes[0] == passes[1] == passes[2] and len(passes[0]) == 12
    assert (file.parent / "calls").read_text() == "xxx", "each pass is one call"
    other = call_function(file, "generator", 6)
    assert next(other.all()).inputs[""].tolist() != passes[0][0]


@pytest.mark.parametrize("attribute", ["generator", "listed"])
def test_items_at_positions(file, attribute):
    items = call_function(file, attribute, 5)
    whole = list(items.all())
    assert [item.label for item in items.at([0, 3, 4, 11])] == [whole[index].label for index in (0, 3, 4, 11)]
    assert list(items.at([])) == []
    assert (attribute == "listed") == ((file.parent / "calls").read_text() == "x"), "a list is made once"
