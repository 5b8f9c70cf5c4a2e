"""The names of the built-in classes, which planning knows before the data are loaded."""

import pytest

from evolution.data.builtin import load_source
from evolution.data.builtin_names import CLASS_NAMES
from evolution.data.catalogue import DATASET_CLASS_SIZES, DATASET_SHAPES
from evolution.data.facts import data_facts


def test_each_set_of_images_has_a_name_for_each_class():
    assert set(CLASS_NAMES) == set(DATASET_SHAPES)
    for name, names in CLASS_NAMES.items():
        assert len(set(names)) == len(names) == len(DATASET_CLASS_SIZES[name][0])


@pytest.mark.parametrize("name", ["digits", "mnist_5k"])
def test_planning_and_the_loaded_data_call_classes_the_same(name):
    planned = data_facts({"name": name, "image_size": None}).names
    assert planned == tuple(load_source(name, root=".").class_names) == tuple("0123456789")
    assert data_facts({"name": "kmnist", "image_size": None}).names[:3] == ("o", "ki", "su")
