"""A class, or a function that returns a model, from a file of the user's."""

import sys

import pytest
import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.model_file import describe_exception, load_class
from support.own_models import MODELS


def test_a_class_and_a_file_that_its_file_imports(own, tmp_path):
    model = load_class(own, "Own")((1, 2, 2), 5, width=3)
    assert type(model.hidden).__name__ == "Hidden"
    assert model(torch.zeros(2, 1, 2, 2)).shape == (2, 5) and model.head.in_features == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.py", "parts_of_own.py"], "nothing is left there"


def test_a_function_that_makes_a_model(own):
    assert isinstance(load_class(own, "function")((2, 2, 2), 5), nn.Sequential)


def test_a_file_that_has_changed_is_read_again(own):
    assert load_class(own, "Own")((1, 2, 2), 5).head.in_features == 6
    own.write_text(MODELS.replace("width=6", "width=7"))
    assert load_class(own, "Own")((1, 2, 2), 5).head.in_features == 7


def test_a_setting_of_python_stays_as_it_was(own, monkeypatch):
    for before in (True, False):
        monkeypatch.setattr(sys, "dont_write_bytecode", before)
        load_class(own, "Own")
        assert sys.dont_write_bytecode is before


@pytest.mark.parametrize(
    ("file", "attribute", "said"),
    [
        ("own.py", "Mine", r"own\.py has no Mine; its models are Hidden, Own, Fails"),
        ("none.py", "Own", r"there is no file .*none\.py"),
    ],
)
def test_what_is_not_there(own, file, attribute, said):
    with pytest.raises(ModelError, match=rf"^model\.name: .*{said}"):
        load_class(own.parent / file, attribute)


def test_a_recipe_that_is_not_there(own):
    """Its file may have classes that are no models, and those that it imports are not its own."""
    own.write_text(MODELS + "\n\nclass Recipe:\n    pass\n")
    with pytest.raises(ModelError, match=r"own\.py has no Mine; its classes are Own, Fails, Recipe$"):
        load_class(own, "Mine", what="recipe")


def test_an_exception_is_described_with_the_last_line_of_the_users_file(own):
    with pytest.raises(KeyError) as raised:
        load_class(own, "Fails")((1, 2, 2), 5)
    assert describe_exception(raised.value, own) == "KeyError: 'depth' (own.py, line 23)"
    assert describe_exception(raised.value, own.with_name("other.py")) == "KeyError: 'depth'"
