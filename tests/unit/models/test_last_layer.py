"""The last linear layer: one class for models and recordings."""

from evolution.models import hooks, last_layer


def test_hooks_give_what_recordings_have():
    assert hooks.Classifier is last_layer.Classifier
