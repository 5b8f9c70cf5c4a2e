"""Training that is cut into spans, and the checkpoints between them."""

import math
import random
import shutil

import numpy as np
import pytest
import torch
from torch import nn

import snapshot
from evolution.errors import UserError
from evolution.io.checkpoints import load_checkpoint, save_checkpoint
from evolution.models import networks
from evolution.training import loop
from support.tiny_training import SETTINGS, same_bits_when_cut, start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_training_cut_in_two_gives_the_same_bits(tmp_path, dataset, optimizer, batch_size):
    same_bits_when_cut(tmp_path, dataset, optimizer_name=optimizer, batch_size=batch_size)


def test_going_on_leaves_the_checkpoint_before_as_it_is(tmp_path, dataset):
    begun, *_ = train_epochs(tmp_path, dataset, 1, 1, start(tmp_path, dataset))
    before = (tmp_path / "1-1.pt").read_bytes()
    train_epochs(tmp_path, dataset, 2, 3, begun)
    assert (tmp_path / "1-1.pt").read_bytes() == before


def test_kept_epochs(tmp_path, dataset):
    begun = start(tmp_path, dataset)
    path, some, *_ = train_epochs(tmp_path, dataset, 1, 4, begun, kept_epochs=[2])
    assert list(some["weights"]) == [2, 4], "and the last, which the next span starts from"
    _, every, *_ = train_epochs(tmp_path, dataset, 1, 4, begun)
    for epoch in (2, 4):
        assert all(
            torch.equal(some["weights"][epoch][name], every["weights"][epoch][name]) for name in every["weights"][4]
        )
    assert load_checkpoint(path)["epoch"] == 4


def test_checkpoints_are_plain_data_and_the_same_bytes(tmp_path, dataset):
    files = []
    for folder, name in (("a", "0001.pt"), ("b", "another name.ckpt")):
        path, *_ = train_epochs(tmp_path, dataset, 1, 2, start(tmp_path / folder, dataset))
        files.append(shutil.copy(path, tmp_path / folder / name))
    assert (tmp_path / "a" / "0001.pt").read_bytes() == (tmp_path / "b" / "another name.ckpt").read_bytes()
    checkpoint = loop.train_span(dataset, epochs=range(1), **SETTINGS)[0]
    for name in ("x.pt", "yy.bin"):
        save_checkpoint(str(tmp_path / name), checkpoint)
    assert (tmp_path / "x.pt").read_bytes() == (tmp_path / "yy.bin").read_bytes()
    for path in files:
        loaded = torch.load(path, weights_only=True)
        assert set(loaded) == {"weights", "optimizer", "epoch"}
        assert list(loaded["weights"]) == [1, 2] and loaded["epoch"] == 2


def test_going_on_from_a_damaged_checkpoint(tmp_path, dataset):
    begun = start(tmp_path, dataset)
    np.save(tmp_path / "array.npy", np.ones(3))
    shutil.move(tmp_path / "array.npy", begun)
    with pytest.raises(UserError, match=r"0-0\.pt is damaged"):
        train_epochs(tmp_path, dataset, 1, 1, begun)


class DrawsBesidesItsWeights(nn.Module):
    """Random features that are in no state dict, from each generator that a user may draw from."""

    def __init__(self, shape, classes):
        super().__init__()
        self.features = torch.randn(math.prod(shape), 30)
        self.shift = torch.from_numpy(np.random.rand(30).astype(np.float32)) + random.random()
        self.read = nn.Linear(30, classes)

    def forward(self, x):
        return self.read(torch.relu(x.flatten(1) @ self.features + self.shift))


def test_snapshots_see_the_network_that_was_trained(tmp_path, dataset, monkeypatch):
    # What no state dict holds must be drawn alike by each training link and by the snapshot.
    monkeypatch.setitem(networks.NETWORKS, "random_features", DrawsBesidesItsWeights)
    first = start(tmp_path, dataset, model_name="random_features")
    middle, *_ = train_epochs(tmp_path, dataset, 1, 2, first, model_name="random_features")
    last, _, history, _ = train_epochs(tmp_path, dataset, 3, 4, middle, model_name="random_features")
    _, _, uncut, _ = train_epochs(tmp_path, dataset, 1, 4, first, model_name="random_features")
    assert uncut["train_loss"][2:] == history["train_loss"]
    predictions = snapshot.snapshot_span(
        dataset, [last], [4], ["read"], "random_features", {}, SETTINGS["seed"], False, lambda *_: None
    )
    with np.load(dataset) as data:
        right = (predictions["predicted"] == data["eval_labels"]).mean()
    assert right == history["eval_accuracy"][-1]
