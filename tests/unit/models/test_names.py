"""The names of models, as `model.name` gives them."""

from pathlib import Path

import pytest

from evolution.models.names import (
    is_theirs,
    outputs_argument,
    outputs_unknown,
    own_class,
    package_class,
    short_name,
    torchvision_name,
)


@pytest.mark.parametrize("name", ["small_cnn", "torchvision.resnet18"])
def test_models_that_are_in_no_file_of_the_users(name):
    assert own_class(name) is None
    assert short_name(name) == name


@pytest.mark.parametrize("name", ["net.py", "net.py:", "net.py:3D", "net.py:a.b", "net:Net", ".py:Net"])
def test_what_is_no_class_in_a_file(name):
    assert own_class(name) is None


def test_a_class_in_a_file(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    assert own_class("~/nets/net.py:Net") == (Path("/somewhere/nets/net.py"), "Net")
    assert own_class("a:b/net.py:make_2") == (Path("a:b/net.py"), "make_2")
    assert short_name("~/nets/net.py:Net") == "net.py:Net"


def test_a_class_in_a_package():
    assert package_class("nets.blocks.net:Net_2") == ("nets.blocks.net", "Net_2")
    assert package_class("nets:make") == ("nets", "make")
    assert package_class("torchvision.models:resnet18") == ("torchvision.models", "resnet18")
    assert torchvision_name("torchvision.models:resnet18") is None
    assert short_name("nets.net:Net") == "nets.net:Net"
    for name in ("nets/net.py:Net", "net.py:Net", "nets..net:Net", "nets.net", "nets.net:", "3d.net:Net", "nets:a.b"):
        assert package_class(name) is None
    theirs = {"net.py:Net": True, "nets:Net": True, "small_cnn": False, "torchvision.a": False, "transformers": False}
    assert {name: is_theirs(name) for name in theirs} == theirs


def test_torchvisions_names():
    assert torchvision_name("torchvision.resnet18") == "resnet18"
    assert torchvision_name("small_cnn") is None and torchvision_name("a/torchvision.py:Net") is None


def test_the_argument_that_counts_outputs():
    assert outputs_argument("mlp") == "classes" and outputs_argument("torchvision.resnet18") == "num_classes"
    assert "model: {kwargs: {classes: 16}}" in outputs_unknown("mlp")
    assert "model: {kwargs: {num_classes: 16}}" in outputs_unknown("torchvision.resnet18")
