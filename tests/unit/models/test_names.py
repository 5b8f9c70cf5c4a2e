"""The names of models, as `model.name` gives them."""

from pathlib import Path

import pytest

from evolution.models.names import own_class, short_name, torchvision_name


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


def test_torchvisions_names():
    assert torchvision_name("torchvision.resnet18") == "resnet18"
    assert torchvision_name("small_cnn") is None and torchvision_name("a/torchvision.py:Net") is None
