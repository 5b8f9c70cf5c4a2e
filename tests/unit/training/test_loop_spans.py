"""Training that is cut into spans, and the checkpoints between them."""

import shutil

import numpy as np
import pytest
import torch

from evolution.activations.snapshots import SnapshotSettings, take_snapshots, trained_networks
from evolution.errors import UserError
from evolution.io.checkpoints import load_checkpoint, save_checkpoint
from evolution.models.build import build_model
from evolution.models.outputs import Pooling
from support.tiny_training import SETTINGS, assert_same_bits_when_cut, start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_training_cut_in_two_gives_the_same_bits(tmp_path, dataset, optimizer, batch_size):
    assert_same_bits_when_cut(tmp_path, dataset, optimizer=optimizer, batch_size=batch_size)


def test_going_on_leaves_the_checkpoint_before_as_it_is(tmp_path, dataset):
    begun, *_ = train_epochs(tmp_path, dataset, 1, 1, start(tmp_path, dataset))
    before = (tmp_path / "1-1.pt").read_bytes()
    train_epochs(tmp_path, dataset, 2, 3, begun)
    assert (tmp_path / "1-1.pt").read_bytes() == before


def test_kept_epochs(tmp_path, dataset):
    begun = start(tmp_path, dataset)
    path, some, *_ = train_epochs(tmp_path, dataset, 1, 4, begun, about={"kept": [2]})
    assert list(some["weights"]) == [2]
    _, every, *_ = train_epochs(tmp_path, dataset, 1, 4, begun)
    for name, value in every["weights"][4].items():
        assert torch.equal(some["weights"][2][name], every["weights"][2][name])
        assert torch.equal(some["state"]["model"][name], value), "which the next span starts from"
    assert load_checkpoint(path)["time"] == 4


def test_checkpoints_are_plain_data_and_the_same_bytes(tmp_path, dataset):
    files = []
    for folder, name in (("a", "0001.pt"), ("b", "another name.ckpt")):
        path, *_ = train_epochs(tmp_path, dataset, 1, 2, start(tmp_path / folder, dataset))
        files.append(shutil.copy(path, tmp_path / folder / name))
    assert (tmp_path / "a" / "0001.pt").read_bytes() == (tmp_path / "b" / "another name.ckpt").read_bytes()
    checkpoint = train_epochs(tmp_path, dataset, 0, 0)[1]
    for name in ("x.pt", "yy.bin"):
        save_checkpoint(str(tmp_path / name), checkpoint)
    assert (tmp_path / "x.pt").read_bytes() == (tmp_path / "yy.bin").read_bytes()
    for path in files:
        loaded = torch.load(path, weights_only=True)
        assert set(loaded) == {"weights", "state", "time", "progress", "last_noted"}
        assert list(loaded["weights"]) == [1, 2] and loaded["time"] == 2


def test_going_on_from_a_damaged_checkpoint(tmp_path, dataset):
    begun = start(tmp_path, dataset)
    np.save(tmp_path / "array.npy", np.ones(3))
    shutil.move(tmp_path / "array.npy", begun)
    with pytest.raises(UserError, match=r"0-0\.pt is damaged"):
        train_epochs(tmp_path, dataset, 1, 1, begun)


def test_training_begins_with_the_weights_of_a_file(tmp_path, dataset):
    given = build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=99).state_dict()
    torch.save(given, tmp_path / "weights.pt")
    begun, checkpoint, *_ = train_epochs(tmp_path, dataset, 0, 0, initial_weights=str(tmp_path / "weights.pt"))
    assert all(torch.equal(checkpoint["weights"][0][name], given[name]) for name in given)
    later = train_epochs(tmp_path, dataset, 1, 1, begun)[1]
    assert not torch.equal(later["weights"][1]["fc2.weight"], given["fc2.weight"])
    assert load_checkpoint(begun)["time"] == 0


RANDOM_FEATURES = """
import math
import random

import numpy as np
import torch
from torch import nn


class RandomFeatures(nn.Module):
    # Features that are in no state dict, drawn from each generator that a user may draw from.

    def __init__(self, shape, classes):
        super().__init__()
        self.features = torch.randn(math.prod(shape), 30)
        self.shift = torch.from_numpy(np.random.rand(30).astype(np.float32)) + random.random()
        self.read = nn.Linear(30, classes)

    def forward(self, x):
        return self.read(torch.relu(x.flatten(1) @ self.features + self.shift))
"""


def test_snapshots_see_the_network_that_was_trained(tmp_path, dataset):
    """Each span of the training, and the snapshot, draw the same numbers in addition to the weights."""
    (tmp_path / "random_features.py").write_text(RANDOM_FEATURES)
    model = f"{tmp_path / 'random_features.py'}:RandomFeatures"
    first = start(tmp_path, dataset, model=model)
    middle, *_ = train_epochs(tmp_path, dataset, 1, 2, first, model=model)
    last, _, history, _ = train_epochs(tmp_path, dataset, 3, 4, middle, model=model)
    _, _, uncut, _ = train_epochs(tmp_path, dataset, 1, 4, first, model=model)
    assert uncut["train_loss"][2:] == history["train_loss"]
    predictions = take_snapshots(
        dataset=dataset,
        networks=trained_networks([last], [4]),
        times=[4],
        settings=SnapshotSettings(model=model, model_kwargs={}, seed=SETTINGS.seed, compacted=False, pooling=Pooling()),
        activations={},
        evaluated=None,
    ).predictions
    with np.load(dataset) as data:
        right = (predictions["predicted"] == data["eval_labels"]).mean()
    assert right == history["eval_accuracy"][-1]
