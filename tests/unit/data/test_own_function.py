"""The name of a function with evaluation data."""

from pathlib import Path

import pytest

from evolution.data.own_function import own_function


@pytest.mark.parametrize("name", ["digits", "npz:a.py", "image_folder:b", "npz:data.npz"])
def test_other_data_sets(name):
    assert own_function(name) is None


def test_a_function():
    assert own_function("a/data.py:evaluation") == (Path("a/data.py"), "evaluation")
