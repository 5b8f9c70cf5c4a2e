"""Arguments that cannot be used are named before there is a model."""

from pathlib import Path

import pytest

import activation_recorder
from activation_recorder import RecorderError
from activation_recorder.arguments import check_arguments
from support.recorded import images

X, Y = images(20)

FAULTS = [
    ({"unit": "batch"}, "unit='batch' must be one of step, epoch"),
    ({"unit": ["step"]}, "must be one of step, epoch"),
    ({"batch_size": 0}, "batch_size=0 must be 1 or more"),
    ({"batch_size": "8"}, "batch_size must be a whole number"),
    ({"compact": "false"}, "compact='false' must be True or False"),
    ({"pooling": "mean"}, "pooling='mean' must be a dict"),
    ({"pooling": ["mean"]}, "must be a dict"),
    ({"layers": 0}, "layers=0 must be"),
    ({"labels": Y[:3]}, "labels have the shape"),
    ({"at": "x"}, "at='x' must be"),
    *(({"path": path}, "must be the name of a folder") for path in (None, 3, "", "a\0b", b"a")),
]


@pytest.mark.parametrize(("change", "says"), FAULTS)
def test_faults(change, says):
    with pytest.raises(RecorderError, match=says):
        check_arguments(**({"inputs": X, "labels": Y, "path": "rec", "at": [0]} | change))


@pytest.mark.parametrize("callback", ["LightningRecorder", "TrainerRecorder"])
def test_callbacks_check_when_they_are_made(callback):
    pytest.importorskip({"LightningRecorder": "pytorch_lightning", "TrainerRecorder": "transformers"}[callback])
    made = getattr(activation_recorder, callback)
    with pytest.raises(RecorderError, match="labels have the shape"):
        made(X, Y[:3], path="rec", at=[0])
    with pytest.raises(TypeError, match="foo"):
        made(X, Y, path="rec", at=[0], foo=1)


def test_the_path_is_absolute(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_arguments(X, Y, path="~/rec", at=[0]).path == tmp_path / "rec"
    monkeypatch.chdir(tmp_path)
    assert check_arguments(X, Y, path=Path("rec"), at=[0]).path == tmp_path / "rec"
